/** Which line of the list shows what: headings of groups, sessions, and the sub-agents of those unfolded. */
import type { Group } from "../api/types";

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

/** The next line in a direction on which a session or sub-agent stands; the present one where there is none. */
export function nextLine(lines: Layout, from: number, by: 1 | -1): number {
    for (let at = from + by; at >= 0 && at < lines.count; at += by) if (lines.kind[at] !== GROUP) return at;
    return from < 0 ? -1 : from;
}
