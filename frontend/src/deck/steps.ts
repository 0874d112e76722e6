/**
 * The steps of a session as typed arrays: all that the scrubber needs to answer the hand in one frame.
 * They arrive once with the session; nothing here asks the server.
 */

/** What a row of the session did, in the order of `Kind`. */
export const KINDS = [
  "human",
  "assistant",
  "thinking",
  "system",
  "tool",
  "agents",
  "compaction",
  "fork",
  "error",
  "permission",
  "plan",
  "note",
  "other",
] as const;
export type Kind = (typeof KINDS)[number];

/** What an act did to the world. */
export const EFFECTS = ["", "look", "change", "run", "reach", "spawn"] as const;
export type Effect = (typeof EFFECTS)[number];

export type MarkKind = "human" | "error" | "compaction" | "fork" | "permission" | "note";

export interface Mark {
  i: number;
  kind: MarkKind;
}

/** A sub-agent as its parent's tape shows it; times count from the parent's first moment. */
export interface Lane {
  lane: number;
  session: string;
  title: string;
  /** The parent's rows where it was started and where it came back (or the last one). */
  spawn: number;
  back: number;
  start: Float64Array;
  end: Float64Array;
  ok: Int8Array;
  seq: Int32Array;
}

export interface Steps {
  count: number;
  firstTs: number | null;
  seq: Int32Array;
  last: Int32Array;
  /** Milliseconds since the first event; never falling. */
  start: Float64Array;
  end: Float64Array;
  /** Where the playhead stands for a row: behind what it did, before what comes next. */
  place: Float64Array;
  kind: Uint8Array;
  effect: Uint8Array;
  /** 1 went well, 0 failed, -1 not known. */
  ok: Int8Array;
  context: Float64Array;
  cached: Float64Array;
  cost: Float64Array;
  tokens: Float64Array;
  cachedTokens: Float64Array;
  turn: Int32Array;
  loop: Int32Array;
  plus: Int32Array;
  minus: Int32Array;
  files: Int32Array;
  done: Int32Array;
  todos: Int32Array;
  marks: Mark[];
  lanes: Lane[];
  window: number | null;
  autoCompact: number | null;
  /** True where the session is being recorded: the last step runs on to the right edge. */
  isOpen: boolean;
}

/** Model work without a known duration begins where the row before it ended, unless that is a wait. */
export const WAIT_MS = 30_000;

/** Gives the row whose events include `seq`, or the last row before it; 0 where there is none. */
export function rowOf(seqs: Int32Array, seq: number): number {
  let low = 0;
  let high = seqs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((seqs[middle] as number) <= seq) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

export interface RawTimes {
  ts: readonly (number | null)[];
  duration: readonly (number | null)[];
  kind: Uint8Array;
}

export interface Times {
  start: Float64Array;
  end: Float64Array;
  place: Float64Array;
}

const ASSISTANT = KINDS.indexOf("assistant");
const THINKING = KINDS.indexOf("thinking");

export function isModel(kind: number): boolean {
  return kind === ASSISTANT || kind === THINKING;
}

/**
 * Gives each row a beginning and an end that never fall: a row without a time stands where the one before it
 * stood; a model's row ends at its time, every other row begins there.
 */
export function timesOf({ ts, duration, kind }: RawTimes): Times {
  const count = kind.length;
  const start = new Float64Array(count);
  const end = new Float64Array(count);
  const place = new Float64Array(count);
  let before = 0;
  for (let i = 0; i < count; i++) {
    const at = Math.max(ts[i] ?? before, before);
    const took = Math.max(0, duration[i] ?? 0);
    if (isModel(kind[i] as number)) {
      const from = took > 0 ? at - took : at - before <= WAIT_MS ? before : at;
      start[i] = Math.max(i ? (start[i - 1] as number) : 0, Math.min(at, Math.max(from, 0)));
      end[i] = at;
    } else {
      start[i] = at;
      end[i] = at + took;
    }
    before = at;
  }
  let reached = 0;
  for (let i = 0; i < count; i++) {
    const next = i + 1 < count ? (start[i + 1] as number) : (end[i] as number);
    reached = Math.max(reached, Math.min(end[i] as number, Math.max(next, start[i] as number)));
    place[i] = reached;
  }
  return { start, end, place };
}

/** Gives the next row from `i` in a direction for which `test` holds, or `i` itself where there is none. */
export function seek(count: number, i: number, direction: 1 | -1, test: (i: number) => boolean): number {
  for (let j = i + direction; j >= 0 && j < count; j += direction) if (test(j)) return j;
  return i;
}

/** Gives the first row of the next turn or loop, or backwards of the one before. */
export function byGroup(group: Int32Array, i: number, direction: 1 | -1): number {
  const count = group.length;
  if (direction > 0) {
    const found = seek(count, i, 1, (j) => group[j] !== group[i]);
    return found === i ? count - 1 : found;
  }
  let head = i;
  while (head > 0 && group[head - 1] === group[i]) head--;
  if (head !== i) return head;
  if (head === 0) return 0;
  let j = head - 1;
  while (j > 0 && group[j - 1] === group[j]) j--;
  return j;
}
