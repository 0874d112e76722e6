/** What this browser remembers of the reader's choices. Storage may be forbidden: then nothing is remembered. */

/** The value last remembered under a name, else the one given. */
export function recall<T>(name: string, otherwise: T): T {
    try {
        const text = localStorage.getItem(`reenact.${name}`);
        if (text === null) return otherwise;
        return typeof otherwise === "string" ? (text as T) : (JSON.parse(text) as T);
    } catch {
        return otherwise;
    }
}

/** Remember a value under a name; null forgets it. */
export function remember(name: string, value: unknown): void {
    try {
        if (value === null) localStorage.removeItem(`reenact.${name}`);
        else localStorage.setItem(`reenact.${name}`, typeof value === "string" ? value : JSON.stringify(value));
    } catch {
        // Full or forbidden: the choice holds until the page closes.
    }
}
