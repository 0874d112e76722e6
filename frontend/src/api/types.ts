// Written by tools/make_page_types.py from src/reenact/web/views.py; do not edit.

/** Why a request could not be answered. */
export interface Problem {
  message: string;
  hint: string | null;
}

/** An answer that is none: what went wrong. */
export interface Failure {
  error: Problem;
}

/** Tokens by how they are billed, as `usage --json` tells them. */
export interface Usage {
  input: number;
  cache_read: number;
  cache_write: number;
  cache_write_5m: number | null;
  cache_write_1h: number | null;
  output: number;
  reasoning: number | null;
  total: number;
  quality: "measured" | "partial" | "estimated";
}

/** A piece of recorded text; `part` asks `/body` for what is left where `more`. */
export interface Text {
  text: string;
  /** Characters of the whole. */
  size: number;
  more: boolean;
  part: string | null;
  /** Lines of the whole. */
  lines: number;
}

/** Whether transcripts are followed, and what was written last. */
export interface Following {
  following: boolean;
  /** Sessions written to within the last minutes. */
  count: number;
  last_write_at: number | null;
  /** Since when it is as it is. */
  since: number | null;
  error: string | null;
}

/** Where an agent's transcripts are looked for. */
export interface Place {
  agent: string;
  title: string;
  paths: string[];
  found: number;
}

/** The page's own state: version, archive, following. */
export interface Status {
  version: string;
  archive: string;
  timezone: string;
  following: Following;
  places: Place[];
  sessions: number;
  /** False while texts are still being indexed: a search may miss some. */
  indexed: boolean;
  now: number;
}

/** Cost and tokens of a span; `cost` is null where a part has no known price. */
export interface Money {
  cost: number | null;
  cost_known: number;
  tokens: number;
  quality: "measured" | "partial" | "estimated";
  sessions: number;
  /** Share of the tokens that are measured, 0 to 1; the same for the two below. */
  measured: number;
  partial: number;
  estimated: number;
  /** Cost by hour (a day) or by day (a week), the running one last. */
  bars: number[];
  /** The known cost of the span before, up to the same moment. */
  before: number | null;
}

/** Transcripts that their agents will delete soon. */
export interface Risk {
  count: number;
  unkept: number;
  days: number;
  soonest: number | null;
}

/** What was asked for is being done; the card of what is at risk tells when it is. */
export interface Asked {
  asked: boolean;
}

/** What the archive takes on disk. */
export interface ArchiveSize {
  bytes: number;
  source_bytes: number;
  warnings: number;
}

/** The four cards of the first page. */
export interface Cards {
  today: Money;
  week: Money;
  /** Null, like `archive`, while it is counted for the first time: ask again in a second. */
  risk: Risk | null;
  archive: ArchiveSize | null;
}

/** A day of the calendar. */
export interface Day {
  day: string;
  sessions: number;
  tokens: number;
  cost: number | null;
  cost_known: number;
  quality: "measured" | "partial" | "estimated";
}

/** The first page: cards and calendar. */
export interface Home {
  cards: Cards;
  /** Days with use among the last 26 weeks, ascending; days without are left out. */
  heatmap: Day[];
  today: string;
}

/** Where a session was imported from. */
export interface Source {
  path: string | null;
  present: boolean;
}

/** A few words beside a title. */
export interface Chip {
  text: string;
  tone: "plain" | "warn" | "bad";
  session: string | null;
}

/** A session as a drawing of at most `width` buckets by time, waits folded. `model`: one digit a bucket, 0 nothing … 9 the most output. `tools`: one letter a bucket, `.` none, l look, c change, r run, a reach out, s spawn, o other; a capital where one failed. */
export interface Tape {
  width: number;
  used: number;
  model: string;
  tools: string;
  /** (first bucket, last bucket, lane 1…) of each sub-agent. */
  agents: [number, number, number][];
  /** (bucket, compaction | error | fork | permission | you). */
  marks: [number, string][];
  /** The branch that was worked on: only the events tell it, so it comes with the drawing. */
  branch: string | null;
  /** Why it ended badly, in a few words. */
  chip: Chip | null;
}

/** Drawings by session. */
export interface Tapes {
  tapes: Record<string, Tape>;
}

/** One session: what `list --json` says, and what the list draws beside it. */
export interface SessionRow {
  id: string;
  native_id: string;
  agent: string;
  agent_version: string | null;
  kind: "main" | "subagent" | "fork";
  title: string | null;
  cwd: string | null;
  project: string | null;
  branch: string | null;
  models: string[];
  started_at: string | null;
  ended_at: string | null;
  started_ts: number | null;
  ended_ts: number | null;
  status: string;
  live_status: "working" | "waiting" | "idle" | "completed" | "failed" | "interrupted" | "aborted" | "stale" | "unknown";
  completeness: string;
  parent: string | null;
  children: string[];
  /** How many of the children are sub-agents. */
  agents: number;
  hidden: boolean;
  loops: number;
  turns: number;
  events: number;
  tool_calls: number;
  warnings: number;
  removed_at_source: number;
  tags: string[];
  source: Source;
  usage: Usage;
  usage_total: Usage;
  inherited: number;
  cost_usd: number | null;
  cost_known_usd: number;
  cost_total_usd: number | null;
  cost_total_known_usd: number;
  chip: Chip | null;
  /** Null where it is not drawn yet: ask `/tapes`. */
  tape: Tape | null;
  snippet: string | null;
  snippet_seq: number | null;
}

/** A part of the query that cannot be read and was left out; `column` counts from 1. */
export interface QueryProblem {
  column: number;
  length: number;
  message: string;
  expected: string;
  example: string;
}

/** A part of a query, and how many sessions it would match alone. */
export interface QueryPart {
  text: string;
  matches: number;
}

/** A page of the list. */
export interface SessionList {
  total: number;
  matched: number;
  offset: number;
  took_ms: number;
  problems: QueryProblem[];
  rows: SessionRow[];
  /** Where nothing fits: how many each part would match alone. */
  parts: QueryPart[] | null;
}

/** A group of the list by time: rows `first` … `first + count - 1`. */
export interface Group {
  key: string;
  title: string;
  first: number;
  count: number;
  cost: number | null;
  cost_known: number;
  quality: "measured" | "partial" | "estimated";
}

/** The heads between the rows of the list. */
export interface Groups {
  groups: Group[];
}

/** A word that may follow in the search box. */
export interface Suggestion {
  value: string;
  count: number;
}

/** Words that may follow, most frequent first. */
export interface Suggestions {
  field: string;
  values: Suggestion[];
}

/** The session itself (index 0) or one of its sub-agents, in order of birth. */
export interface Lane {
  index: number;
  session: string;
  title: string;
  name: string | null;
  task: string | null;
  status: "working" | "waiting" | "idle" | "completed" | "failed" | "interrupted" | "aborted" | "stale" | "unknown";
  spawn_seq: number | null;
  return_seq: number | null;
  call: string | null;
  turns: number;
  usage: Usage;
  cost_usd: number | null;
  cost_known_usd: number;
  started_ts: number | null;
  ended_ts: number | null;
}

/** What the tabs say; known once the session is folded. */
export interface Counts {
  outline: number;
  steps: number;
  files: number;
  todos: number;
  todos_done: number;
  requests: number;
  errors: number;
}

/** The exact commands that do in a terminal what the page shows; `{n}` stands for the step. */
export interface Commands {
  show: string;
  fork: string | null;
  replay: string | null;
  export: Record<string, string>;
}

/** A session as its view opens. */
export interface SessionView {
  session: SessionRow;
  parent: SessionRow | null;
  forks: SessionRow[];
  lanes: Lane[];
  first: number;
  last: number;
  /** Null while a large session is folded for the first time; `/columns` waits for it. */
  counts: Counts | null;
  /** The model's context window, in tokens. */
  window: number | null;
  /** Where the agent compacts by itself, as far as its compactions told. */
  compact_at: number | null;
  is_live: boolean;
  commands: Commands;
}

/** Something to find again on the tape. */
export interface Mark {
  seq: number;
  ts: number | null;
  kind: "you" | "error" | "compaction" | "fork" | "permission" | "note";
  text: string;
}

/** A gap of over 30 s in which nothing happened. */
export interface Wait {
  from_seq: number;
  to_seq: number;
  from_ts: number;
  to_ts: number;
}

/** [from, to (both UTC milliseconds), effect or "model"]. */
export type Span = [begin: number, end: number, what: string];

/** When a sub-agent was at work, and with what. */
export interface LaneSpans {
  index: number;
  session: string;
  title: string;
  spawn_seq: number | null;
  return_seq: number | null;
  spans: Span[];
}

/** How many events of a large session were read for its columns; `done` is 0 before and afterwards. */
export interface Winding {
  done: number;
  total: number;
}

/** One entry a step; with `bucketed` one entry a bucket of steps. A bucket has its first seq, its last end, the most context, what was spent by its end, the most telling kind and the worst result. */
export interface Columns {
  session: string;
  /** Steps in the whole session. */
  steps: number;
  /** True for a first look at a piece: steps before and behind are missing, and so are sums since the beginning (cost, tokens, files, to-dos, turns). */
  partial: boolean;
  bucketed: boolean;
  from_seq: number;
  to_seq: number;
  kinds: string[];
  acts: ("other" | "human" | "model" | "tool" | "system")[];
  effects: ("none" | "look" | "change" | "run" | "reach" | "spawn" | "other")[];
  seq: number[];
  end: number[];
  /** When it was said or called. */
  ts: (number | null)[];
  /** When the work on it began: for the model, when it was asked. */
  begin: (number | null)[];
  /** Milliseconds from `begin`. */
  took: (number | null)[];
  kind: number[];
  act: number[];
  effect: number[];
  /** 0 nothing to tell, 1 well, 2 failed, 3 denied, 4 no result yet. */
  ok: number[];
  /** Number of the loop from 1; 0 outside of any. */
  loop: number[];
  /** Number of the turn in the session from 1; 0 outside of any. */
  turn: number[];
  /** Tokens of the latest request by then (input and cache), 0 before the first. */
  context: number[];
  cached: number[];
  /** Dollars spent by then, sub-agents included, as far as prices are known. */
  cost: number[];
  /** Tokens spent by then, sub-agents included. */
  tokens: number[];
  files: number[];
  plus: number[];
  minus: number[];
  todos: number[];
  todos_done: number[];
  /** "Bash pytest -q": null where there are more than 5,000 entries. */
  label: string[] | null;
  marks: Mark[];
  waits: Wait[];
  lanes: LaneSpans[];
  window: number | null;
  compact_at: number | null;
  /** Null where a part has no known price. */
  cost_total: number | null;
  quality: "measured" | "partial" | "estimated";
}

/** A row of the outline; its descendants are the `descendants` rows behind it. */
export interface OutlineRow {
  index: number;
  depth: number;
  descendants: number;
  kind: "loop" | "turn" | "parallel" | "child" | "compaction" | "fork" | "branch" | "step";
  seq: number;
  last: number;
  title: string;
  detail: string | null;
  right: string | null;
  /** Of a step: its kind; else the row's own kind. */
  what: string;
  act: "other" | "human" | "model" | "tool" | "system";
  effect: "none" | "look" | "change" | "run" | "reach" | "spawn" | "other";
  ok: number;
  /** Errors at or below this row. */
  errors: number;
  /** The sub-agent's or fork's session. */
  session: string | null;
  lane: number | null;
  /** Number of the loop or the turn. */
  number: number | null;
  /** False where the conversation went back behind it. */
  live: boolean;
}

/** A piece of the outline. */
export interface Outline {
  total: number;
  loops: number;
  turns: number;
  rows: OutlineRow[];
  /** Index of the row that holds the step asked for. */
  at: number | null;
}

/** Where a recorded image is served. */
export interface ImageRef {
  url: string;
  media_type: string;
  bytes: number;
  alt: string;
}

/** A change of a file. */
export interface Diff {
  path: string;
  op: string;
  patch: Text | null;
  plus: number | null;
  minus: number | null;
  seq: number;
}

/** An item of the to-do list. */
export interface Todo {
  text: string;
  status: "pending" | "in_progress" | "completed" | "other";
  /** The step that changed it last. */
  seq: number | null;
}

/** A tool call as one card. */
export interface ToolView {
  call: string | null;
  name: string;
  tool_kind: string;
  effect: "none" | "look" | "change" | "run" | "reach" | "spawn" | "other";
  server: string | null;
  argument: string;
  /** The input as JSON; a free text where the tool takes one. */
  input: Text | null;
  output: Text | null;
  output_is_json: boolean;
  /** What it wrote to stderr, where that is told apart (`output` may hold it, too). */
  stderr: Text | null;
  error: string | null;
  ok: boolean | null;
  denied: boolean;
  open: boolean;
  exit_code: number | null;
  duration_ms: number | null;
  result_seq: number | null;
  diffs: Diff[];
  todos: Todo[];
  images: ImageRef[];
  path: string | null;
  permission: string | null;
  truncated: boolean;
}

/** A sub-agent that a step started. */
export interface AgentView {
  session: string | null;
  lane: number | null;
  seq: number;
  name: string | null;
  task: string | null;
  prompt: Text | null;
  result: Text | null;
  status: "working" | "waiting" | "idle" | "completed" | "failed" | "interrupted" | "aborted" | "stale" | "unknown";
  turns: number | null;
  usage: Usage | null;
  cost_usd: number | null;
  duration_ms: number | null;
}

/** What a compaction took away and left. */
export interface CompactionView {
  strategy: string | null;
  trigger: string | null;
  before: number | null;
  after: number | null;
  summary: Text | null;
  from_seq: number;
  /** The model no longer sees steps `from_seq` … `to_seq`. */
  to_seq: number;
}

/** The session that this one left, or that left it. */
export interface ForkView {
  session: string;
  title: string | null;
  turns: number | null;
  cost_usd: number | null;
}

/** An error in its provider's words. */
export interface ErrorView {
  message: string;
  category: string | null;
  status: number | null;
  attempt: number | null;
  max_attempts: number | null;
  retry_after: number | null;
}

/** A row of the stream; what belongs to it (results, changes, permissions) is folded in. */
export interface StreamRow {
  seq: number;
  end: number;
  ts: number | null;
  kind: "human" | "assistant" | "thinking" | "system" | "tool" | "agents" | "compaction" | "fork" | "error" | "todos" | "note" | "limit" | "permission" | "setting" | "warning" | "other";
  event: string;
  title: string;
  loop: number;
  turn: number;
  live: boolean;
  text: Text | null;
  images: ImageRef[];
  tool: ToolView | null;
  agents: AgentView[];
  compaction: CompactionView | null;
  fork: ForkView | null;
  error: ErrorView | null;
  todos: Todo[];
  /** Thinking that is encrypted. */
  sealed: boolean;
  tokens: number | null;
  duration_ms: number | null;
}

/** Rows in order; `before` and `after` tell whether there are more on that side. */
export interface Stream {
  rows: StreamRow[];
  /** Everything from here … */
  first: number;
  /** … to here is in `rows`. */
  last: number;
  before: boolean;
  after: boolean;
}

/** A file that was touched so far. */
export interface FileRow {
  path: string;
  op: "create" | "modify" | "delete" | "move";
  ops: number;
  first: number;
  last: number;
  plus: number;
  minus: number;
  /** False: `plus` and `minus` are lower bounds. */
  counted: boolean;
  exists: boolean;
  known: "full" | "partial" | "none";
  moved_to: string | null;
}

/** A file that was read, and not touched. */
export interface ReadRow {
  path: string;
  reads: number;
  last: number;
  found: boolean;
}

/** What a provider said of a limit. */
export interface Limit {
  scope: string | null;
  used_percent: number | null;
  resets_at: number | null;
  seq: number;
}

/** A tool call without a result yet. */
export interface OpenCall {
  call: string;
  name: string;
  seq: number;
}

/** Everything as it was after the event at `seq`. */
export interface AtView {
  seq: number;
  ts: number | null;
  elapsed_ms: number | null;
  loop: number;
  turn: number;
  label: string;
  context: number;
  cached: number;
  window: number | null;
  cost: number;
  cost_total: number | null;
  tokens: number;
  /** The session's own, without sub-agents. */
  usage: Usage;
  files: FileRow[];
  read: ReadRow[];
  /** Files that are changed only after `seq`. */
  later: string[];
  /** Shell commands by then: they may have changed more than is told. */
  shells: number;
  todos: Todo[];
  todos_seq: number | null;
  open_calls: OpenCall[];
  model: string | null;
  cwd: string | null;
  permission: string | null;
  limit: Limit | null;
}

/** A read or a change of one file. */
export interface LifeEvent {
  seq: number;
  kind: "read" | "change";
  op: string | null;
  ok: boolean | null;
}

/** One file at a step. */
export interface FileView {
  path: string;
  seq: number;
  against: "previous" | "start" | "none";
  life: LifeEvent[];
  /** The file's content at `seq`, where `against` is none and it is known. */
  text: Text | null;
  /** A unified diff. */
  diff: Text | null;
  known: "full" | "partial" | "none";
  changed_at: number | null;
  /** What cannot be known, in a sentence; empty where all is. */
  why: string;
}

/** A part of what the model was sent. */
export interface ContextPart {
  seq: number | null;
  role: string;
  kind: string;
  title: string;
  /** Estimated from its size. */
  tokens: number;
  chars: number;
  billed: "read" | "write" | "input" | "output" | null;
  new: boolean;
  summary: boolean;
}

/** What the model was sent, part by part. */
export interface ContextView {
  seq: number;
  window: number | null;
  compact_at: number | null;
  used: number;
  /** True: `used` is what the provider counted for the latest request. */
  measured: boolean;
  /** True: no request is recorded; the parts are rebuilt from the log. */
  rebuilt: boolean;
  /** Sum of the parts. */
  estimated: number;
  /** How many parts there are; `parts` may leave out the middle ones. */
  total: number;
  parts: ContextPart[];
  answer: ContextPart | null;
}

/** A request to the model. */
export interface RequestRow {
  k: number;
  exchange: string;
  seq: number;
  end: number;
  ts: number | null;
  lane: string | null;
  model: string | null;
  auxiliary: boolean;
  purpose: string | null;
  status: string;
  usage: Usage | null;
  cost_usd: number | null;
  ttft_ms: number | null;
  duration_ms: number | null;
  stop_reason: string | null;
  messages: number | null;
  rebuilt: boolean;
  provenance: string[];
}

/** All requests of a session. */
export interface Requests {
  total: number;
  rows: RequestRow[];
}

/** A part of a request against the request before: kept, new or gone. */
export interface Change {
  sign: "=" | "+" | "-";
  title: string;
  count: number;
  tokens: number;
  seq: number | null;
  text: Text | null;
}

/** One request, and what is new in it. */
export interface RequestView {
  request: RequestRow;
  previous: number | null;
  changes: Change[];
  answer: Text | null;
  /** The request as sent, where it is recorded. */
  body: Text | null;
  fidelity: string | null;
  chunks: [number, number][];
}

/** One event as it is kept. */
export interface EventView {
  seq: number;
  kind: string;
  ts: number | null;
  source_kind: string;
  completeness: string;
  json: Text;
  /** Original, offset and length of the source's record. */
  origin: string | null;
}

/** A line at the top of the inspector. */
export interface Fact {
  name: string;
  value: string;
}

/** Tokens of one kind, and what they cost by the list. */
export interface UsageLine {
  name: "cache_read" | "cache_write" | "input" | "output" | "total";
  tokens: number;
  cost: number | null;
  note: string | null;
}

/** Somebody's note: on an event, or on the session as a whole. */
export interface Note {
  text: string;
  seq: number | null;
  ts: number | null;
}

/** The inspector: one step with everything told of it. */
export interface StepView {
  seq: number;
  end: number;
  row: StreamRow | null;
  facts: Fact[];
  events: EventView[];
  turn: number;
  turn_usage: Usage | null;
  turn_cost: number | null;
  usage_lines: UsageLine[];
  request: number | null;
  notes: Note[];
  /** The source's record, scrubbed. */
  raw: Text | null;
}

/** Tokens and cost of some responses. */
export interface Sum {
  usage: Usage;
  cost_usd: number | null;
  cost_known_usd: number;
  responses: number;
}

/** A slice of a bar: one model, project or agent. */
export interface UsagePart {
  key: string | null;
  sum: Sum;
}

/** A bar of the usage view. */
export interface UsageRow {
  key: string | null;
  title: string | null;
  sessions: number;
  sum: Sum;
  parts: UsagePart[];
  measured: number;
  partial: number;
  /** Shares of tokens, 0 to 1. */
  estimated: number;
  /** Share of tokens without a known price. */
  unpriced: number;
}

/** The pace of the running block. */
export interface Burn {
  tokens_per_minute: number;
  cost_per_hour: number | null;
  remaining_ms: number;
  projected_tokens: number;
  projected_cost: number | null;
}

/** A five-hour window. */
export interface BlockView {
  start: number;
  end: number;
  active: boolean;
  sum: Sum;
  burn: Burn | null;
  /** (UTC ms, tokens so far, known dollars so far) within the running block. */
  points: [number, number, number][];
}

/** What an agent last said of a limit. */
export interface UsageLimit {
  agent: string;
  scope: string | null;
  used_percent: number | null;
  resets_at: number | null;
  seen_at: number | null;
  /** open, hit, or over: the window ended since. */
  state: string;
  stated: boolean;
}

/** Usage over time, or by thing. */
export interface UsageView {
  by: string;
  split: string;
  timezone: string;
  rows: UsageRow[];
  totals: UsageRow;
  blocks: BlockView[];
  limits: UsageLimit[];
  command: string;
}

/** A session at work, or waiting. */
export interface NowSession {
  session: SessionRow;
  lines: string[];
  elapsed_ms: number | null;
  context: number | null;
  window: number | null;
  waiting_for: string | null;
  waiting_since: number | null;
  last: number;
}

/** One of the last events of all sessions at work. */
export interface LastEvent {
  session: string;
  title: string | null;
  agent: string;
  seq: number;
  ts: number | null;
  what: string;
  text: string;
}

/** What goes on now. */
export interface Now {
  sessions: NowSession[];
  last_events: LastEvent[];
  last_ended: SessionRow | null;
}

/** SSE `session`: a session is new or has grown. */
export interface LiveSession {
  id: string;
  last: number;
  session: SessionRow;
}

/** SSE `events`: the rows and columns of a session from `from_seq` on; rows known are replaced. */
export interface LiveRows {
  id: string;
  from_seq: number;
  last: number;
  rows: StreamRow[];
  columns: Columns | null;
}

/** SSE `reset`: what happened since the cursor is no longer known; load again. */
export interface LiveGone {
  reason: string;
}
