/** The tape: a session as a picture, model over tools over time (PAGE §1.3). Drawn on a canvas of any height. */
import { token } from "../theme";

/** What one drawing needs; x and w are in units of `width`. */
export interface TapeData {
    width: number;
    /** x, w, share of the strongest: 0 … 1 */
    model: readonly (readonly [number, number, number])[];
    /** x, w, effect */
    tools: readonly (readonly [number, number, string])[];
    /** x, w, lane (1 …) */
    lanes?: readonly (readonly [number, number, number])[];
    /** x, kind: compaction | error | now | fork | human | permission */
    marks: readonly (readonly [number, string])[];
}

const EFFECTS: Record<string, string> = { look: "look", change: "change", run: "run", reach: "reach", spawn: "s2" };

/** The colour of a tool's effect: looked, changed, ran, reached out. */
export const effectColour = (effect: string): string => token(EFFECTS[effect] ?? "look");

/** The colour of a lane: 0 is the main one, sub-agents follow by birth and begin again after six. */
export const laneColour = (lane: number): string => token(lane === 0 ? "main" : `s${((lane - 1) % 6) + 1}`);

/** Draw a tape onto a canvas of its own size on the page. */
export function drawTape(canvas: HTMLCanvasElement, tape: TapeData, width: number, height: number): void {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.scale(ratio, ratio);
    const scale = width / Math.max(1, tape.width);
    const unit = height / 18;
    const rows = { lane: 1.5 * unit, model: 3 * unit, modelHigh: 7.5 * unit, tool: 11.5 * unit, toolHigh: 4 * unit };
    pen.fillStyle = token("line");
    pen.fillRect(0, height - 1, width, 1);
    const strong = token("main");
    const pale = token("u-write");
    for (const [x, w, share] of tape.model) {
        pen.fillStyle = share >= 0.66 ? strong : pale;
        pen.globalAlpha = share >= 0.66 ? 1 : 0.55 + share * 0.6;
        block(pen, x * scale, rows.model, w * scale, rows.modelHigh);
    }
    pen.globalAlpha = 1;
    for (const [x, w, effect] of tape.tools) {
        pen.fillStyle = effectColour(effect);
        block(pen, x * scale, rows.tool, w * scale, rows.toolHigh);
    }
    for (const [x, w, lane] of tape.lanes ?? []) {
        pen.fillStyle = laneColour(lane);
        pen.fillRect(x * scale, rows.lane, Math.max(2, w * scale), 1.25);
    }
    for (const [x, kind] of tape.marks) mark(pen, kind, x * scale, width, height, unit);
}

/** A block with the smallest radius; it never vanishes. */
function block(pen: CanvasRenderingContext2D, x: number, y: number, w: number, h: number): void {
    const wide = Math.max(1.5, w - 0.75);
    pen.beginPath();
    pen.roundRect(x, y, wide, h, Math.min(1, wide / 2));
    pen.fill();
}

function mark(pen: CanvasRenderingContext2D, kind: string, at: number, width: number, height: number, unit: number): void {
    const x = Math.min(Math.max(at, 1), width - 1);
    if (kind === "now") {
        pen.fillStyle = token("signal");
        pen.fillRect(x - 0.875, 1, 1.75, height - 1);
    } else if (kind === "compaction") {
        pen.strokeStyle = token("ink2");
        pen.lineWidth = 1;
        pen.setLineDash([2, 2]);
        pen.beginPath();
        pen.moveTo(Math.round(x) + 0.5, 0);
        pen.lineTo(Math.round(x) + 0.5, height);
        pen.stroke();
        pen.setLineDash([]);
    } else if (kind === "error" || kind === "failed") {
        const r = (kind === "failed" ? 4.2 : 2.6) * Math.min(unit, 1.4);
        const y = 7 * unit;
        const centre = Math.min(Math.max(x, r), width - r);
        pen.fillStyle = token("bad");
        pen.beginPath();
        pen.moveTo(centre, y - r);
        pen.lineTo(centre + r, y);
        pen.lineTo(centre, y + r);
        pen.lineTo(centre - r, y);
        pen.fill();
    }
}
