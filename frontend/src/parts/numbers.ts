/** Numbers as the page writes them: how sure they are is part of the number (PAGE §1.4). */

export type Quality = "measured" | "partial" | "estimated" | "unknown";

/** Sign before a number of that quality. */
export const SIGNS: Record<Quality, string> = { measured: "", partial: "≥", estimated: "≈", unknown: "" };

const WORDS: Record<Quality, string> = {
    measured: "measured",
    partial: "at least",
    estimated: "estimated",
    unknown: "unknown",
};

/** How a reader without eyes hears the quality of a number. */
export const qualityWord = (quality: Quality): string => WORDS[quality];

/** A sum with any part unknown or partial is a lower bound, else with any estimated part an estimate. */
export function sumQuality(parts: Iterable<Quality>): Quality {
    let worst: Quality = "measured";
    for (const part of parts) {
        if (part === "partial" || part === "unknown") return "partial";
        if (part === "estimated") worst = "estimated";
    }
    return worst;
}

/** 1234567 → "1,234,567". */
export function grouped(value: number): string {
    return Math.round(value).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** Tokens and other counts in little room: 950, 6.1k, 143.0k, 3.92M, 1.24B. */
export function compact(value: number): string {
    if (value < 1000) return String(Math.round(value));
    if (value < 999_950) return `${(value / 1000).toFixed(1)}k`;
    if (value < 999_995_000) return `${(value / 1e6).toFixed(value < 99_995_000 ? 2 : 1)}M`;
    return `${(value / 1e9).toFixed(2)}B`;
}

/** The same for a sentence, where no column keeps digits under each other: 9.6M rather than 9.60M. */
export const rounded = (value: number): string => compact(value).replace(/(\.\d)0([MB])$/, "$1$2").replace(/\.0([kMB])$/, "$1");

/** US dollars: $3.42, $1,204.50; what is under a cent keeps two digits that count. */
export function money(value: number): string {
    if (value === 0) return "$0.00";
    if (value < 0.01) return `$${Number(value.toPrecision(2)).toFixed(Math.min(6, 1 - Math.floor(Math.log10(value))))}`;
    const [whole, cents] = value.toFixed(2).split(".");
    return `$${grouped(Number(whole))}.${cents}`;
}

/** Bytes: 812 B, 1.9 GB. */
export function bytes(value: number): string {
    const units = ["B", "KB", "MB", "GB", "TB"];
    let unit = 0;
    let rest = value;
    while (rest >= 999.5 && unit < units.length - 1) {
        rest /= 1000;
        unit += 1;
    }
    return `${unit === 0 || rest >= 99.95 ? Math.round(rest) : rest.toFixed(1)} ${units[unit]}`;
}

/** Share of a whole in whole percent; something is never written as nothing, nor nearly all as all. */
export function percent(part: number, whole: number): string {
    if (whole <= 0) return "—";
    const exact = (part / whole) * 100;
    if (exact > 0 && exact < 1) return "<1 %";
    if (exact < 100 && exact > 99) return ">99 %";
    return `${Math.round(exact)} %`;
}
