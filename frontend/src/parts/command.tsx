/** A command that does in a terminal what the page only shows. The page runs nothing; it copies. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "./icons";
import { Popover } from "./popover";

/** Put a text on the clipboard; false where the browser does not let us. */
export async function copy(text: string): Promise<boolean> {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false;
    }
}

/** A word as a shell takes it. */
export const shellWord = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

export function CopyButton({ text, label = "Copy", first = false }: { text: string; label?: string; first?: boolean }): JSX.Element {
    const [said, setSaid] = useState("");
    const run = async () => {
        setSaid((await copy(text)) ? "Copied" : "Not allowed here");
        setTimeout(() => setSaid(""), 1600);
    };
    return (
        <button type="button" class="button" data-first={first || undefined} onClick={() => void run()} title={text}>
            <Icon name="copy" />
            <span aria-live="polite">{said || label}</span>
        </button>
    );
}

export interface CommandProps {
    anchor: HTMLElement | null;
    title: string;
    command: string;
    onClose: () => void;
}

export function CommandPopover({ anchor, title, command, onClose }: CommandProps): JSX.Element {
    return (
        <Popover anchor={anchor} label={title} class="command" onClose={onClose}>
            <p class="label">{title}</p>
            <div class="line">
                <code>{command}</code>
                <CopyButton text={command} first />
            </div>
        </Popover>
    );
}
