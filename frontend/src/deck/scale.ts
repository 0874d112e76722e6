/**
 * Where a step stands on the tape. Two modes, one promise: a step's place is a monotone function of its
 * number, so that the same pixel always means the same step until somebody zooms.
 */
import { MODEL, type Steps, TOOL, WAIT_MS } from "./steps";

export type Mode = "time" | "step";

/** A wait that is folded to a few pixels. */
export interface Gap {
    from: number;
    to: number;
}

/** What does not change while the hand zooms and pans. */
export interface Folded {
    gaps: Gap[];
    /** Milliseconds waited in all gaps before the one of the same index. */
    waited: Float64Array;
    /** Milliseconds that are drawn to scale. */
    active: number;
    total: number;
}

export interface Scale {
    mode: Mode;
    steps: Steps;
    folded: Folded;
    /** Pixels of the tape on screen. */
    width: number;
    zoom: number;
    /** Pixels of the zoomed tape left of the screen. */
    offset: number;
    gapPx: number;
}

export const GAP_PX = 8;

/** Gives the stretches without any activity, longer than a wait. */
export function fold(steps: Steps): Folded {
    const spans: { from: number; to: number }[] = [];
    for (let i = 0; i < steps.count; i++) spans.push({ from: steps.start[i] as number, to: steps.end[i] as number });
    for (const lane of steps.lanes)
        for (let i = 0; i < lane.start.length; i++)
            spans.push({ from: lane.start[i] as number, to: lane.end[i] as number });
    spans.sort((a, b) => a.from - b.from);
    const gaps: Gap[] = [];
    let reached = 0;
    for (const { from, to } of spans) {
        if (from - reached > WAIT_MS) gaps.push({ from: reached, to: from });
        if (to > reached) reached = to;
    }
    const waited = new Float64Array(gaps.length + 1);
    gaps.forEach((gap, k) => (waited[k + 1] = (waited[k] as number) + gap.to - gap.from));
    return { gaps, waited, active: Math.max(0, reached - (waited[gaps.length] as number)), total: reached };
}

export function scaleOf(steps: Steps, folded: Folded, mode: Mode, width: number): Scale {
    return sized({ mode, steps, folded, width: Math.max(1, width), zoom: 1, offset: 0, gapPx: GAP_PX });
}

/** Keeps zoom and offset inside the tape and the gaps narrower than what they separate. */
function sized(scale: Scale): Scale {
    const most = Math.max(1, (scale.steps.count * 24) / scale.width, 40);
    const zoom = Math.min(Math.max(1, scale.zoom), most);
    const content = scale.width * zoom;
    const gaps = scale.folded.gaps.length;
    const gapPx = gaps ? Math.min(GAP_PX, (content * 0.4) / gaps) : 0;
    const offset = Math.min(Math.max(0, scale.offset), content - scale.width);
    return { ...scale, zoom, gapPx, offset };
}

export function content(scale: Scale): number {
    return scale.width * scale.zoom;
}

/** Gives the number of gaps that end at or before a moment, and how far into the next one it is. */
function gapsBefore({ gaps, waited }: Folded, ms: number): { whole: number; waited: number; part: number } {
    let low = 0;
    let high = gaps.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if ((gaps[middle] as Gap).to <= ms) low = middle + 1;
        else high = middle;
    }
    const before = waited[low] as number;
    const next = gaps[low];
    if (!next || next.from >= ms) return { whole: low, waited: before, part: 0 };
    return { whole: low, waited: before + ms - next.from, part: (ms - next.from) / (next.to - next.from) };
}

/** Gives the pixel of a moment on the time scale. */
function timePx(scale: Scale, ms: number): number {
    const { gaps, active } = scale.folded;
    const room = content(scale) - gaps.length * scale.gapPx;
    const { whole, waited, part } = gapsBefore(scale.folded, ms);
    const share = active > 0 ? (ms - waited) / active : 0;
    return share * room + (whole + part) * scale.gapPx - scale.offset;
}

/** Gives the moment at a pixel of the time scale. */
export function msAt(scale: Scale, x: number): number {
    const { gaps, active, total } = scale.folded;
    const room = content(scale) - gaps.length * scale.gapPx;
    const perPx = room > 0 ? active / room : 0;
    let rest = x + scale.offset;
    let from = 0;
    for (const gap of gaps) {
        const drawn = perPx > 0 ? (gap.from - from) / perPx : 0;
        if (rest <= drawn) return from + rest * perPx;
        rest -= drawn;
        if (rest <= scale.gapPx) return gap.from + (rest / Math.max(scale.gapPx, 1e-9)) * (gap.to - gap.from);
        rest -= scale.gapPx;
        from = gap.to;
    }
    return Math.min(total, from + rest * perPx);
}

/** Gives the pixels of a moment in either mode; in step mode a moment lies between the rows around it. */
export function xOfTime(scale: Scale, ms: number): number {
    if (scale.mode === "time") return timePx(scale, ms);
    const { place, count } = scale.steps;
    const i = lowerBound(place, ms);
    if (i >= count) return xOfIndex(scale, count - 1) + cell(scale) / 2;
    const to = place[i] as number;
    const from = i ? (place[i - 1] as number) : 0;
    const share = to > from ? (ms - from) / (to - from) : 1;
    return (i + share) * cell(scale) - scale.offset;
}

/** The width of one step in step mode. */
export function cell(scale: Scale): number {
    return content(scale) / Math.max(1, scale.steps.count);
}

/** Gives the pixel where the playhead stands for row `i`. */
export function xOfIndex(scale: Scale, i: number): number {
    if (scale.mode === "step") return (i + 1) * cell(scale) - scale.offset;
    return timePx(scale, scale.steps.place[i] as number);
}

/** Gives the pixels from which to which row `i` is drawn. */
export function span(scale: Scale, i: number): { from: number; to: number } {
    if (scale.mode === "step") {
        const width = cell(scale);
        const from = i * width - scale.offset;
        return { from: from + Math.min(1, width * 0.12), to: from + width - Math.min(1, width * 0.12) };
    }
    return { from: timePx(scale, scale.steps.start[i] as number), to: timePx(scale, scale.steps.end[i] as number) };
}

/** The first index whose value is not below `value`; the array must not fall. */
export function lowerBound(values: Float64Array, value: number): number {
    let low = 0;
    let high = values.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if ((values[middle] as number) < value) low = middle + 1;
        else high = middle;
    }
    return low;
}

/** Gives the row whose playhead place is nearest to a pixel, among rows for which `test` holds. */
export function nearest(scale: Scale, x: number, test?: (i: number) => boolean): number {
    const { count, place } = scale.steps;
    if (!count) return 0;
    let i: number;
    if (scale.mode === "step") {
        i = Math.round((x + scale.offset) / cell(scale)) - 1;
    } else {
        const ms = msAt(scale, x);
        i = lowerBound(place, ms);
        if (i > 0 && (i >= count || ms - (place[i - 1] as number) < (place[i] as number) - ms)) i--;
        // several rows may share one moment: the last of them is the state then
        while (i + 1 < count && place[i + 1] === place[i]) i++;
    }
    i = Math.min(count - 1, Math.max(0, i));
    if (!test || test(i)) return i;
    let left = i - 1;
    let right = i + 1;
    while (left >= 0 && !test(left)) left--;
    while (right < count && !test(right)) right++;
    if (left < 0 && right >= count) return i;
    if (left < 0) return right;
    if (right >= count) return left;
    return x - xOfIndex(scale, left) <= xOfIndex(scale, right) - x ? left : right;
}

/** What a row belongs to on the tape, for `nearest` of the lane under the pointer. */
export function onLane(steps: Steps, lane: "main" | "tools" | "marks"): (i: number) => boolean {
    if (lane === "main") return (i) => steps.act[i] === MODEL;
    if (lane === "tools") return (i) => steps.act[i] === TOOL;
    const marked = new Set(steps.marks.map((mark) => mark.i));
    return (i) => marked.has(i);
}

export function zoomed(scale: Scale, factor: number, x: number): Scale {
    const under = x + scale.offset;
    const next = sized({ ...scale, zoom: scale.zoom * factor });
    return sized({ ...next, offset: (under * next.zoom) / scale.zoom - x });
}

export function panned(scale: Scale, dx: number): Scale {
    return sized({ ...scale, offset: scale.offset + dx });
}

export function fitted(scale: Scale): Scale {
    return sized({ ...scale, zoom: 1, offset: 0 });
}

export function resized(scale: Scale, width: number): Scale {
    const share = scale.offset / scale.width;
    return sized({ ...scale, width: Math.max(1, width), offset: share * width });
}

/** Changes the mode so that row `i` keeps its place on screen as far as the ends of the tape allow. */
export function switched(scale: Scale, mode: Mode, i: number): Scale {
    if (scale.mode === mode || !scale.steps.count) return { ...scale, mode };
    const x = xOfIndex(scale, i);
    const next = sized({ ...scale, mode });
    return sized({ ...next, offset: next.offset + xOfIndex(next, i) - x });
}

/** Brings row `i` on screen, moving the tape as little as it takes. */
export function revealed(scale: Scale, i: number): Scale {
    const x = xOfIndex(scale, i);
    if (x >= 0 && x <= scale.width) return scale;
    return panned(scale, x - scale.width / 2);
}
