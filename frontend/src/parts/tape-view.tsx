/** The tape as a piece of the page: drawn when it is seen, again when its data, its width or the theme change. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import { drawTape, type TapeData } from "./tape";

export function TapeView({ tape, height = 18, label }: { tape: TapeData; height?: number; label?: string }): JSX.Element {
    const canvas = useRef<HTMLCanvasElement>(null);
    const [width, setWidth] = useState(0);
    useEffect(() => {
        const watched = canvas.current;
        if (!watched) return;
        const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.round(entry.contentRect.width)));
        watch.observe(watched);
        return () => watch.disconnect();
    }, []);
    const redraw = () => {
        if (canvas.current && width > 0) drawTape(canvas.current, tape, width, height);
    };
    useEffect(redraw, [tape, width, height]);
    useSignalEffect(redraw);
    const said = label ? ({ role: "img", "aria-label": label } as const) : ({ "aria-hidden": true } as const);
    return <canvas ref={canvas} class={`tape h${height}`} {...said} />;
}
