/** A number with its quality: plain, ≥, ≈ with a dotted underline, or — (PAGE §1.4). */
import type { JSX } from "preact";
import { compact, grouped, money, qualityWord, type Quality, SIGNS } from "./numbers";

export interface AmountProps {
    value: number | null | undefined;
    quality?: Quality;
    kind?: "money" | "tokens" | "count";
    class?: string;
}

/** The number, its sign before it, and its quality in words for those who hear it. */
export function Amount({ value, quality = "measured", kind = "tokens", class: extra = "" }: AmountProps): JSX.Element {
    if (value === null || value === undefined || quality === "unknown") {
        return (
            <span class={`amount unknown ${extra}`} title="unknown">
                —
            </span>
        );
    }
    const text = kind === "money" ? money(value) : kind === "count" ? grouped(value) : compact(value);
    const sign = SIGNS[quality];
    return (
        <span class={`amount ${quality} ${extra}`} title={titled(value, quality, kind)}>
            {sign && (
                <span class="sign" role="img" aria-label={`${qualityWord(quality)} `}>
                    {sign}{" "}
                </span>
            )}
            <span class="value">{text}</span>
        </span>
    );
}

function titled(value: number, quality: Quality, kind: "money" | "tokens" | "count"): string {
    const exact = kind === "money" ? `$${value.toFixed(6).replace(/0{1,4}$/, "")}` : grouped(value);
    return quality === "measured" ? exact : `${qualityWord(quality)} ${exact}`;
}
