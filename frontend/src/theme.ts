/** The theme the reader chose, and the tokens of page.css as values for canvases. */
import { computed, effect, signal } from "@preact/signals";
import { recall, remember } from "./parts/stored";

export type Theme = "system" | "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(dark.matches);
dark.addEventListener("change", (event) => (systemDark.value = event.matches));

export const theme = signal<Theme>(recall<Theme>("theme", "system"));
export const isDark = computed(() => (theme.value === "system" ? systemDark.value : theme.value === "dark"));

effect(() => {
    const root = document.documentElement;
    if (theme.value === "system") delete root.dataset.theme;
    else root.dataset.theme = theme.value;
    remember("theme", theme.value === "system" ? null : theme.value);
});

const cache = new Map<string, string>();
const palette = computed(() => {
    void isDark.value;
    cache.clear();
    return cache;
});

/** The colour of a token as it is now, e.g. `token("main")`. Reading it subscribes to a change of theme. */
export function token(name: string): string {
    const known = palette.value.get(name);
    if (known !== undefined) return known;
    const text = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    const pair = /^light-dark\(\s*([^,]+),\s*([^)]+)\)$/.exec(text);
    const colour = pair ? (isDark.value ? pair[2]! : pair[1]!).trim() : text;
    cache.set(name, colour);
    return colour;
}

/** Whether movement is unwelcome. */
export const still = matchMedia("(prefers-reduced-motion: reduce)");

const ORDER: readonly Theme[] = ["system", "light", "dark"];

/** The next theme of system, light, dark. */
export function nextTheme(): void {
    theme.value = ORDER[(ORDER.indexOf(theme.value) + 1) % ORDER.length]!;
}
