/** Which columns the list has: those that the width allows and the reader did not hide. */
import { computed, signal } from "@preact/signals";
import { recall, remember } from "../parts/stored";

export type Column = "project" | "branch" | "tape" | "turns" | "tokens" | "tools";

export const COLUMNS: readonly (readonly [Column, string])[] = [
    ["project", "Project"],
    ["branch", "Branch"],
    ["tape", "Tape"],
    ["turns", "Turns"],
    ["tokens", "Tokens"],
    ["tools", "Tools"],
];

/** What each width leaves out (PAGE §3). */
const LEFT_OUT: readonly (readonly [below: number, columns: readonly Column[]])[] = [
    [1280, ["branch", "tools"]],
    [960, ["turns"]],
    [760, ["project"]],
    [641, ["tokens"]],
];

const width = signal(innerWidth);
addEventListener("resize", () => (width.value = innerWidth));

export const narrow = computed(() => width.value <= 640);
const hidden = signal<ReadonlySet<Column>>(new Set(recall<Column[]>("columns-hidden", [])));

/** The columns shown now. */
export const columns = computed<ReadonlySet<Column>>(() => {
    const out = new Set<Column>(narrow.value ? [] : hidden.value);
    for (const [below, names] of LEFT_OUT) if (width.value < below) for (const name of names) out.add(name);
    return new Set(COLUMNS.map(([name]) => name).filter((name) => !out.has(name)));
});

export const isHidden = (column: Column): boolean => hidden.value.has(column);

export function toggle(column: Column): void {
    const next = new Set(hidden.value);
    if (!next.delete(column)) next.add(column);
    hidden.value = next;
    remember("columns-hidden", [...next]);
}

/** Sizes in wide windows, and in those under 1280. */
const SIZES: Record<Column, readonly [wide: string, narrower: string]> = {
    project: ["160px", "120px"],
    branch: ["", ""],
    tape: ["246px", "150px"],
    turns: ["74px", "64px"],
    tokens: ["112px", "96px"],
    tools: ["84px", "70px"],
};

/** The grid's columns as CSS has them. */
export const template = computed(() => {
    const has = columns.value;
    const which = width.value < 1280 ? 1 : 0;
    const size = (column: Column) => (has.has(column) ? SIZES[column][which] : "");
    return ["28px 36px minmax(120px, 1fr)", size("project"), size("tape"), size("turns"), size("tokens"), "94px", size("tools"), "84px"]
        .filter(Boolean)
        .join(" ");
});
