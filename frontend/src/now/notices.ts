/** Notifications of the browser, only when asked for: somebody waits. */
import { effect, signal } from "@preact/signals";
import { recall, remember } from "../parts/stored";
import { waiting } from "../shell/state";

export const canNotify = typeof Notification !== "undefined";

/** Whether the reader asked to be told. */
export const notices = signal(canNotify && recall<boolean>("notices", false) && Notification.permission === "granted");

export async function toggleNotices(): Promise<void> {
    const on = !notices.value && (await Notification.requestPermission()) === "granted";
    notices.value = on;
    remember("notices", on ? true : null);
}

const told = new Set<string>();
effect(() => {
    for (const { session, waiting_for: what } of waiting.value) {
        if (told.has(session.id)) continue;
        told.add(session.id);
        if (notices.peek() && document.hidden) new Notification(`${session.title ?? "A session"} waits for you`, { body: what ?? "" });
    }
    const still = new Set(waiting.value.map(({ session }) => session.id));
    for (const id of told) if (!still.has(id)) told.delete(id);
});
