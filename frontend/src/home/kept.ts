/** What the reader keeps in this browser: stars and saved searches. */
import { signal } from "@preact/signals";
import { recall, remember } from "../parts/stored";

export interface Saved {
    name: string;
    q: string;
}

export const saved = signal<readonly Saved[]>(recall<Saved[]>("searches", []));
export const stars = signal<ReadonlySet<string>>(new Set(recall<string[]>("stars", [])));

export function save(name: string, q: string): void {
    saved.value = [...saved.value.filter((other) => other.name !== name), { name, q }];
    remember("searches", saved.value);
}

export function forget(name: string): void {
    saved.value = saved.value.filter((other) => other.name !== name);
    remember("searches", saved.value);
}

export function star(id: string): void {
    const next = new Set(stars.value);
    if (!next.delete(id)) next.add(id);
    stars.value = next;
    remember("stars", [...next]);
}
