/** Above one step per pixel the tape draws pixels, not steps; a pixel that holds an error shows the error. */
import { type Scale, cell, lowerBound, msAt, span, xOfIndex } from "./scale";
import { FAILED, MODEL } from "./steps";

export interface Buckets {
    width: number;
    /** Largest context whose place falls into the pixel; -1 where nothing does. */
    context: Float64Array;
    cached: Float64Array;
    /** Running cost behind the pixel; NaN where nothing falls into it. */
    cost: Float64Array;
    model: Uint8Array;
    /** The effect that weighs most: changed over ran over reached over spawned over looked. */
    effect: Uint8Array;
    failed: Uint8Array;
}

/** By the effect's number: none, look, change, run, reach, spawn, other. */
const WEIGHT = [0, 1, 6, 5, 4, 3, 2];

/** Gives the rows that may be seen, with one on either side. */
export function visible(scale: Scale): { from: number; to: number } {
    const { count, place } = scale.steps;
    if (!count) return { from: 0, to: 0 };
    if (scale.mode === "step") {
        const width = cell(scale);
        const from = Math.floor(scale.offset / width) - 1;
        const to = Math.ceil((scale.offset + scale.width) / width) + 1;
        return { from: Math.max(0, from), to: Math.min(count, to) };
    }
    const from = lowerBound(place, msAt(scale, 0)) - 1;
    const to = lowerBound(place, msAt(scale, scale.width)) + 2;
    return { from: Math.max(0, from), to: Math.min(count, to) };
}

export function isDense(scale: Scale): boolean {
    const { from, to } = visible(scale);
    return to - from > scale.width;
}

export function bucketed(scale: Scale): Buckets {
    const width = Math.ceil(scale.width);
    const { steps } = scale;
    const buckets: Buckets = {
        width,
        context: new Float64Array(width).fill(-1),
        cached: new Float64Array(width),
        cost: new Float64Array(width).fill(NaN),
        model: new Uint8Array(width),
        effect: new Uint8Array(width),
        failed: new Uint8Array(width),
    };
    const { from, to } = visible(scale);
    for (let i = from; i < to; i++) {
        const x = clamp(Math.floor(xOfIndex(scale, i)), width);
        const context = steps.context[i] as number;
        if (context > (buckets.context[x] as number)) {
            buckets.context[x] = context;
            buckets.cached[x] = steps.cached[i] as number;
        }
        buckets.cost[x] = steps.cost[i] as number;
        place(scale, buckets, i);
    }
    return buckets;
}

function place(scale: Scale, buckets: Buckets, i: number): void {
    const { steps } = scale;
    const effect = steps.effect[i] as number;
    const isTalk = steps.act[i] === MODEL;
    const hasFailed = steps.ok[i] === FAILED;
    if (!effect && !isTalk && !hasFailed) return;
    const drawn = span(scale, i);
    const left = clamp(Math.floor(drawn.from), buckets.width);
    const right = clamp(Math.floor(Math.max(drawn.from, drawn.to - 0.5)), buckets.width);
    for (let x = left; x <= right; x++) {
        if (isTalk) buckets.model[x] = 1;
        if (hasFailed) buckets.failed[x] = 1;
        if ((WEIGHT[effect] as number) > (WEIGHT[buckets.effect[x] as number] as number)) buckets.effect[x] = effect;
    }
}

function clamp(x: number, width: number): number {
    return Math.min(width - 1, Math.max(0, x));
}
