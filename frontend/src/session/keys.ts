/** The keys of the session view (PAGE §5 and §7). */
import type { Signal } from "@preact/signals";
import { byGroup, byMark } from "../deck/steps";
import type { Binding } from "../shell/keys";
import { say } from "../shell/news";
import { copied } from "./copy";
import { type Ask, forkOf } from "./head";
import { togglePin } from "./inspector";
import type { Session } from "./state";

export interface Reach {
    s: Session;
    ask: Signal<Ask>;
    drawers: Signal<{ outline: boolean; inspector: boolean }>;
}

const PANES = ["outline", "stream", "inspector", "deck"];
const FOCUS: Record<string, string> = { outline: ".tree", stream: ".stream, .tab-body", inspector: "[role=tab][aria-selected=true]", deck: ".slider" };

export function bindingsOf({ s, ask, drawers }: Reach): Binding[] {
    const steps = (): NonNullable<typeof s.steps.value> | null => s.steps.peek();
    const to = (find: (i: number) => number) => (): void => s.move(find(s.at.peek()));
    const group = (name: "turn" | "loop", by: 1 | -1) => to((i) => (steps() ? byGroup(steps()![name], i, by) : i));
    const mark = (kind: "error" | "you" | "compaction", by: 1 | -1) => to((i) => byMark(steps()?.marks ?? [], kind, i, by));
    return [
        { keys: ["ArrowLeft"], does: "one step back", run: to((i) => i - 1) },
        { keys: ["ArrowRight"], does: "one step on", run: to((i) => i + 1) },
        { keys: ["Shift+ArrowLeft"], does: "one turn back", run: group("turn", -1) },
        { keys: ["Shift+ArrowRight"], does: "one turn on", run: group("turn", 1) },
        { keys: ["Alt+ArrowLeft"], does: "one loop back", run: group("loop", -1) },
        { keys: ["Alt+ArrowRight"], does: "one loop on", run: group("loop", 1) },
        { keys: ["Home"], does: "to the first step", run: () => s.move(0) },
        { keys: ["End", "Escape"], does: "to the end; a live session is followed", run: () => s.toEnd() },
        { keys: ["e"], does: "next error", run: mark("error", 1) },
        { keys: ["E"], does: "previous error", run: mark("error", -1) },
        { keys: ["j"], does: "next message of yours", run: mark("you", 1) },
        { keys: ["k"], does: "previous message of yours", run: mark("you", -1) },
        { keys: ["]"], does: "next compaction", run: mark("compaction", 1) },
        { keys: ["["], does: "previous compaction", run: mark("compaction", -1) },
        { keys: ["f"], does: "fork here: the command", run: () => forkOf(s) && (ask.value = "fork") },
        { keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], does: "one lane alone", run: (event) => solo(s, Number(event.key) - 1) },
        { keys: ["l"], does: "copy the link to this step", run: () => void copied(location.href.replace(/#.*/, `#/s/${s.id}/at/${s.seq.peek()}`)).then((done) => say(done ? "link copied" : "the link could not be copied")) },
        { keys: ["p"], does: "pin this step in the inspector", run: () => togglePin(s) },
        { keys: ["o"], does: "outline", run: () => (drawers.value = { ...drawers.peek(), outline: !drawers.peek().outline }) },
        { keys: ["i"], does: "inspector", run: () => (drawers.value = { ...drawers.peek(), inspector: !drawers.peek().inspector }) },
        { keys: ["F6"], does: "next pane", run: () => cycle(1), always: true },
        { keys: ["Shift+F6"], does: "previous pane", run: () => cycle(-1), always: true },
    ];
}

function solo(s: Session, lane: number): void {
    const most = s.steps.peek()?.lanes.length ?? 0;
    if (lane > most) return;
    s.solo.value = s.solo.peek() === lane ? null : lane;
}

/** Moves the focus from pane to pane, in the order they are read. */
function cycle(by: 1 | -1): void {
    const found = PANES.map((name) => document.querySelector<HTMLElement>(`[data-pane="${name}"]`)).filter((pane) => pane && pane.offsetParent !== null) as HTMLElement[];
    const at = found.findIndex((pane) => pane.contains(document.activeElement));
    const next = found[(at + by + found.length) % found.length];
    next?.querySelector<HTMLElement>(FOCUS[next.dataset.pane ?? ""] ?? "button")?.focus();
}

/** Space plays, unless it belongs to what has the focus. */
export function isPlayKey(event: KeyboardEvent): boolean {
    if (event.key !== " " || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return false;
    return !(event.target instanceof Element && event.target.closest("button, a, input, select, textarea, [role=tab], [role=treeitem], [contenteditable]"));
}
