/** The session as a tree: loops, turns, steps; children of a row come when it is unfolded. */
import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { get } from "../api/client";
import type { Outline as Told, OutlineRow } from "../api/types";
import { FAILED, WELL } from "../deck/steps";
import { Icon } from "../parts/icons";
import { Glyph } from "./glyphs";
import { path, type Session } from "./state";
import { oneLine } from "./text";
import { type Branch, branchAt, branchesOf, childrenOf } from "./tree";

const WHOLE = 4000;
const PAGE = 5000;
const HIGH = 24;
const LOOP_HIGH = 30;
const OVERSCAN = 10;
const REST_MS = 150;

export function OutlinePane({ s }: { s: Session }): JSX.Element {
    const children = useSignal<ReadonlyMap<number, readonly OutlineRow[]>>(new Map());
    const open = useSignal<ReadonlySet<string>>(new Set());
    const counts = useSignal<{ loops: number; turns: number } | null>(null);
    const focus = useSignal<string | null>(null);
    const view = useSignal({ top: 0, height: 600 });
    const box = useRef<HTMLDivElement>(null);
    const asked = useRef(new Set<number>());
    const last = s.steps.value && !s.steps.value.isPart ? (s.view.value?.last ?? 0) : 0;

    useEffect(() => {
        if (last) void load();
    }, [s.id, last]);

    async function load(): Promise<void> {
        const head = await get<Told>(path(s.id, "/outline"), { depth: 1, limit: PAGE }).catch(() => null);
        if (!head) return;
        counts.value = { loops: head.loops, turns: head.turns };
        asked.current.clear();
        let told = head;
        if (head.total <= WHOLE) told = (await get<Told>(path(s.id, "/outline"), { limit: PAGE }).catch(() => null)) ?? head;
        let rows = told.rows;
        for (let page = rows; told === head && page.length === PAGE; ) {
            const from = (page[page.length - 1] as OutlineRow).index + 1;
            page = (await get<Told>(path(s.id, "/outline"), { depth: 1, limit: PAGE, from }).catch(() => null))?.rows ?? [];
            rows = rows.concat(page);
        }
        const found = childrenOf(rows);
        if (told !== head) for (const row of rows) if (row.descendants) asked.current.add(row.index);
        for (const row of rows) if (row.depth === 0 && found.has(row.index)) asked.current.add(row.index);
        children.value = found;
        if (!open.peek().size) {
            const loops = (found.get(-1) ?? []).filter((row) => row.kind === "loop");
            open.value = new Set(loops.length <= 30 ? loops.map((row) => String(row.index)) : []);
        }
        unfoldTo(s.seq.peek());
    }

    /** Children of a row that came without them. */
    async function fill(row: OutlineRow): Promise<void> {
        if (asked.current.has(row.index) || !row.descendants) return;
        asked.current.add(row.index);
        const told = await get<Told>(path(s.id, "/outline"), { from: row.index + 1, limit: Math.min(PAGE, row.descendants) }).catch(() => null);
        if (!told) return void asked.current.delete(row.index);
        const next = new Map(children.peek());
        for (const [parent, rows] of childrenOf(told.rows, row.index)) next.set(parent, rows);
        for (const each of told.rows) if (each.descendants) asked.current.add(each.index);
        children.value = next;
    }

    const current = useRef<string[]>([]);

    /** Opens what holds a step; what was opened for the step before closes again. */
    function unfoldTo(seq: number): void {
        const known = children.peek();
        const next = new Set(open.peek());
        for (const key of current.current) next.delete(key);
        current.current = [];
        let parent = -1;
        for (let depth = 0; depth < 8; depth++) {
            const rows = known.get(parent) ?? [];
            const at = rows.findLastIndex((row) => row.seq <= seq && row.descendants > 0 && (row.last >= seq || row.kind === "loop"));
            const row = rows[at];
            if (!row || row.kind === "child") break;
            for (const key of rows.length > 200 ? [`${parent}:${Math.floor(at / 100)}`, String(row.index)] : [String(row.index)])
                if (!next.has(key)) {
                    next.add(key);
                    if (row.kind !== "loop") current.current.push(key);
                }
            if (!known.has(row.index)) {
                void fill(row).then(() => s.seq.peek() === seq && unfoldTo(seq));
                break;
            }
            parent = row.index;
        }
        open.value = next;
    }

    const shown = useSignal(s.seenSeq.peek());
    useSignalEffect(() => {
        const seq = s.seenSeq.value;
        const mark = setTimeout(() => (shown.value = seq));
        const timer = setTimeout(() => children.peek().size && unfoldTo(seq), s.moving.peek() ? REST_MS : 30);
        return () => {
            clearTimeout(mark);
            clearTimeout(timer);
        };
    });

    const branches = useMemo(() => branchesOf(children.value, open.value), [children.value, open.value]);
    const tops = useMemo(() => {
        const found = new Float64Array(branches.length + 1);
        branches.forEach((branch, k) => (found[k + 1] = (found[k] as number) + (isLoop(branch) ? LOOP_HIGH : HIGH)));
        return found;
    }, [branches]);
    const seq = shown.value;
    const now = branchAt(branches, seq);

    // the row of the playhead stays in view
    useLayoutEffect(() => {
        const pane = box.current;
        if (!pane || now < 0) return;
        const top = tops[now] as number;
        if (top < pane.scrollTop + HIGH) pane.scrollTop = Math.max(0, top - pane.clientHeight * 0.35);
        else if (top + LOOP_HIGH > pane.scrollTop + pane.clientHeight - HIGH) pane.scrollTop = top - pane.clientHeight * 0.65;
    }, [now, tops]);

    useEffect(() => {
        const pane = box.current;
        if (!pane) return;
        const watch = new ResizeObserver(() => (view.value = { ...view.peek(), height: pane.clientHeight }));
        watch.observe(pane);
        return () => watch.disconnect();
    }, []);

    function toggle(branch: Branch, want?: boolean): void {
        const next = new Set(open.peek());
        const isOpen = next.has(branch.key);
        if (want === isOpen) return;
        if (isOpen) next.delete(branch.key);
        else next.add(branch.key);
        current.current = current.current.filter((key) => key !== branch.key);
        if (!isOpen && branch.row) void fill(branch.row);
        open.value = next;
    }

    function pick(branch: Branch, event: { altKey: boolean }): void {
        focus.value = branch.key;
        if (event.altKey || branch.run) return toggle(branch);
        const row = branch.row;
        if (row) s.moveTo(row.seq);
    }

    function key(event: KeyboardEvent): void {
        const at = Math.max(0, branches.findIndex((branch) => branch.key === (focus.peek() ?? branches[now]?.key)));
        const branch = branches[at];
        if (!branch || event.ctrlKey || event.metaKey || event.altKey) return;
        let to = at;
        if (event.key === "ArrowDown") to = Math.min(branches.length - 1, at + 1);
        else if (event.key === "ArrowUp") to = Math.max(0, at - 1);
        else if (event.key === "ArrowRight" && !event.shiftKey) {
            if (branch.hasChildren && !branch.isOpen) toggle(branch, true);
            else to = Math.min(branches.length - 1, at + 1);
        } else if (event.key === "ArrowLeft" && !event.shiftKey) {
            if (branch.isOpen) toggle(branch, false);
            else for (to = at; to > 0 && (branches[to] as Branch).depth >= branch.depth; ) to--;
        } else if (event.key === "Enter" || event.key === " ") pick(branch, event);
        else return;
        event.preventDefault();
        focus.value = (branches[to] as Branch).key;
        const pane = box.current;
        const top = tops[to] as number;
        if (pane && (top < pane.scrollTop || top + LOOP_HIGH > pane.scrollTop + pane.clientHeight)) pane.scrollTop = top - pane.clientHeight / 2;
    }

    let from = 0;
    while (from < branches.length && (tops[from + 1] as number) < view.value.top) from++;
    from = Math.max(0, from - OVERSCAN);
    let to = from;
    while (to < branches.length && (tops[to] as number) < view.value.top + view.value.height) to++;
    to = Math.min(branches.length, to + OVERSCAN);
    const held = focus.value ?? branches[now]?.key;
    return (
        <aside class="outline" aria-label="Outline" data-pane="outline">
            <header class="pane-head">
                <h2 class="label">Outline</h2>
                {counts.value && <span class="meta">{`${counts.value.loops} ${counts.value.loops === 1 ? "loop" : "loops"} · ${counts.value.turns} ${counts.value.turns === 1 ? "turn" : "turns"}`}</span>}
            </header>
            <div ref={box} class="tree-box" onScroll={() => (view.value = { ...view.peek(), top: box.current?.scrollTop ?? 0 })}>
                <div
                    class="tree"
                    role="tree"
                    aria-label="Loops, turns and steps"
                    tabIndex={0}
                    aria-activedescendant={held !== undefined && branches.slice(from, to).some((branch) => branch.key === held) ? `o-${held}` : undefined}
                    style={{ height: `${tops[branches.length] ?? 0}px` }}
                    onKeyDown={key}
                >
                    {branches.slice(from, to).map((branch, k) => (
                        <Line
                            key={branch.key}
                            branch={branch}
                            top={tops[from + k] as number}
                            isNow={from + k === now}
                            isLater={(branch.row?.seq ?? branch.run?.first.seq ?? 0) > seq}
                            isHeld={branch.key === held}
                            onPick={pick}
                            onToggle={toggle}
                        />
                    ))}
                </div>
            </div>
        </aside>
    );
}

function isLoop(branch: Branch): boolean {
    return branch.row?.kind === "loop";
}

interface LineProps {
    branch: Branch;
    top: number;
    isNow: boolean;
    isLater: boolean;
    isHeld: boolean;
    onPick: (branch: Branch, event: { altKey: boolean }) => void;
    onToggle: (branch: Branch) => void;
}

function Line({ branch, top, isNow, isLater, isHeld, onPick, onToggle }: LineProps): JSX.Element {
    const { row, run } = branch;
    const errors = run?.errors ?? row?.errors ?? 0;
    const hasFailed = row?.kind === "step" ? row.ok === FAILED : errors > 0;
    const names = ["o", row?.kind ?? "run", isNow && "now", isLater && "later", isHeld && "held", hasFailed && "failed", row && !row.live && "left"];
    return (
        <div
            id={`o-${branch.key}`}
            role="treeitem"
            aria-level={branch.depth + 1}
            aria-expanded={branch.hasChildren ? branch.isOpen : undefined}
            aria-current={isNow ? "step" : undefined}
            aria-selected={isNow}
            aria-posinset={branch.position}
            aria-setsize={branch.siblings}
            class={names.filter(Boolean).join(" ")}
            style={{ top: `${top}px`, paddingLeft: `${10 + branch.depth * 14}px` }}
            data-seq={row?.seq ?? run?.first.seq}
            onClick={(event) => onPick(branch, event)}
        >
            <span
                class={`twist ${branch.hasChildren ? (branch.isOpen ? "open" : "shut") : ""}`}
                onClick={(event) => {
                    if (!branch.hasChildren) return;
                    event.stopPropagation();
                    onToggle(branch);
                }}
            />
            {run ? (
                <span class="title">
                    {run.from}–{run.to}
                </span>
            ) : (
                row && <Title row={row} />
            )}
            <span class="right">{run ? (errors ? `${errors} ${errors === 1 ? "error" : "errors"}` : "") : row ? rightOf(row) : ""}</span>
        </div>
    );
}

function Title({ row }: { row: OutlineRow }): JSX.Element {
    const title = oneLine(row.title, 90);
    const detail = row.detail ? oneLine(row.detail, 90) : "";
    if (row.kind === "loop")
        return (
            <>
                <span class="number">{row.number}</span>
                <span class="title">{title}</span>
            </>
        );
    const mark =
        row.kind === "child" ? (
            <i class={`disc l-s${((((row.lane ?? 1) - 1) % 6) + 6) % 6 + 1}`} />
        ) : row.kind === "parallel" || row.kind === "compaction" || row.kind === "fork" ? (
            <Icon name={row.kind} />
        ) : row.kind === "step" ? (
            <Glyph name={stepGlyph(row)} tone={row.effect} />
        ) : null;
    return (
        <>
            {mark}
            <span class="title">
                {row.kind === "turn" && !/^turn/i.test(title) ? `Turn ${row.number ?? ""} ` : ""}
                {row.kind === "turn" && !/^turn/i.test(title) ? <i>{title}</i> : title} {detail && <i>{detail}</i>}
                {row.kind !== "step" && row.errors > 0 && <b class="bad">{` ${row.errors} ${row.errors === 1 ? "error" : "errors"}`}</b>}
            </span>
        </>
    );
}

function stepGlyph(row: OutlineRow): string {
    if (row.ok === FAILED && row.act !== "tool") return "error";
    if (row.act === "human") return "human";
    if (row.act === "model") return row.what === "reasoning" ? "thinking" : "model";
    if (row.act === "system") return "system";
    return { look: "read", change: "edit", run: "run", reach: "reach", spawn: "spawn" }[row.effect as string] ?? "other";
}

function rightOf(row: OutlineRow): JSX.Element | string {
    if (row.kind === "step" && row.ok === FAILED) return row.right ?? "failed";
    if (row.right) return row.right;
    return row.kind === "step" && row.ok === WELL ? "" : row.kind === "step" ? String(row.seq) : "";
}
