/** Where the reader is: the hash of the address, as a value. Views read `route`; links are `href(...)`. */
import { computed, signal } from "@preact/signals";

export type View = "home" | "session" | "usage" | "now" | "licences";

export interface Route {
    view: View;
    /** The session's id, in the session view. */
    id: string | null;
    /** The step the address names (`/at/N`); null stands for the end. */
    at: number | null;
    params: URLSearchParams;
}

/** The route that a hash names; what it does not know is home. */
export function parse(hash: string): Route {
    const text = hash.replace(/^#?\/?/, "");
    const mark = text.indexOf("?");
    const path = mark < 0 ? text : text.slice(0, mark);
    const params = new URLSearchParams(mark < 0 ? "" : text.slice(mark + 1));
    const [head, id, word, at] = path.split("/").map(decoded);
    if (head === "s" && id) {
        const step = word === "at" && at && /^\d+$/.test(at) ? Number(at) : null;
        return { view: "session", id, at: step, params };
    }
    const view = head === "usage" || head === "now" || head === "licences" ? head : "home";
    return { view, id: null, at: null, params };
}

function decoded(part: string): string {
    try {
        return decodeURIComponent(part);
    } catch {
        return part;
    }
}

export interface Place {
    view: View;
    id?: string | null;
    at?: number | null;
    params?: URLSearchParams | Record<string, string | null | undefined>;
}

/** The hash of a place. Parameters that are empty are left out. */
export function href(place: Place): string {
    const head = { home: "", session: `s/${encodeURIComponent(place.id ?? "")}`, usage: "usage", now: "now", licences: "licences" };
    const at = place.view === "session" && place.at != null ? `/at/${place.at}` : "";
    const params = place.params instanceof URLSearchParams ? place.params : new URLSearchParams();
    if (place.params && !(place.params instanceof URLSearchParams)) {
        for (const [name, value] of Object.entries(place.params)) if (value) params.set(name, value);
    }
    const query = params.toString();
    return `#/${head[place.view]}${at}${query ? `?${query}` : ""}`;
}

const current = signal(typeof location === "undefined" ? "" : location.hash);
if (typeof window !== "undefined") {
    const follow = () => (current.value = location.hash);
    addEventListener("hashchange", follow);
    addEventListener("popstate", follow);
}

/** Where the reader is now. */
export const route = computed(() => parse(current.value));

/** Go to a place: a new entry of the history, or in the place of the present one. */
export function go(place: Place | string, how: "push" | "replace" = "push"): void {
    const hash = typeof place === "string" ? place : href(place);
    if (hash === location.hash) return;
    if (how === "replace") history.replaceState(null, "", hash);
    else history.pushState(null, "", hash);
    current.value = hash;
}
