/** The outline's visible rows: what is unfolded, in runs of 100 where a row has more than 200 children. */
import type { OutlineRow } from "../api/types";

export const RUN = 100;
export const MANY = 200;

export interface Branch {
    key: string;
    row: OutlineRow | null;
    depth: number;
    /** A run of children that is folded to one line. */
    run: { from: number; to: number; first: OutlineRow; last: OutlineRow; errors: number } | null;
    hasChildren: boolean;
    isOpen: boolean;
    position: number;
    siblings: number;
}

/** Children of a row, by its index; -1 for the top. */
export type Children = ReadonlyMap<number, readonly OutlineRow[]>;

/** Gives the visible rows from what is known of the tree. */
export function branchesOf(children: Children, open: ReadonlySet<string>): Branch[] {
    const found: Branch[] = [];
    walk(children, open, -1, 0, found);
    return found;
}

function walk(children: Children, open: ReadonlySet<string>, parent: number, depth: number, found: Branch[]): void {
    const rows = children.get(parent) ?? [];
    if (rows.length <= MANY) {
        rows.forEach((row, k) => put(children, open, row, depth, k + 1, rows.length, found));
        return;
    }
    const runs = Math.ceil(rows.length / RUN);
    for (let k = 0; k < runs; k++) {
        const part = rows.slice(k * RUN, (k + 1) * RUN);
        const key = `${parent}:${k}`;
        const isOpen = open.has(key);
        const errors = part.reduce((sum, row) => sum + row.errors, 0);
        const run = { from: k * RUN + 1, to: k * RUN + part.length, first: part[0] as OutlineRow, last: part[part.length - 1] as OutlineRow, errors };
        found.push({ key, row: null, depth, run, hasChildren: true, isOpen, position: k + 1, siblings: runs });
        if (isOpen) part.forEach((row, n) => put(children, open, row, depth + 1, n + 1, part.length, found));
    }
}

function put(children: Children, open: ReadonlySet<string>, row: OutlineRow, depth: number, position: number, siblings: number, found: Branch[]): void {
    const key = String(row.index);
    const hasChildren = row.descendants > 0;
    const isOpen = hasChildren && open.has(key);
    found.push({ key, row, depth, run: null, hasChildren, isOpen, position, siblings });
    if (isOpen) walk(children, open, row.index, depth + 1, found);
}

/** Sorts rows in preorder under their parents; rows whose parent is not among them belong to `top`. */
export function childrenOf(rows: readonly OutlineRow[], top = -1): Map<number, OutlineRow[]> {
    const found = new Map<number, OutlineRow[]>();
    const stack: OutlineRow[] = [];
    for (const row of rows) {
        while (stack.length) {
            const above = stack[stack.length - 1] as OutlineRow;
            if (row.index > above.index && row.index <= above.index + above.descendants) break;
            stack.pop();
        }
        const parent = stack.length ? (stack[stack.length - 1] as OutlineRow).index : top;
        const list = found.get(parent);
        if (list) list.push(row);
        else found.set(parent, [row]);
        stack.push(row);
    }
    return found;
}

/** The visible row that holds a step: of those that begin at or before it the latest, and of these the deepest. */
export function branchAt(branches: readonly Branch[], seq: number): number {
    let found = -1;
    let latest = -Infinity;
    for (let k = 0; k < branches.length; k++) {
        const branch = branches[k] as Branch;
        const first = branch.row?.seq ?? branch.run?.first.seq ?? Infinity;
        if (first > seq || first < latest) continue;
        found = k;
        latest = first;
    }
    return found;
}
