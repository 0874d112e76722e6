/** A button that copies a text and says so in its place. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

export async function copied(text: string): Promise<boolean> {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        // off loopback without TLS there is no clipboard to write to: the old way asks no leave
        const field = document.createElement("textarea");
        field.value = text;
        document.body.append(field);
        field.select();
        const done = document.execCommand("copy");
        field.remove();
        return done;
    }
}

export function CopyButton({ text, label = "copy", button = false }: { text: () => string | Promise<string>; label?: string; button?: boolean }): JSX.Element {
    const said = useSignal("");
    const run = async (): Promise<void> => {
        const done = await copied(await text()).catch(() => false);
        said.value = done ? "copied" : "not copied";
        setTimeout(() => (said.value = ""), 1500);
    };
    return (
        <button type="button" class={button ? "button" : "text"} data-first={button ? "" : undefined} onClick={() => void run()}>
            {said.value || label}
        </button>
    );
}
