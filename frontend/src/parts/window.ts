/** A window over a long list of known heights: only the lines near the view exist, however many there are. */
import { useEffect, useReducer, useRef } from "preact/hooks";

export interface LineAt {
    index: number;
    start: number;
    size: number;
}

export interface Window {
    /** The lines to draw, from top to bottom. */
    lines: LineAt[];
    /** Height of all lines together. */
    total: number;
    /** Bring a line into view, as little as is needed; `above` is covered by what sticks at the top. */
    reveal: (index: number, above?: number) => void;
    /** The line at a height, for what floats beside the thumb. */
    lineAt: (offset: number) => number;
}

/** The last line that begins at or above a height. `starts` has one entry a line and one for the end. */
export function lineAtOffset(starts: Float64Array, offset: number): number {
    let low = 0;
    let high = Math.max(0, starts.length - 2);
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle]! <= offset) low = middle;
        else high = middle - 1;
    }
    return low;
}

export interface WindowProps {
    starts: Float64Array;
    scroller: () => HTMLElement | null;
    overscan?: number;
}

export function useWindow({ starts, scroller, overscan = 12 }: WindowProps): Window {
    const [, redraw] = useReducer((n: number) => n + 1, 0);
    const seen = useRef({ top: 0, height: 0, from: 0, to: -1 });
    const count = starts.length - 1;
    const range = () => {
        const { top, height } = seen.current;
        const first = Math.max(0, lineAtOffset(starts, top) - overscan);
        const last = Math.min(count - 1, lineAtOffset(starts, top + height) + overscan);
        return [first, last] as const;
    };
    const current = useRef(range);
    current.current = range;
    useEffect(() => {
        const box = scroller();
        if (!box) return;
        const look = () => {
            seen.current.top = box.scrollTop;
            seen.current.height = box.clientHeight;
            const [from, to] = current.current();
            if (from !== seen.current.from || to !== seen.current.to) redraw(undefined);
        };
        const watch = new ResizeObserver(look);
        watch.observe(box);
        box.addEventListener("scroll", look, { passive: true });
        look();
        return () => {
            watch.disconnect();
            box.removeEventListener("scroll", look);
        };
    }, []);
    const [from, to] = range();
    seen.current.from = from;
    seen.current.to = to;
    const lines: LineAt[] = [];
    for (let index = from; index <= to; index += 1) {
        lines.push({ index, start: starts[index]!, size: starts[index + 1]! - starts[index]! });
    }
    return {
        lines,
        total: starts[count] ?? 0,
        reveal: (index, above = 0) => {
            const box = scroller();
            if (!box || index < 0 || index >= count) return;
            const top = starts[index]!;
            const bottom = starts[index + 1]!;
            if (top < box.scrollTop) box.scrollTop = top;
            else if (bottom > box.scrollTop + box.clientHeight - above) box.scrollTop = bottom - box.clientHeight + above;
        },
        lineAt: (offset) => lineAtOffset(starts, offset),
    };
}
