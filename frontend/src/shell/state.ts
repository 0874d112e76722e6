/** What the whole page knows at any time: the archive's status, and who is at work. */
import { computed, effect, signal } from "@preact/signals";
import { get } from "../api/client";
import { listen } from "../api/live";
import type { Following, LiveSession, Now, Status } from "../api/types";
import { alarm, say } from "./news";

export const status = signal<Status | null>(null);
export const following = signal<Following | null>(null);
export const now = signal<Now | null>(null);
/** Why the latest question about the present failed. */
export const nowError = signal<Error | null>(null);

/** A clock for "… ago"; it ticks every second while the page is seen. */
export const tick = signal(Date.now());

const live = computed(() => now.value?.sessions ?? []);
/** How many sessions work or wait. */
export const busy = computed(() => live.value.filter(({ session }) => /^(working|waiting)$/.test(session.live_status)).length);
/** Those that wait for the reader. */
export const waiting = computed(() => live.value.filter(({ session }) => session.live_status === "waiting"));

let asked = false;
let again = false;

/** Ask what goes on now; at most one question at a time, and one more where news came in meanwhile. */
export async function refreshNow(): Promise<void> {
    if (asked) {
        again = true;
        return;
    }
    asked = true;
    try {
        now.value = await get<Now>("now");
        nowError.value = null;
    } catch (error) {
        nowError.value = error as Error;
    } finally {
        asked = false;
    }
    if (again) {
        again = false;
        setTimeout(() => void refreshNow(), 1000);
    }
}

/** Ask how the archive stands, again and again while its texts are still being indexed. */
async function refreshStatus(): Promise<void> {
    try {
        const told = await get<Status>("status");
        status.value = told;
        following.value ??= told.following;
        if (!told.indexed) setTimeout(() => void refreshStatus(), 5000);
    } catch {
        setTimeout(() => void refreshStatus(), 5000);
    }
}

/** Begin to know; once, when the page starts. */
export function start(): void {
    void refreshStatus();
    void refreshNow();
    listen<Following>("following", (value) => {
        following.value = value;
    });
    listen<LiveSession>("session", ({ session }) => {
        const seen = following.value;
        if (seen) following.value = { ...seen, last_write_at: Date.now() };
        announce(session.id, session.live_status, session.title ?? "A session");
        void refreshNow();
    });
    listen("reset", () => void refreshNow());
    setInterval(() => {
        if (!document.hidden) tick.value = Date.now();
    }, 1000);
    document.addEventListener("visibilitychange", () => {
        if (!document.hidden) tick.value = Date.now();
    });
}

const told = new Map<string, string>();

/** Tell those who listen: waiting and failed once and at once, the rest when it suits. */
function announce(id: string, state: string, title: string): void {
    const before = told.get(id);
    if (before === state) return;
    told.set(id, state);
    if (state === "waiting") alarm(`${title} waits for you`);
    else if (state === "failed") alarm(`${title} failed`);
    else if (before !== undefined) say(`${title} is ${state}`);
}

/** What the tab says: who waits comes first. */
export function titleTab(title: () => string): () => void {
    return effect(() => {
        const waits = waiting.value.length;
        document.title = waits ? `(${waits}) waiting · ${title()}` : title();
    });
}
