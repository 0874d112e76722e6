/** What something cost, with how sure that is. */
import type { Quality } from "./numbers";

export interface Cost {
    value: number | null;
    quality: Quality;
}

/** A cost of which a part has no price is a lower bound; with nothing priced it is unknown. */
export function costOf(cost: number | null, known: number, quality: Quality): Cost {
    if (cost === null) return known > 0 ? { value: known, quality: "partial" } : { value: null, quality: "unknown" };
    return { value: cost, quality };
}
