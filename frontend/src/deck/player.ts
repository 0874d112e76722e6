/** Plays a session: recorded time by speed, pausing where the reader asked for it. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { recall, remember } from "../parts/stored";
import type { Session } from "../session/state";
import { advance, faster } from "./play";
import { fold, type Folded } from "./scale";
import { FAILED, type Steps } from "./steps";

export interface Player {
    isPlaying: Signal<boolean>;
    speed: Signal<number>;
    /** Whether it pauses at permissions and errors. */
    pauses: Signal<boolean>;
    toggle: () => void;
    stop: () => void;
    setSpeed: (speed: number) => void;
    change: (direction: 1 | -1) => void;
    setPauses: (on: boolean) => void;
}

export function usePlayer(s: Session): Player {
    const isPlaying = useSignal(false);
    const speed = useSignal(recall("speed", 1));
    const pauses = useSignal(recall("pauses", false));
    const frame = useRef(0);
    const known = useRef<{ steps: Steps; folded: Folded; stops: Set<number> } | null>(null);

    function prepared(steps: Steps): { steps: Steps; folded: Folded; stops: Set<number> } {
        if (known.current?.steps !== steps) {
            const stops = new Set(steps.marks.filter((mark) => mark.kind === "permission" || mark.kind === "error").map((mark) => mark.i));
            known.current = { steps, folded: fold(steps), stops };
        }
        return known.current as { steps: Steps; folded: Folded; stops: Set<number> };
    }

    function run(): void {
        let before = performance.now();
        let spare = 0;
        const next = (now: number): void => {
            const steps = s.steps.peek();
            if (!isPlaying.peek() || !steps) return;
            const { folded, stops } = prepared(steps);
            const isStop = (i: number): boolean => pauses.peek() && (stops.has(i) || steps.ok[i] === FAILED);
            const from = s.at.peek();
            const played = advance(steps, folded, { i: from, spare, speed: speed.peek() }, now - before, isStop);
            before = now;
            spare = played.spare;
            if (played.i !== from) s.move(played.i);
            if (played.isAtEnd && s.view.peek()?.is_live) s.toEnd();
            if (played.isAtEnd || played.isStopped) isPlaying.value = false;
            else frame.current = requestAnimationFrame(next);
        };
        frame.current = requestAnimationFrame(next);
    }

    const stop = (): void => {
        isPlaying.value = false;
        cancelAnimationFrame(frame.current);
    };
    useEffect(() => stop, []);
    const setSpeed = (value: number): void => {
        speed.value = value;
        remember("speed", value);
    };
    return {
        isPlaying,
        speed,
        pauses,
        stop,
        setSpeed,
        toggle: () => {
            if (isPlaying.peek()) return stop();
            const steps = s.steps.peek();
            if (!steps?.count) return;
            if (s.at.peek() >= steps.count - 1) s.move(0);
            isPlaying.value = true;
            run();
        },
        change: (direction) => setSpeed(faster(speed.peek(), direction)),
        setPauses: (on) => {
            pauses.value = on;
            remember("pauses", on);
        },
    };
}
