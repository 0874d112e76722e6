/** Draws the tape in one ink. Everything it needs is an argument, so that one test can watch every stroke. */
import { type Band } from "./bands";
import { type Buckets, bucketed, isDense, visible } from "./buckets";
import { type Palette } from "./palette";
import { ticksOf } from "./ruler";
import { type Scale, content, span, xOfIndex, xOfTime } from "./scale";
import { EFFECTS, FAILED, MODEL, OPEN, TOOL } from "./steps";
import { paintMark } from "./strokes";

export type Pen = Pick<
    CanvasRenderingContext2D,
    | "fillRect" | "clearRect" | "beginPath" | "moveTo" | "lineTo" | "fill" | "stroke" | "closePath" | "arc" | "fillText"
    | "measureText" | "setLineDash" | "save" | "restore" | "roundRect" | "createLinearGradient" | "rect" | "clip" | "translate"
> & {
    fillStyle: string | CanvasGradient | CanvasPattern;
    strokeStyle: string | CanvasGradient | CanvasPattern;
    lineWidth: number;
    font: string;
    textAlign: CanvasTextAlign;
    textBaseline: CanvasTextBaseline;
};

export interface Sheet {
    scale: Scale;
    bands: readonly Band[];
    height: number;
    /** Pixels right of the tape into which an unfinished step runs. */
    margin: number;
    /** The only lane in ink: 0 is the main one; null for all. */
    solo: number | null;
}

/** Draws all bands; the playhead is not part of it. */
export function paintTape(pen: Pen, sheet: Sheet, inks: Palette): void {
    pen.clearRect(0, 0, sheet.scale.width + sheet.margin, sheet.height);
    pen.fillStyle = inks.paper;
    pen.fillRect(0, 0, sheet.scale.width + sheet.margin, sheet.height);
    const buckets = isDense(sheet.scale) ? bucketed(sheet.scale) : null;
    for (const band of sheet.bands) {
        if (band.id === "ruler") paintRuler(pen, sheet, band, inks);
        else if (band.id === "overview") paintOverview(pen, sheet, band, inks);
        else if (band.id === "context") paintContext(pen, sheet, band, inks, buckets);
        else if (band.id === "main") paintMain(pen, sheet, band, inks, buckets);
        else if (band.id === "tools") paintTools(pen, sheet, band, inks, buckets);
        else if (band.id === "child") paintChild(pen, sheet, band, inks);
        else if (band.id === "marks") paintMarks(pen, sheet, band, inks);
        else paintFolded(pen, sheet, band, inks);
    }
    paintUprights(pen, sheet, inks);
}

function paintRuler(pen: Pen, { scale, margin }: Sheet, band: Band, inks: Palette): void {
    pen.font = `10.5px ${inks.font}`;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    for (const tick of ticksOf(scale)) {
        pen.fillStyle = inks.line2;
        if (!tick.isWait) pen.fillRect(Math.round(tick.x), band.y + 11, 1, 7);
        pen.fillStyle = inks.ink3;
        const wide = pen.measureText(tick.label).width;
        const x = tick.isWait ? tick.x - 2 : tick.x + 4;
        if (x + wide < scale.width + margin) pen.fillText(tick.label, x, band.y + 8.5);
    }
    pen.fillStyle = inks.line;
    pen.fillRect(0, band.y + band.h - 1, scale.width + margin, 1);
}

/** Where the window lies on the whole session. */
function paintOverview(pen: Pen, { scale, margin }: Sheet, band: Band, inks: Palette): void {
    pen.fillStyle = inks.sunk;
    pen.fillRect(0, band.y, scale.width + margin, band.h);
    const whole = content(scale);
    pen.fillStyle = inks.line2;
    const wide = Math.max(8, (scale.width / whole) * scale.width);
    pen.fillRect((scale.offset / whole) * scale.width, band.y + 1, wide, band.h - 2);
    pen.fillStyle = inks.bad;
    const { steps } = scale;
    const per = whole / scale.width;
    for (const mark of steps.marks)
        if (mark.kind === "error") pen.fillRect((xOfIndex(scale, mark.i) + scale.offset) / per - 0.5, band.y + 1, 1, band.h - 2);
}

interface Point {
    x: number;
    context: number;
    cached: number;
    cost: number;
}

function pointsOf(scale: Scale, buckets: Buckets | null): Point[] {
    const { steps } = scale;
    const found: Point[] = [];
    if (buckets) {
        for (let x = 0; x < buckets.width; x++) {
            const context = buckets.context[x] as number;
            if (context >= 0) found.push({ x, context, cached: buckets.cached[x] as number, cost: buckets.cost[x] as number });
        }
        return found;
    }
    const { from, to } = visible(scale);
    for (let i = from; i < to; i++)
        found.push({
            x: xOfIndex(scale, i),
            context: steps.context[i] as number,
            cached: steps.cached[i] as number,
            cost: steps.cost[i] as number,
        });
    return found;
}

/** The context that reaches the top of its band. */
export function topOf(scale: Scale): { top: number; compactAt: number | null } {
    const { context, compactAt, count } = scale.steps;
    let most = 1;
    for (let i = 0; i < count; i++) if ((context[i] as number) > most) most = context[i] as number;
    const isNear = compactAt !== null && compactAt <= most * 2.5;
    return { top: Math.max(most * 1.08, isNear ? compactAt * 1.06 : 0), compactAt: isNear ? compactAt : null };
}

function paintContext(pen: Pen, sheet: Sheet, band: Band, inks: Palette, buckets: Buckets | null): void {
    const { scale } = sheet;
    const points = pointsOf(scale, buckets);
    if (!points.length) return;
    const { top, compactAt } = topOf(scale);
    const floor = band.y + band.h;
    const high = (value: number): number => floor - (Math.max(0, value) / top) * band.h;
    pen.save();
    pen.beginPath();
    pen.rect(0, band.y, scale.width + sheet.margin, band.h + 1);
    pen.clip();
    area(pen, points, (point) => high(point.context), floor, inks.sent);
    area(pen, points, (point) => high(Math.min(point.cached, point.context)), floor, inks.cached);
    stairs(pen, points, (point) => high(point.context));
    pen.strokeStyle = inks.main;
    pen.lineWidth = 1.4;
    pen.stroke();
    const total = scale.steps.cost[scale.steps.count - 1] as number;
    if (total > 0) {
        stairs(pen, points, (point) => floor - (point.cost / total) * (band.h - 3) - 1);
        pen.strokeStyle = inks.ink;
        pen.lineWidth = 1.1;
        pen.setLineDash([2.5, 2.5]);
        pen.stroke();
        pen.setLineDash([]);
    }
    pen.restore();
    if (compactAt !== null) paintCompactAt(pen, sheet, high(compactAt), compactAt, inks);
}

function paintCompactAt(pen: Pen, { scale, margin }: Sheet, y: number, tokens: number, inks: Palette): void {
    pen.strokeStyle = inks.bad;
    pen.lineWidth = 1;
    pen.setLineDash([1.5, 3]);
    pen.beginPath();
    pen.moveTo(0, Math.round(y) + 0.5);
    pen.lineTo(scale.width + margin, Math.round(y) + 0.5);
    pen.stroke();
    pen.setLineDash([]);
    pen.font = `9.5px ${inks.font}`;
    pen.fillStyle = inks.ink3;
    pen.textAlign = "left";
    pen.textBaseline = "top";
    pen.fillText(`auto-compact at ${Math.round(tokens / 1000)}k`, 6, y + 4);
}

/** A line that keeps each value until the next point. */
function stairs(pen: Pen, points: readonly Point[], y: (point: Point) => number): void {
    pen.beginPath();
    let before: number | null = null;
    for (const point of points) {
        const at = y(point);
        if (before === null) pen.moveTo(Math.min(0, point.x), at);
        else pen.lineTo(point.x, before);
        pen.lineTo(point.x, at);
        before = at;
    }
}

function area(pen: Pen, points: readonly Point[], y: (point: Point) => number, floor: number, ink: string): void {
    stairs(pen, points, y);
    pen.lineTo((points[points.length - 1] as Point).x, floor);
    pen.lineTo(Math.min(0, (points[0] as Point).x), floor);
    pen.closePath();
    pen.fillStyle = ink;
    pen.fill();
}

function track(pen: Pen, { scale, margin }: Sheet, band: Band, inks: Palette): void {
    pen.fillStyle = inks.sunk;
    pen.fillRect(0, band.y + 1, scale.width + margin, band.h - 2);
}

function block(pen: Pen, from: number, to: number, band: Band, least: number): void {
    const gap = to - from > 4 ? 1 : 0;
    const wide = Math.max(least, to - from - gap);
    pen.beginPath();
    pen.roundRect(from, band.y + 1, wide, band.h - 2, Math.min(2, wide / 2));
    pen.fill();
}

const SPAWN = EFFECTS.indexOf("spawn");

/** A step that has not ended runs on to the edge and fades there. */
function softEnd(pen: Pen, { scale, margin }: Sheet, from: number, band: Band, ink: string, paper: string): void {
    const edge = scale.width + margin;
    const fade = pen.createLinearGradient(from, 0, edge, 0);
    fade.addColorStop(0, ink);
    fade.addColorStop(1, paper);
    pen.fillStyle = fade;
    pen.fillRect(from, band.y + 1, Math.max(0, edge - from), band.h - 2);
}

function isDimmed(sheet: Sheet, lane: number): boolean {
    return sheet.solo !== null && sheet.solo !== lane;
}

function paintMain(pen: Pen, sheet: Sheet, band: Band, inks: Palette, buckets: Buckets | null): void {
    const { scale } = sheet;
    const { steps } = scale;
    track(pen, sheet, band, inks);
    const ink = isDimmed(sheet, 0) ? inks.line2 : inks.main;
    pen.fillStyle = ink;
    if (buckets) {
        runs(buckets.width, (x) => buckets.model[x] as number, (from, to) => pen.fillRect(from, band.y + 1, to - from, band.h - 2));
    } else {
        const { from, to } = visible(scale);
        for (let i = from; i < to; i++) {
            if (steps.act[i] !== MODEL) continue;
            const drawn = span(scale, i);
            block(pen, drawn.from, drawn.to, band, 1.5);
        }
    }
    if (steps.isOpen && steps.count && steps.act[steps.count - 1] !== TOOL)
        softEnd(pen, sheet, xOfIndex(scale, steps.count - 1), band, ink, inks.paper);
}

function paintTools(pen: Pen, sheet: Sheet, band: Band, inks: Palette, buckets: Buckets | null): void {
    const { scale } = sheet;
    const { steps } = scale;
    track(pen, sheet, band, inks);
    const inkOf = (effect: number): string => (isDimmed(sheet, 0) ? inks.line2 : (inks.effects[effect] as string));
    if (buckets) {
        const code = (x: number): number => (buckets.failed[x] ? 99 : (buckets.effect[x] as number));
        runs(buckets.width, code, (from, to, effect) => {
            pen.fillStyle = effect === 99 ? inks.bad : inkOf(effect);
            pen.fillRect(from, band.y + 1, to - from, band.h - 2);
        });
        return;
    }
    const { from, to } = visible(scale);
    const born = new Map(steps.lanes.map((lane) => [lane.spawn, lane.index]));
    for (let i = from; i < to; i++) {
        if (steps.act[i] !== TOOL) continue;
        const drawn = span(scale, i);
        // what started a sub-agent has the colour of its lane
        const lane = steps.effect[i] === SPAWN && !isDimmed(sheet, 0) ? born.get(i) : undefined;
        const ink = lane === undefined ? inkOf(steps.effect[i] as number) : inks.lane(lane);
        if (steps.ok[i] === OPEN && steps.isOpen) {
            softEnd(pen, sheet, drawn.from, band, ink, inks.paper);
            continue;
        }
        pen.fillStyle = ink;
        block(pen, drawn.from, drawn.to, band, 2.5);
        if (steps.ok[i] === FAILED) {
            pen.fillStyle = inks.bad;
            pen.fillRect(drawn.from, band.y + band.h - 3, Math.max(2.5, drawn.to - drawn.from - 1), 2);
        }
    }
}

/** Calls `draw` once for each stretch of equal codes other than 0. */
function runs(width: number, code: (x: number) => number, draw: (from: number, to: number, code: number) => void): void {
    let from = 0;
    for (let x = 1; x <= width; x++) {
        const before = code(from);
        if (x < width && code(x) === before) continue;
        if (before) draw(from, x, before);
        from = x;
    }
}

function paintChild(pen: Pen, sheet: Sheet, band: Band, inks: Palette): void {
    track(pen, sheet, band, inks);
    const lane = band.lane;
    if (!lane) return;
    pen.fillStyle = isDimmed(sheet, lane.index) ? inks.line2 : inks.lane(lane.index);
    spans(pen, sheet, band);
}

function spans(pen: Pen, { scale }: Sheet, band: Band): void {
    const lane = band.lane;
    if (!lane) return;
    let drawn = -Infinity;
    for (let k = 0; k < lane.start.length; k++) {
        const from = xOfTime(scale, lane.start[k] as number);
        const to = xOfTime(scale, lane.end[k] as number);
        if (to < 0 || from > scale.width || Math.max(to, from + 1) <= drawn) continue;
        block(pen, from, to, band, 2);
        drawn = Math.max(from + 1, to);
    }
}

/** The sub-agents that have no line of their own, in one. */
function paintFolded(pen: Pen, sheet: Sheet, band: Band, inks: Palette): void {
    track(pen, sheet, band, inks);
    const shown = new Set(sheet.bands.map((each) => each.lane?.index));
    pen.fillStyle = inks.ink3;
    for (const lane of sheet.scale.steps.lanes) if (!shown.has(lane.index)) spans(pen, sheet, { ...band, lane });
}

/** Compactions run through everything; a sub-agent hangs from the line that started it and returns to it. */
function paintUprights(pen: Pen, { scale, bands }: Sheet, inks: Palette): void {
    const main = bands.find((band) => band.id === "main");
    const context = bands.find((band) => band.id === "context");
    const floor = bands[bands.length - 1];
    if (!main || !context || !floor) return;
    for (const band of bands) {
        if (!band.lane) continue;
        pen.fillStyle = inks.line2;
        for (const i of [band.lane.spawn, band.lane.back]) {
            const x = Math.round(xOfIndex(scale, i));
            if (x >= 0 && x <= scale.width) pen.fillRect(x, main.y + main.h, 1, band.y - main.y - main.h + 2);
        }
    }
    pen.strokeStyle = inks.ink2;
    pen.lineWidth = 1;
    pen.setLineDash([2, 2]);
    for (const mark of scale.steps.marks) {
        if (mark.kind !== "compaction") continue;
        const x = Math.round(xOfIndex(scale, mark.i)) + 0.5;
        if (x < 0 || x > scale.width) continue;
        pen.beginPath();
        pen.moveTo(x, context.y);
        pen.lineTo(x, floor.y + (floor.id === "marks" ? 3 : floor.h));
        pen.stroke();
    }
    pen.setLineDash([]);
}

function paintMarks(pen: Pen, { scale }: Sheet, band: Band, inks: Palette): void {
    const y = band.y + band.h / 2;
    const taken = new Map<string, number>();
    for (const mark of scale.steps.marks) {
        const x = xOfIndex(scale, mark.i);
        if (x < -4 || x > scale.width + 4) continue;
        // where many stand on one spot the first of its kind speaks for them
        const before = taken.get(mark.kind);
        if (before !== undefined && Math.abs(x - before) < 3) continue;
        taken.set(mark.kind, x);
        paintMark(pen, mark.kind, x, y, inks);
    }
}
