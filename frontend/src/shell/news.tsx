/** What the page says aloud: one polite region, at most a sentence in five seconds; urgent news once. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";

const polite = signal("");
const urgent = signal("");
let last = 0;
let waiting: ReturnType<typeof setTimeout> | undefined;

/** Say a sentence when its turn comes; of several that wait only the latest is said. */
export function say(sentence: string): void {
    clearTimeout(waiting);
    const wait = Math.max(0, last + 5000 - Date.now());
    waiting = setTimeout(() => {
        last = Date.now();
        polite.value = sentence;
    }, wait);
}

/** Say at once what cannot wait: somebody is asked, something failed. */
export function alarm(sentence: string): void {
    urgent.value = sentence;
}

export function News(): JSX.Element {
    return (
        <>
            <div class="hear" role="status" aria-live="polite">
                {polite}
            </div>
            <div class="hear" role="alert">
                {urgent}
            </div>
        </>
    );
}
