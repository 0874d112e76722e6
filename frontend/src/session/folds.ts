/** What the reader folded and unfolded, kept while rows come and go. */
import { useState } from "preact/hooks";
import type { Session } from "./state";

const kept = new WeakMap<Session, Map<string, boolean>>();

function foldsOf(s: Session): Map<string, boolean> {
    let folds = kept.get(s);
    if (!folds) kept.set(s, (folds = new Map()));
    return folds;
}

/** Whether a piece is open, for those that only look. */
export const isUnfolded = (s: Session, key: string): boolean => foldsOf(s).get(key) ?? false;

/** Whether a piece is open, and the way to change it. */
export function useFold(s: Session, key: string, atFirst: boolean): [boolean, () => void] {
    const folds = foldsOf(s);
    const [, redraw] = useState(0);
    const isOpen = folds.get(key) ?? atFirst;
    return [
        isOpen,
        () => {
            folds.set(key, !isOpen);
            redraw((n) => n + 1);
            s.rows.version.value++;
        },
    ];
}
