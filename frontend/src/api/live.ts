/** News of the archive as it happens: one connection, many listeners, taken up again from its cursor. */
import { signal } from "@preact/signals";
import { address } from "./client";

/** Whether news come in. `lostAt` is when they stopped, in ms since 1970. */
export interface Connection {
    state: "connecting" | "open" | "lost";
    lostAt: number | null;
}

export const connection = signal<Connection>({ state: "connecting", lostAt: null });

type Listener = (value: unknown) => void;

const listeners = new Map<string, Set<Listener>>();
const WAITS = [500, 1000, 2000, 5000, 10_000];
let source: EventSource | null = null;
const watched = new Set<string>();
let cursor: string | null = null;
let failures = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Hear every event of a name (`session`, `events`, `home`, `following`); gives the way to stop. */
export function listen<T>(name: string, heard: (value: T) => void): () => void {
    const set = listeners.get(name) ?? new Set<Listener>();
    if (!listeners.has(name)) {
        listeners.set(name, set);
        if (source) attach(source, name);
    }
    set.add(heard as Listener);
    if (!source && timer === undefined) connect();
    return () => set.delete(heard as Listener);
}

/** Ask for the new rows of a session too (`events`); gives the way to stop. */
export function watch(session: string): () => void {
    watched.add(session);
    if (source) retry();
    return () => watched.delete(session);
}

/** Try at once, whatever the wait was. */
export function retry(): void {
    clearTimeout(timer);
    timer = undefined;
    source?.close();
    connect();
}

function connect(): void {
    timer = undefined;
    const opened = new EventSource(address("live", { cursor }) + wanted());
    source = opened;
    opened.onopen = () => {
        failures = 0;
        connection.value = { state: "open", lostAt: null };
    };
    opened.onerror = () => {
        // The browser would try again by itself, but never once the server has refused; so the page does it.
        opened.close();
        if (source !== opened) return;
        source = null;
        const wait = WAITS[Math.min(failures++, WAITS.length - 1)]!;
        if (connection.value.state !== "lost") connection.value = { state: "lost", lostAt: Date.now() };
        timer = setTimeout(connect, wait);
    };
    for (const name of listeners.keys()) attach(opened, name);
}

/** The sessions whose rows are wanted, as parameters; the address has one already where there is a cursor. */
function wanted(): string {
    const text = [...watched].map((session) => `session=${encodeURIComponent(session)}`).join("&");
    return text && (cursor ? `&${text}` : `?${text}`);
}

function attach(to: EventSource, name: string): void {
    to.addEventListener(name, (event) => {
        const message = event as MessageEvent<string>;
        if (message.lastEventId) cursor = message.lastEventId;
        let value: unknown;
        try {
            value = JSON.parse(message.data);
        } catch {
            return;
        }
        for (const heard of listeners.get(name) ?? []) heard(value);
    });
}
