/** The tape: a session as a picture, model over tools over time (PAGE §1.3). Drawn on a canvas of any height. */
import type { Tape } from "../api/types";
import { token } from "../theme";
import { runs } from "./runs";

/** What stands at the end of a tape: it is being recorded, it failed, or nothing. */
export type TapeEnd = "now" | "failed" | null;

const EFFECTS: Record<string, string> = { look: "look", change: "change", run: "run", reach: "reach", spawn: "s2" };
const LETTERS: Record<string, string> = { l: "look", c: "change", r: "run", a: "reach", s: "spawn", o: "look" };

/** The colour of a tool's effect: looked, changed, ran, reached out. */
export const effectColour = (effect: string): string => token(EFFECTS[effect] ?? "look");

/** The colour of a lane: 0 is the main one, sub-agents follow by birth and begin again after six. */
export const laneColour = (lane: number): string => token(lane === 0 ? "main" : `s${((lane - 1) % 6) + 1}`);

/** What a tape shows, in words. */
export function tapeWords(tape: Tape): string {
    const failed = [...tape.tools].filter((letter) => letter !== letter.toLowerCase()).length;
    const parts = [`${tape.used} of ${tape.width} units of time used`];
    if (tape.agents.length) parts.push(`${tape.agents.length} sub-agents`);
    if (failed) parts.push(`${failed} with a failed tool`);
    return parts.join(", ");
}

/** Draw a tape onto a canvas of its own size on the page. */
export function drawTape(canvas: HTMLCanvasElement, tape: Tape, end: TapeEnd, width: number, height: number): void {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.scale(ratio, ratio);
    const scale = (width - 6) / Math.max(1, tape.width);
    const unit = height / 18;
    pen.fillStyle = token("line");
    pen.fillRect(0, height - 1, width, 1);
    for (const [from, count, what] of runs(tape.model, "0")) {
        // Three strengths are told apart at this height; nine are not.
        pen.fillStyle = token("main");
        pen.globalAlpha = what >= "6" ? 1 : what >= "3" ? 0.76 : 0.55;
        block(pen, from * scale, 3 * unit, count * scale, 7 * unit);
    }
    pen.globalAlpha = 1;
    for (const [from, count, what] of runs(tape.tools, ".")) {
        const failed = what !== what.toLowerCase();
        pen.fillStyle = failed ? token("bad") : effectColour(LETTERS[what] ?? "look");
        block(pen, from * scale, 11 * unit, count * scale, 4 * unit);
    }
    for (const [from, to, lane] of tape.agents) {
        pen.fillStyle = laneColour(lane);
        pen.fillRect(from * scale, 0.75, Math.max(2, (to - from + 1) * scale), 1.25);
    }
    for (const [at, kind] of tape.marks) if (kind === "compaction") upright(pen, at * scale, height);
    const last = tape.used * scale;
    if (end === "now") {
        pen.fillStyle = token("signal");
        pen.fillRect(Math.min(last, width - 2), 0, 1.75, height);
    } else if (end === "failed") {
        diamond(pen, Math.min(last + 2, width - 5), 7 * unit, 4.4 * Math.min(unit, 1.4));
    }
}

/** A block with the smallest radius; it never vanishes. */
function block(pen: CanvasRenderingContext2D, x: number, y: number, w: number, h: number): void {
    const wide = Math.max(1.5, w - 0.75);
    pen.beginPath();
    pen.roundRect(x, y, wide, h, Math.min(1, wide / 2));
    pen.fill();
}

/** A dashed upright through everything: the context was cut here. */
function upright(pen: CanvasRenderingContext2D, at: number, height: number): void {
    const x = Math.round(at) + 0.5;
    pen.strokeStyle = token("ink2");
    pen.lineWidth = 1;
    pen.setLineDash([2, 1.5]);
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, height);
    pen.stroke();
    pen.setLineDash([]);
}

function diamond(pen: CanvasRenderingContext2D, x: number, y: number, r: number): void {
    pen.fillStyle = token("bad");
    pen.beginPath();
    pen.moveTo(x, y - r);
    pen.lineTo(x + r, y);
    pen.lineTo(x, y + r);
    pen.lineTo(x - r, y);
    pen.fill();
}
