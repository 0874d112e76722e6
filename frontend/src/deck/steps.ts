/**
 * The steps of a session as typed arrays: all that the scrubber needs to answer the hand in one frame.
 * They arrive once with the session; nothing here asks the server.
 */
import type { Columns, Mark as Told } from "../api/types";

/** Who or what a row is, by number. */
export const OTHER = 0;
export const HUMAN = 1;
export const MODEL = 2;
export const TOOL = 3;
export const SYSTEM = 4;
const ACTS = ["other", "human", "model", "tool", "system"];

/** What an act did to the world, by number; 0 is none. */
export const EFFECTS = ["none", "look", "change", "run", "reach", "spawn", "other"] as const;

/** How a row ended, by number. */
export const UNTOLD = 0;
export const WELL = 1;
export const FAILED = 2;
export const DENIED = 3;
export const OPEN = 4;

export type MarkKind = Told["kind"];

export interface Mark {
    i: number;
    seq: number;
    kind: MarkKind;
    text: string;
}

/** A sub-agent as its parent's tape shows it; times count from the parent's first moment. */
export interface Lane {
    index: number;
    session: string;
    title: string;
    /** The parent's rows where it was started and where it came back (or the last one). */
    spawn: number;
    back: number;
    start: Float64Array;
    end: Float64Array;
    /** By number of `EFFECTS`; 0 where the model worked. */
    what: Uint8Array;
}

export interface Steps {
    count: number;
    /** Milliseconds since 1970 of the first moment told. */
    firstTs: number | null;
    seq: Int32Array;
    last: Int32Array;
    /** Milliseconds since the first moment; never falling. */
    start: Float64Array;
    end: Float64Array;
    /** Where the playhead stands for a row: behind what it did, before what comes next. */
    place: Float64Array;
    act: Uint8Array;
    kind: Uint8Array;
    kinds: readonly string[];
    effect: Uint8Array;
    ok: Uint8Array;
    context: Float64Array;
    cached: Float64Array;
    cost: Float64Array;
    tokens: Float64Array;
    turn: Int32Array;
    loop: Int32Array;
    plus: Int32Array;
    minus: Int32Array;
    files: Int32Array;
    done: Int32Array;
    todos: Int32Array;
    label: readonly string[] | null;
    marks: Mark[];
    lanes: Lane[];
    window: number | null;
    compactAt: number | null;
    costTotal: number | null;
    quality: Columns["quality"];
    /** True where the session is being recorded: the last step runs on to the right edge. */
    isOpen: boolean;
    /** A first look at a piece: nothing is known of what was before, nor of sums since the beginning. */
    isPart: boolean;
}

/** A stretch without activity longer than this is a wait. */
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

export function stepsOf(columns: Columns, isOpen: boolean): Steps {
    const told = columns.begin.concat(columns.ts).filter((ts): ts is number => ts !== null);
    const firstTs = told.length ? told.reduce((least, ts) => (ts < least ? ts : least), Infinity) : null;
    const seq = Int32Array.from(columns.seq);
    const act = Uint8Array.from(columns.act, (number) => Math.max(0, ACTS.indexOf(columns.acts[number] ?? "other")));
    const effect = numbered(columns.effect, columns.effects);
    const times = timesOf(columns, firstTs ?? 0);
    return {
        count: seq.length,
        firstTs,
        seq,
        last: Int32Array.from(columns.end),
        ...times,
        act,
        kind: Uint8Array.from(columns.kind),
        kinds: columns.kinds,
        effect,
        ok: Uint8Array.from(columns.ok),
        context: Float64Array.from(columns.context),
        cached: Float64Array.from(columns.cached),
        cost: Float64Array.from(columns.cost),
        tokens: Float64Array.from(columns.tokens),
        turn: Int32Array.from(columns.turn),
        loop: Int32Array.from(columns.loop),
        plus: Int32Array.from(columns.plus),
        minus: Int32Array.from(columns.minus),
        files: Int32Array.from(columns.files),
        done: Int32Array.from(columns.todos_done),
        todos: Int32Array.from(columns.todos),
        label: columns.label,
        marks: columns.marks.map((mark) => ({ ...mark, i: rowOf(seq, mark.seq) })),
        lanes: columns.lanes.filter((lane) => lane.index > 0).map((lane) => laneOf(lane, seq, firstTs ?? 0)),
        window: columns.window,
        compactAt: columns.compact_at,
        costTotal: columns.cost_total,
        quality: columns.quality,
        isOpen,
        isPart: columns.partial,
    };
}

function numbered(values: readonly number[], names: readonly string[]): Uint8Array {
    const of = names.map((name) => Math.max(0, (EFFECTS as readonly string[]).indexOf(name)));
    return Uint8Array.from(values, (value) => of[value] ?? 0);
}

function laneOf(lane: Columns["lanes"][number], seq: Int32Array, first: number): Lane {
    const spans = [...lane.spans].sort((a, b) => a[0] - b[0]);
    return {
        index: lane.index,
        session: lane.session,
        title: lane.title,
        spawn: lane.spawn_seq === null ? 0 : rowOf(seq, lane.spawn_seq),
        back: lane.return_seq === null ? Math.max(0, seq.length - 1) : rowOf(seq, lane.return_seq),
        start: Float64Array.from(spans, (each) => Math.max(0, each[0] - first)),
        end: Float64Array.from(spans, (each) => Math.max(0, each[1] - first)),
        what: Uint8Array.from(spans, (each) => Math.max(0, (EFFECTS as readonly string[]).indexOf(each[2]))),
    };
}

export interface Times {
    start: Float64Array;
    end: Float64Array;
    place: Float64Array;
}

/**
 * Gives each row a beginning that never falls and an end behind it: a row without a time stands where the one
 * before it stood. `place` never falls either, and never lies behind the beginning of the next row.
 */
export function timesOf(told: Pick<Columns, "ts" | "begin" | "took">, first: number): Times {
    const count = told.ts.length;
    const start = new Float64Array(count);
    const end = new Float64Array(count);
    const place = new Float64Array(count);
    let before = 0;
    let said = 0;
    for (let i = 0; i < count; i++) {
        const ts = told.ts[i] ?? null;
        const begin = told.begin[i] ?? ts;
        if (ts !== null) said = Math.max(said, ts - first);
        const from = Math.max(before, begin === null ? said : begin - first);
        const took = Math.max(0, told.took[i] ?? 0);
        start[i] = from;
        end[i] = Math.max(from, begin === null ? from : begin - first + took, ts === null ? from : ts - first);
        before = from;
    }
    let reached = 0;
    for (let i = 0; i < count; i++) {
        const next = i + 1 < count ? (start[i + 1] as number) : Infinity;
        reached = Math.max(reached, start[i] as number, Math.min(end[i] as number, next));
        place[i] = reached;
    }
    return { start, end, place };
}

/** Gives the next row from `i` in a direction for which `test` holds, or `i` itself where there is none. */
export function seek(count: number, i: number, direction: 1 | -1, test: (i: number) => boolean): number {
    for (let j = i + direction; j >= 0 && j < count; j += direction) if (test(j)) return j;
    return i;
}

/** Gives the first row of the next turn or loop; backwards that of this one, or of the one before. */
export function byGroup(group: Int32Array, i: number, direction: 1 | -1): number {
    const count = group.length;
    if (direction > 0) {
        const found = seek(count, i, 1, (j) => group[j] !== group[i]);
        return found === i ? Math.max(0, count - 1) : found;
    }
    let head = i;
    while (head > 0 && group[head - 1] === group[i]) head--;
    if (head !== i || head === 0) return head;
    head--;
    while (head > 0 && group[head - 1] === group[head]) head--;
    return head;
}

/** Gives the row of the next mark of a kind in a direction, or `i` itself where there is none. */
export function byMark(marks: readonly Mark[], kind: MarkKind, i: number, direction: 1 | -1): number {
    const rows = marks.filter((mark) => mark.kind === kind).map((mark) => mark.i);
    const found = direction > 0 ? rows.find((row) => row > i) : rows.findLast((row) => row < i);
    return found ?? i;
}
