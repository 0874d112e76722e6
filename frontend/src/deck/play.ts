/** Playing a session: recorded time divided by speed, folded waits in 300 ms. Pure; the clock is an argument. */
import { type Folded } from "./scale";
import { type Steps } from "./steps";

export const SPEEDS = [0.5, 1, 4, 20] as const;
export const WAIT_PLAYED_MS = 300;
/** Steps without a known time between them still take a moment each, or a session without times would flash by. */
export const LEAST_MS = 40;

/** Gives how long the player stands at row `i` before it shows the next one, in milliseconds of the reader's time. */
export function pauseAfter(steps: Steps, folded: Folded, i: number, speed: number): number {
    if (i + 1 >= steps.count) return Infinity;
    const from = steps.place[i] as number;
    const to = steps.place[i + 1] as number;
    let recorded = to - from;
    let waits = 0;
    for (const gap of folded.gaps) {
        if (gap.from >= to) break;
        const cut = Math.min(gap.to, to) - Math.max(gap.from, from);
        if (cut > 0) {
            recorded -= cut;
            waits++;
        }
    }
    return Math.max(LEAST_MS / speed, recorded / speed) + waits * WAIT_PLAYED_MS;
}

export interface Played {
    i: number;
    /** What is left of the reader's time at row `i`. */
    spare: number;
    isAtEnd: boolean;
}

/** Gives where the player is after `elapsed` more milliseconds; `stop` holds for rows where it must pause. */
export function advance(
    steps: Steps,
    folded: Folded,
    from: { i: number; spare: number; speed: number },
    elapsed: number,
    stop: (i: number) => boolean = () => false,
): Played & { isStopped: boolean } {
    let { i } = from;
    let spare = from.spare + elapsed;
    while (i + 1 < steps.count) {
        const pause = pauseAfter(steps, folded, i, from.speed);
        if (spare < pause) return { i, spare, isAtEnd: false, isStopped: false };
        spare -= pause;
        i++;
        if (stop(i)) return { i, spare: 0, isAtEnd: i + 1 >= steps.count, isStopped: true };
    }
    return { i, spare: 0, isAtEnd: true, isStopped: false };
}

/** The next speed in a direction. */
export function faster(speed: number, direction: 1 | -1): number {
    const at = SPEEDS.indexOf(speed as (typeof SPEEDS)[number]);
    return SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at < 0 ? 1 : at) + direction))] as number;
}
