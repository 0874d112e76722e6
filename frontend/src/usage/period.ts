/** What the usage view is asked: period, split, unit and span, as the address holds them. */
import { dayMonth, fromIsoDay, isoDay } from "../parts/times";

export type By = "day" | "week" | "month" | "session";
export type Split = "agent" | "model" | "project";
export type Unit = "cost" | "tokens";

export const BYS: readonly (readonly [By, string])[] = [
    ["day", "Day"],
    ["week", "Week"],
    ["month", "Month"],
    ["session", "Session"],
];
export const SPLITS: readonly (readonly [Split, string])[] = [
    ["agent", "by agent"],
    ["model", "by model"],
    ["project", "by project"],
];

/** Spans to choose from, in days; all is no limit. */
export const SPANS: readonly (readonly [name: string, days: number | null, title: string])[] = [
    ["7d", 7, "7 days"],
    ["30d", 30, "30 days"],
    ["90d", 90, "90 days"],
    ["365d", 365, "a year"],
    ["all", null, "all"],
];

export interface Asked {
    by: By;
    split: Split;
    unit: Unit;
    since: string | null;
    until: string | null;
    /** The chosen span; null where two days are named. */
    span: string | null;
}

const oneOf = <T extends string>(value: string | null, known: readonly (readonly [T, string])[], otherwise: T): T =>
    known.some(([name]) => name === value) ? (value as T) : otherwise;

/** What the address asks; the usual span grows with the period. */
export function asked(params: URLSearchParams, today: Date): Asked {
    const by = oneOf(params.get("by"), BYS, "day");
    const usual = by === "day" ? "30d" : by === "session" ? "7d" : "365d";
    const since = params.get("since") ?? usual;
    const until = params.get("until");
    const span = !until && SPANS.some(([name]) => name === since) ? since : null;
    const days = SPANS.find(([name]) => name === span)?.[1] ?? null;
    const from = span === null ? since : days === null ? null : isoDay(daysBefore(today, days - 1));
    return {
        by,
        split: oneOf(params.get("split"), SPLITS, "model"),
        unit: params.get("unit") === "tokens" ? "tokens" : "cost",
        since: from,
        until,
        span,
    };
}

const daysBefore = (today: Date, days: number): Date => new Date(today.getFullYear(), today.getMonth(), today.getDate() - days, 12);

/** "22 Oct – 20 Nov" */
export function spanWords(since: string | null, until: string | null, today: Date): string {
    const end = until ? dayMonth(fromIsoDay(until), today) : dayMonth(today, today);
    return since ? `${dayMonth(fromIsoDay(since), today)} – ${end}` : `all until ${end}`;
}

/** Every day from … to, so that days without use stand in the chart as gaps. */
export function daysOf(since: string, until: Date): string[] {
    const found: string[] = [];
    const at = fromIsoDay(since);
    for (; at <= until || isoDay(at) === isoDay(until); at.setDate(at.getDate() + 1)) {
        found.push(isoDay(at));
        if (found.length > 3700) break;
    }
    return found;
}
