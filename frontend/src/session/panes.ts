/** Widths of the panes: dragged by their edges, reset by a double click, kept in this browser. */
import { signal } from "@preact/signals";
import { recall, remember } from "../parts/stored";

export const LIMITS = { outline: { least: 220, usual: 286, most: 420 }, inspector: { least: 300, usual: 356, most: 560 } } as const;
export type Sized = keyof typeof LIMITS;

export const widths = {
    outline: signal(bounded("outline", recall("outline", LIMITS.outline.usual as number))),
    inspector: signal(bounded("inspector", recall("inspector", LIMITS.inspector.usual as number))),
};

function bounded(pane: Sized, width: number): number {
    const { least, most, usual } = LIMITS[pane];
    return Number.isFinite(width) ? Math.min(most, Math.max(least, width)) : usual;
}

export function resize(pane: Sized, width: number): void {
    widths[pane].value = bounded(pane, width);
    remember(pane, widths[pane].value);
}

export function reset(pane: Sized): void {
    widths[pane].value = LIMITS[pane].usual;
    remember(pane, null);
}

/** Starts a drag of a pane's edge. */
export function drag(pane: Sized, event: PointerEvent): void {
    const handle = event.currentTarget as HTMLElement;
    const from = event.clientX;
    const width = widths[pane].peek();
    handle.setPointerCapture(event.pointerId);
    const move = (next: PointerEvent): void => resize(pane, width + (pane === "outline" ? next.clientX - from : from - next.clientX));
    const stop = (): void => {
        handle.removeEventListener("pointermove", move);
        handle.removeEventListener("pointerup", stop);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", stop);
}
