/** Rows of usage as stacked bars: which series, in which order and colour, how high, how sure. */
import type { UsageRow } from "../api/types";
import { costOf } from "../parts/money";
import type { Quality } from "../parts/numbers";
import type { Unit } from "./period";

/** Series that get a colour of their own; smaller ones are drawn together. */
export const MOST_SERIES = 6;
const COLOURS = ["main", "s1", "s2", "s6", "s4", "s3"] as const;
/** Key of the series that holds the small ones. */
export const OTHERS = "\u0000others";

export interface Series {
    key: string;
    title: string;
    colour: string;
}

export interface Slice {
    series: Series;
    value: number;
    quality: Quality;
    /** Whether a part of it has no known price. */
    unpriced: boolean;
}

export interface Bar {
    row: UsageRow;
    slices: Slice[];
    /** What is drawn. */
    sum: number;
    /** The sum with its quality, as numbers are written. */
    value: number | null;
    quality: Quality;
    unpriced: boolean;
}

export interface Stack {
    series: Series[];
    bars: Bar[];
    most: number;
    anyUnpriced: boolean;
}

const nameOf = (key: string | null): string => key ?? "unknown";

/** The bars of some rows. Series are ordered by their sum over all rows, the greatest first. */
export function stack(rows: readonly UsageRow[], unit: Unit, title: (key: string) => string): Stack {
    const sums = new Map<string, number>();
    for (const row of rows) {
        for (const part of row.parts) {
            const key = nameOf(part.key);
            // A series without a price still has a place in the legend: its tokens give the last of them an order.
            const worth = unit === "cost" ? part.sum.cost_known_usd + part.sum.usage.total / 1e12 : part.sum.usage.total;
            sums.set(key, (sums.get(key) ?? 0) + worth);
        }
    }
    const keys = [...sums].filter(([, sum]) => sum > 0).sort((a, b) => b[1] - a[1]).map(([key]) => key);
    const own = keys.length > MOST_SERIES ? keys.slice(0, MOST_SERIES - 1) : keys;
    const series: Series[] = own.map((key, index) => ({ key, title: title(key), colour: COLOURS[index]! }));
    if (keys.length > own.length) series.push({ key: OTHERS, title: `${keys.length - own.length} others`, colour: "look" });
    const byKey = new Map(series.map((one) => [one.key, one]));
    const bars = rows.map((row) => bar(row, unit, series, byKey));
    return { series, bars, most: Math.max(0, ...bars.map((one) => one.sum)), anyUnpriced: bars.some((one) => one.unpriced) };
}

function bar(row: UsageRow, unit: Unit, series: readonly Series[], byKey: ReadonlyMap<string, Series>): Bar {
    const slices = new Map<string, Slice>();
    for (const part of row.parts) {
        const one = byKey.get(nameOf(part.key)) ?? byKey.get(OTHERS);
        if (!one) continue;
        const { usage, cost_usd: cost, cost_known_usd: known } = part.sum;
        const told = unit === "cost" ? costOf(cost, known, usage.quality) : { value: usage.total, quality: usage.quality as Quality };
        const unpriced = unit === "cost" && cost === null;
        const value = told.value ?? 0;
        const held = slices.get(one.key);
        if (held) {
            held.value += value;
            held.quality = weaker(held.quality, told.quality);
            held.unpriced ||= unpriced;
        } else slices.set(one.key, { series: one, value, quality: told.quality, unpriced });
    }
    const ordered = series.flatMap((one) => slices.get(one.key) ?? []);
    const total = costOf(row.sum.cost_usd, row.sum.cost_known_usd, row.sum.usage.quality);
    return {
        row,
        slices: ordered,
        sum: ordered.reduce((sum, slice) => sum + slice.value, 0),
        value: unit === "cost" ? total.value : row.sum.usage.total,
        quality: unit === "cost" ? total.quality : row.sum.usage.quality,
        unpriced: ordered.some((slice) => slice.unpriced),
    };
}

function weaker(a: Quality, b: Quality): Quality {
    const order: Quality[] = ["measured", "estimated", "partial", "unknown"];
    return order[Math.max(order.indexOf(a), order.indexOf(b))]!;
}

/** Round steps for an axis: at most five, from nothing to above the most. */
export function steps(most: number): number[] {
    if (most <= 0) return [0, 1];
    const raw = most / 3.5;
    const ten = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((factor) => factor * ten).find((candidate) => candidate >= raw)!;
    const found: number[] = [];
    for (let at = 0; at < most + step; at += step) found.push(Number(at.toPrecision(12)));
    return found;
}
