/** A window over a long list: only rows near the view exist. Thin over @tanstack/virtual-core. */
import {
    elementScroll,
    observeElementOffset,
    observeElementRect,
    Virtualizer,
    type VirtualItem,
    type VirtualizerOptions,
} from "@tanstack/virtual-core";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";

export type { VirtualItem };
export type Window = Virtualizer<HTMLElement, HTMLElement>;

export interface VirtualProps {
    count: number;
    scroller: () => HTMLElement | null;
    size: (index: number) => number;
    overscan?: number;
    key?: (index: number) => string | number;
    paddingStart?: number;
}

/** The virtual window of a scroller; the view draws `getVirtualItems()` inside `getTotalSize()` pixels. */
export function useVirtual({ count, scroller, size, overscan = 12, key, paddingStart = 0 }: VirtualProps): Window {
    const [, redraw] = useState(0);
    const options: VirtualizerOptions<HTMLElement, HTMLElement> = {
        count,
        getScrollElement: scroller,
        estimateSize: size,
        overscan,
        paddingStart,
        observeElementRect,
        observeElementOffset,
        scrollToFn: elementScroll,
        onChange: () => redraw((n) => n + 1),
        ...(key ? { getItemKey: key } : {}),
    };
    const [made] = useState(() => new Virtualizer(options));
    made.setOptions(options);
    useEffect(() => made._didMount(), []);
    useLayoutEffect(() => made._willUpdate());
    return made;
}
