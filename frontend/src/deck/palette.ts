/** The colours of the tape, read from the page's tokens; the future has the same hues with little ink. */
import { laneColour } from "../parts/tape";
import { token } from "../theme";

export interface Palette {
    paper: string;
    sunk: string;
    line: string;
    line2: string;
    ink: string;
    ink2: string;
    ink3: string;
    main: string;
    sent: string;
    cached: string;
    bad: string;
    warn: string;
    fork: string;
    note: string;
    signal: string;
    effects: readonly string[];
    lane: (index: number) => string;
    font: string;
}

/** `pencil` 0 gives full ink, 1 nothing but paper. */
export function paletteOf(pencil: number): Palette {
    const panel = token("panel");
    const dim = (colour: string, more = 0): string => mixed(colour, panel, Math.min(1, pencil + more));
    return {
        paper: panel,
        sunk: mixed(token("sunk"), panel, 0.45),
        line: token("line"),
        line2: token("line2"),
        ink: dim(token("ink")),
        ink2: dim(token("ink2")),
        ink3: token("ink3"),
        main: dim(token("main")),
        sent: dim(token("main"), (1 - pencil) * 0.88),
        cached: dim(token("main"), (1 - pencil) * 0.74),
        bad: dim(token("bad")),
        warn: dim(token("warn")),
        fork: dim(token("s2")),
        note: dim(token("focus")),
        signal: token("signal"),
        effects: ["look", "look", "change", "run", "reach", "s2", "look"].map((name) => dim(token(name))),
        lane: (index) => dim(laneColour(index)),
        font: getComputedStyle(document.documentElement).fontFamily,
    };
}

/** Mixes two colours of the form #rrggbb; a share of 0 is all of the first. */
export function mixed(from: string, to: string, share: number): string {
    if (share <= 0) return from;
    const a = parts(from);
    const b = parts(to);
    if (!a || !b) return from;
    return `rgb(${a.map((value, k) => Math.round(value + ((b[k] as number) - value) * share)).join(" ")})`;
}

function parts(colour: string): number[] | null {
    const hex = /^#([0-9a-f]{6})$/i.exec(colour.trim())?.[1];
    if (hex) return [0, 2, 4].map((k) => parseInt(hex.slice(k, k + 2), 16));
    const rgb = /^rgba?\(([^)]+)\)$/.exec(colour.trim())?.[1];
    return rgb ? rgb.split(/[\s,/]+/).slice(0, 3).map(Number) : null;
}
