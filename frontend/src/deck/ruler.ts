/** The ruler: round moments in time mode, round step numbers in step mode, folded waits by their length. */
import { type Scale, cell, content, xOfTime } from "./scale";

export interface Tick {
    x: number;
    label: string;
    isWait: boolean;
}

const UNITS_MS = [
    100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1800e3, 3600e3, 7200e3, 14400e3,
    43200e3, 86400e3,
];
const APART_PX = 74;
const WAIT_APART_PX = 200;

export function ticksOf(scale: Scale): Tick[] {
    return scale.mode === "time" ? timeTicks(scale) : stepTicks(scale);
}

function timeTicks(scale: Scale): Tick[] {
    const { gaps, active, total } = scale.folded;
    const room = content(scale) - gaps.length * scale.gapPx;
    const unit = UNITS_MS.find((ms) => active > 0 && (ms / active) * room >= APART_PX) ?? 86400e3;
    const waits = gaps
        .map((gap) => ({ x: xOfTime(scale, gap.from), label: `// ${waitText(gap.to - gap.from)}`, isWait: true }))
        .filter((tick) => tick.x >= 0 && tick.x <= scale.width);
    const found: Tick[] = [];
    const first = Math.floor(msLeft(scale) / unit) * unit;
    for (let ms = Math.max(0, first); ms <= total; ms += unit) {
        const gap = gaps.find((each) => each.from < ms && ms < each.to);
        if (gap) {
            // nothing round lies inside a wait: go on behind it
            ms = Math.ceil(gap.to / unit) * unit - unit;
            continue;
        }
        const x = xOfTime(scale, ms);
        if (x > scale.width) break;
        if (x >= -1) found.push({ x, label: clock(ms, unit < 1000), isWait: false });
    }
    // where waits follow one another everywhere, the time of day says more than their lengths
    const apart = spread(waits);
    const told = apart.length * WAIT_APART_PX > scale.width ? [] : apart;
    return uncrowded([...found, ...told].sort((a, b) => a.x - b.x));
}

function msLeft(scale: Scale): number {
    let low = 0;
    let high = scale.folded.total;
    for (let k = 0; k < 40; k++) {
        const middle = (low + high) / 2;
        if (xOfTime(scale, middle) < 0) low = middle;
        else high = middle;
    }
    return low;
}

function stepTicks(scale: Scale): Tick[] {
    const width = cell(scale);
    const units = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6];
    const unit = units.find((each) => each * width >= APART_PX) ?? 1e6;
    const found: Tick[] = [];
    const from = Math.max(0, Math.floor(scale.offset / width / unit) * unit);
    for (let i = from; i < scale.steps.count; i += unit) {
        const x = (i + 0.5) * width - scale.offset;
        if (x > scale.width) break;
        if (x >= 0) found.push({ x, label: String(scale.steps.seq[i] as number), isWait: false });
    }
    return found;
}

/** Of waits that stand close together only the first is named. */
function spread(waits: Tick[]): Tick[] {
    const kept: Tick[] = [];
    for (const tick of waits) {
        const before = kept[kept.length - 1];
        if (!before || tick.x - before.x >= APART_PX) kept.push(tick);
    }
    return kept;
}

/** A wait's label wins over a round moment that would touch it. */
function uncrowded(ticks: Tick[]): Tick[] {
    const kept: Tick[] = [];
    for (const tick of ticks) {
        const before = kept[kept.length - 1];
        if (before && tick.x - before.x < 44) {
            if (tick.isWait && !before.isWait) kept[kept.length - 1] = tick;
            continue;
        }
        kept.push(tick);
    }
    return kept;
}

/** 5:21, 1:05:21, 2 d 1:05 */
export function clock(ms: number, withTenths = false): string {
    const seconds = Math.floor(ms / 1000);
    const s = seconds % 60;
    const m = Math.floor(seconds / 60) % 60;
    const h = Math.floor(seconds / 3600) % 24;
    const d = Math.floor(seconds / 86400);
    const two = (value: number): string => String(value).padStart(2, "0");
    if (d) return `${d} d ${h}:${two(m)}`;
    if (h) return `${h}:${two(m)}:${two(s)}`;
    const tail = withTenths ? `.${Math.floor((ms % 1000) / 100)}` : "";
    return `${m}:${two(s)}${tail}`;
}

export function waitText(ms: number): string {
    const s = Math.round(ms / 1000);
    if (s < 120) return `${s} s`;
    if (s < 7200) return `${Math.round(s / 60)} m`;
    if (s < 172800) return `${Math.round(s / 3600)} h`;
    return `${Math.round(s / 86400)} d`;
}
