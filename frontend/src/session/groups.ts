/** Rows that are told together: sub-agents of one turn side by side, what the agent put in as one line. */
import type { StreamRow } from "../api/types";
import { isUnfolded } from "./folds";
import type { Reading, Session } from "./state";

/** Neighbours that nobody said and nothing did, in one line. */
export interface Run {
    run: readonly StreamRow[];
    seq: number;
    end: number;
}

/** From this many on they fold. */
const FOLDED_FROM = 3;
const LONGEST = 200;
const PUT_IN = new Set(["system", "setting", "other"]);

type Known = readonly StreamRow[] | undefined;

const only = (rows: Known, test: (row: StreamRow) => boolean): StreamRow | null => (rows?.length === 1 && rows[0] && test(rows[0]) ? rows[0] : null);
const agents = (rows: Known): StreamRow | null => only(rows, (row) => row.kind === "agents");
const putIn = (rows: Known): StreamRow | null => only(rows, (row) => PUT_IN.has(row.kind));

const joined = new WeakMap<StreamRow, { with: readonly StreamRow[]; row: StreamRow }>();

/** The rows drawn at a place; a neighbour told with an earlier one has none of its own. */
export function grouped(s: Session, i: number, reading: Reading): readonly (StreamRow | Run)[] | undefined {
    const own = s.rows.at(i);
    const agent = agents(own);
    if (agent) return together(s, i, agent);
    const first = putIn(own);
    if (!first || reading === "skim") return own;
    const from = start(s, i);
    const run = behind(s, from);
    if (run.length < FOLDED_FROM) return own;
    const head = run[0] as StreamRow;
    if (isUnfolded(s, keyOf(head))) return own && i === from ? [{ run, seq: head.seq, end: head.seq }, ...own] : own;
    return i === from ? [{ run, seq: head.seq, end: (run[run.length - 1] as StreamRow).seq }] : [];
}

export const keyOf = (row: StreamRow): string => `run${row.seq}`;

function start(s: Session, i: number): number {
    let from = i;
    while (from > 0 && i - from < LONGEST && putIn(s.rows.at(from - 1))) from--;
    return from;
}

function behind(s: Session, from: number): StreamRow[] {
    const run: StreamRow[] = [];
    for (let row = putIn(s.rows.at(from)); row && run.length < LONGEST; row = putIn(s.rows.at(from + run.length))) run.push(row);
    return run;
}

function together(s: Session, i: number, first: StreamRow): readonly StreamRow[] {
    if (agents(s.rows.at(i - 1))?.turn === first.turn) return [];
    const all = [first];
    for (let next = agents(s.rows.at(i + 1)); next && next.turn === first.turn; next = agents(s.rows.at(i + all.length))) all.push(next);
    if (all.length === 1) return [first];
    const known = joined.get(first);
    if (known && known.with.length === all.length && known.with.every((row, k) => row === all[k])) return [known.row];
    const longest = Math.max(...all.map((row) => row.duration_ms ?? 0));
    const row = { ...first, end: all[all.length - 1]?.seq ?? first.end, agents: all.flatMap((each) => each.agents), duration_ms: longest || null };
    joined.set(first, { with: all, row });
    return [row];
}
