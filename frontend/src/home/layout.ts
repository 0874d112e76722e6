/** Which line of the list shows what: headings of groups, sessions, and the sub-agents of those unfolded. */
import type { Group, SessionRow } from "../api/types";

export const GROUP = 0;
export const ROW = 1;
export const CHILD = 2;

/** One entry a line. `ref` is the group's or the session's index; `sub` counts the sub-agents of a session. */
export interface Layout {
    count: number;
    kind: Uint8Array;
    ref: Uint32Array;
    sub: Uint16Array;
    /** The line of each session. */
    line: Uint32Array;
}

/** The lines of a list of sessions. `unfolded` has the number of sub-agents shown by index of a session. */
export function layout(sessions: number, groups: readonly Group[], unfolded: ReadonlyMap<number, number>): Layout {
    let more = groups.length;
    for (const [at, n] of unfolded) if (at < sessions) more += n;
    const most = sessions + more;
    const made = { kind: new Uint8Array(most), ref: new Uint32Array(most), sub: new Uint16Array(most), line: new Uint32Array(sessions) };
    const headings = groups.map((group, index) => ({ first: group.first, index })).sort((a, b) => a.first - b.first);
    let at = 0;
    let heading = 0;
    const put = (kind: number, ref: number, sub: number) => {
        made.kind[at] = kind;
        made.ref[at] = ref;
        made.sub[at] = sub;
        at += 1;
    };
    for (let row = 0; row < sessions; row += 1) {
        for (; heading < headings.length && headings[heading]!.first <= row; heading += 1) put(GROUP, headings[heading]!.index, 0);
        made.line[row] = at;
        put(ROW, row, 0);
        for (let sub = 0, n = unfolded.get(row) ?? 0; sub < n; sub += 1) put(CHILD, row, sub);
    }
    return { count: at, ...made };
}

/** Where each line begins, by the height of its kind, and where the last one ends. */
export function starts(lines: Layout, heights: readonly [group: number, row: number, child: number]): Float64Array {
    const found = new Float64Array(lines.count + 1);
    for (let at = 0; at < lines.count; at += 1) found[at + 1] = found[at]! + heights[lines.kind[at] as 0 | 1 | 2];
    return found;
}

/** The next line in a direction on which a session or sub-agent stands; the present one where there is none. */
export function nextLine(lines: Layout, from: number, by: 1 | -1): number {
    for (let at = from + by; at >= 0 && at < lines.count; at += by) if (lines.kind[at] !== GROUP) return at;
    return from < 0 ? -1 : from;
}

const isLive = (session: Pick<SessionRow, "live_status">): boolean => /^(working|waiting)$/.test(session.live_status);

/** The groups with those at work above all: the rows at the top that work or wait become a group of their own. */
export function withNow(groups: readonly Group[], rows: readonly Pick<SessionRow, "live_status">[]): Group[] {
    const rest = rows.findIndex((row) => !isLive(row));
    const live = rest < 0 ? rows.length : rest;
    if (!live || !groups.length) return [...groups];
    const first: Group = { key: "now", title: "Now", first: 0, count: live, cost: null, cost_known: 0, quality: "measured" };
    const others = groups
        .map((group) => {
            const end = group.first + group.count;
            const begin = Math.max(group.first, live);
            return { ...group, first: begin, count: Math.max(0, end - begin) };
        })
        .filter((group) => group.count > 0);
    return [first, ...others];
}
