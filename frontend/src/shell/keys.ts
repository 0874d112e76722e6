/** Keys of the page: every view says which it hears, and the sheet behind `?` lists them. */
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { recall, remember } from "../parts/stored";

export interface Binding {
    /** As in `KeyboardEvent.key`, with `Ctrl+`, `Alt+`, `Shift+` before it; `Ctrl+` also means the Mac's Command. */
    keys: readonly string[];
    /** What it does, for the sheet. */
    does: string;
    run: (event: KeyboardEvent) => void;
    /** Heard while typing too. */
    always?: boolean;
}

export interface Group {
    title: string;
    bindings: readonly Binding[];
}

/** The groups heard now, the latest first. */
export const groups = signal<readonly Group[]>([]);

/** Whether single-letter keys are heard; the reader can turn them off. */
export const lettersOn = signal(recall("keys", true));

export function setLetters(on: boolean): void {
    lettersOn.value = on;
    remember("keys", on);
}

/** Hear these keys while the calling piece is on the page. Of two pieces the later one is asked first. */
export function useKeys(title: string, bindings: readonly Binding[]): void {
    const group = useRef<Group>({ title, bindings }).current;
    group.bindings = bindings; // they close over what the piece knows now
    // As soon as the piece is seen, not a frame later: people press keys at once.
    useLayoutEffect(() => {
        groups.value = [group, ...groups.value];
        return () => {
            groups.value = groups.value.filter((other) => other !== group);
        };
    }, []);
}

/** The name of a key press, e.g. `Ctrl+k`, `Shift+ArrowLeft`, `?`. */
export function named(event: KeyboardEvent): string {
    // A printing key already tells Shift by its sign; letters tell it by their case.
    const shift = event.shiftKey && event.key.length > 1 ? "Shift+" : "";
    return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift}${event.key}`;
}

const TYPING = "input, textarea, select, [contenteditable='true']";

/** Whether a key press belongs to a field somebody types in. */
export const isTyping = (event: Event): boolean => event.target instanceof Element && event.target.matches(TYPING);

export function hear(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const name = named(event);
    const typing = isTyping(event);
    const single = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (single && !lettersOn.value && event.key !== "?") return;
    for (const group of groups.value) {
        for (const binding of group.bindings) {
            if (!binding.keys.includes(name) || (typing && !binding.always)) continue;
            event.preventDefault();
            binding.run(event);
            return;
        }
    }
}
