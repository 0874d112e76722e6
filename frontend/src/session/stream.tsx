/** What was said and done, in order; only rows near the view exist. The line at N stands where the playhead is. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { HUMAN, MODEL, type Steps, TOOL } from "../deck/steps";
import { grouped } from "./groups";
import { Heights } from "./heights";
import { isSkimmed, Row, RunRow } from "./row";
import type { Session } from "./state";

/** Where the line at N stands in the pane, as a share of its height. */
const LINE_AT = 0.8;
const OVERSCAN_PX = 300;
const WIDE_PX = 1100;
const NEAR = 10;

interface Anchor {
    i: number;
    /** Pixels from the pane's top to the row's lower edge. */
    y: number;
}

function guess(steps: Steps, reading: string): Float32Array {
    const heights = new Float32Array(steps.count);
    for (let i = 0; i < steps.count; i++) {
        const act = steps.act[i];
        heights[i] = act === HUMAN ? 64 : act === MODEL ? 56 : act === TOOL ? (reading === "skim" ? 0 : 46) : reading === "skim" ? 0 : 30;
    }
    return heights;
}

export function Stream({ s }: { s: Session }): JSX.Element {
    const box = useRef<HTMLDivElement>(null);
    const inner = useRef<HTMLDivElement>(null);
    const heights = useRef<Heights | null>(null);
    const guessed = useRef("");
    const anchor = useRef<Anchor | null>(null);
    const ours = useRef(-1);
    const view = useSignal({ top: 0, height: 600, width: 700 });
    /** The row whose surroundings are on screen; it follows the playhead as soon as its rows are here. */
    const shown = useSignal(s.seen.peek());
    const redrawn = useSignal(0);
    const steps = s.steps.value;
    const reading = s.reading.value;
    void s.rows.version.value;
    void redrawn.value;
    if (steps) {
        const key = `${reading} ${s.era.value}`;
        if (!heights.current || guessed.current !== key) {
            if (heights.current && !guessed.current.endsWith(` ${s.era.value}`)) anchor.current = { i: s.seen.peek(), y: view.peek().height * LINE_AT };
            heights.current = new Heights(guess(steps, reading));
            guessed.current = key;
        } else if (heights.current.count !== steps.count) heights.current = heights.current.resized(guess(steps, reading));
    }
    const at = s.seen.value;
    const isLate = useComputed(() => shown.value !== s.seen.value);

    useSignalEffect(() => {
        const i = s.seen.value;
        void s.rows.version.value;
        const all = s.steps.value;
        if (!all?.count) return;
        const [from, to] = [Math.max(0, i - NEAR), Math.min(all.count - 1, i + 4)];
        if (s.rows.has(from, to)) {
            if (shown.peek() !== i || !anchor.current) settle(i);
        } else s.rows.want(Math.max(0, i - 20), Math.min(all.count - 1, i + 12));
    });

    function settle(i: number): void {
        shown.value = i;
        const row = inner.current?.querySelector(`[data-i="${i}"]`);
        const place = row?.getBoundingClientRect();
        const pane = box.current?.getBoundingClientRect();
        // a row that can be seen whole is left where it is when somebody pointed at it
        if (!s.moving.peek() && place && pane && place.top >= pane.top + 8 && place.bottom <= pane.bottom - 8) return;
        anchor.current = { i, y: view.peek().height * LINE_AT };
        redrawn.value++;
    }

    useEffect(() => {
        const pane = box.current;
        if (!pane) return;
        const watch = new ResizeObserver(() => {
            view.value = { ...view.peek(), height: pane.clientHeight, width: pane.clientWidth };
        });
        watch.observe(pane);
        return () => watch.disconnect();
    }, []);

    const count = steps?.count ?? 0;
    const sums = heights.current;
    const top = anchor.current && sums ? sums.top(anchor.current.i + 1) - anchor.current.y : view.value.top;
    const from = sums && count ? sums.at(Math.max(0, top - OVERSCAN_PX)) : 0;
    const to = sums && count ? sums.at(Math.max(0, top) + view.value.height + OVERSCAN_PX) : -1;

    useLayoutEffect(() => {
        const pane = box.current;
        const list = inner.current;
        if (!pane || !list || !sums) return;
        let changed = false;
        for (const child of list.children) {
            const element = child as HTMLElement;
            changed = sums.set(Number(element.dataset.i), element.offsetHeight) || changed;
        }
        if (changed) {
            const space = list.parentElement as HTMLElement;
            space.style.height = `${sums.total + view.peek().height * 0.22}px`;
            list.style.transform = `translateY(${sums.top(from)}px)`;
        }
        const held = anchor.current;
        if (held) {
            const want = Math.max(0, sums.top(held.i + 1) - held.y);
            if (Math.abs(pane.scrollTop - want) > 0.5) pane.scrollTop = want;
            ours.current = pane.scrollTop;
        }
        const end = pane.scrollTop + pane.clientHeight;
        if (sums.top(from) > pane.scrollTop + 1 || (to + 1 < count && sums.top(to + 1) < end)) redrawn.value++;
        if (!s.rows.has(from, to)) s.rows.want(from, to);
    });

    const scrolled = (): void => {
        const pane = box.current;
        if (!pane || !sums) return;
        if (Math.abs(pane.scrollTop - ours.current) < 1) return;
        ours.current = pane.scrollTop;
        // whatever the reader now looks at stays where it is while heights become known
        const i = sums.at(pane.scrollTop + pane.clientHeight / 2);
        anchor.current = { i, y: sums.top(i + 1) - pane.scrollTop };
        view.value = { ...view.peek(), top: pane.scrollTop };
    };

    const wide = view.value.width >= WIDE_PX;
    const drawn: JSX.Element[] = [];
    for (let i = from; i <= to && i < count; i++) {
        const rows = grouped(s, i, reading);
        drawn.push(
            <div key={i} data-i={i} class={i === at ? "slot now" : "slot"}>
                {rows === undefined && <div class="row waits" style={{ height: `${sums?.of(i) ?? 40}px` }} />}
                {rows?.map((row) =>
                    "run" in row ? (
                        <RunRow key="run" s={s} run={row} when={i <= at ? "past" : "later"} />
                    ) : reading === "skim" && isSkimmed(row) ? null : (
                        <Row key={row.seq} s={s} row={row} reading={reading} when={i < at ? "past" : i === at ? "now" : "later"} wide={wide} />
                    ),
                )}
                {i === at && <LineAt s={s} isLast={at === count - 1} />}
            </div>,
        );
    }
    return (
        <div ref={box} class={`stream ${isLate.value ? "late" : ""} ${reading}`} tabIndex={0} role="region" aria-label="Stream" aria-busy={isLate.value} onScroll={scrolled}>
            <div class="space" style={{ height: `${(sums?.total ?? 0) + view.value.height * 0.22}px` }}>
                <div ref={inner} class="rows" style={{ transform: `translateY(${sums?.top(from) ?? 0}px)` }}>
                    {drawn}
                </div>
            </div>
            {s.rows.trouble.value && <p class="trouble">{s.rows.trouble.value}</p>}
        </div>
    );
}

function LineAt({ s, isLast }: { s: Session; isLast: boolean }): JSX.Element {
    if (isLast && s.view.value?.is_live) {
        return (
            <div class="line-at live">
                <span>
                    <i class="dot" /> recording
                </span>
            </div>
        );
    }
    return (
        <div class="line-at">
            <span>
                Step {s.seenSeq.value}
                <span class="long"> · everything on this page is as it was here</span>
            </span>
        </div>
    );
}
