/** Recorded text as it is; hidden characters stand out as escapes. */
import type { JSX } from "preact";
import { pieces } from "./text";

export function Plain({ text }: { text: string }): JSX.Element {
    const parts = pieces(text);
    if (parts.length === 1 && !parts[0]?.isEscape) return <>{parts[0]?.text}</>;
    return (
        <>
            {parts.map((part, k) =>
                part.isEscape ? (
                    <span key={k} class="esc" title="a character that would not be seen">
                        {part.text}
                    </span>
                ) : (
                    part.text
                ),
            )}
        </>
    );
}
