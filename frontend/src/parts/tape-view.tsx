/** The tape as a piece of the page: drawn again when its data, its width or the theme change. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { Tape } from "../api/types";
import { isDark } from "../theme";
import { drawTape, tapeWords, type TapeEnd } from "./tape";

export interface TapeProps {
    tape: Tape | null;
    end?: TapeEnd;
    height?: 18 | 26;
}

export function TapeView({ tape, end = null, height = 18 }: TapeProps): JSX.Element {
    const canvas = useRef<HTMLCanvasElement>(null);
    const [width, setWidth] = useState(0);
    useEffect(() => {
        const watched = canvas.current;
        if (!watched) return;
        const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.round(entry.contentRect.width)));
        watch.observe(watched);
        return () => watch.disconnect();
    }, []);
    const dark = isDark.value;
    useEffect(() => {
        if (canvas.current && tape && width > 0) drawTape(canvas.current, tape, end, width, height);
    }, [tape, end, width, height, dark]);
    return <canvas ref={canvas} class={`tape h${height}`} role="img" aria-label={tape ? `Tape: ${tapeWords(tape)}` : "Tape"} />;
}
