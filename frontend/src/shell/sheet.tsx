/** All keys that are heard now, behind `?`; with the switch for single letters and what the page is made of. */
import type { JSX } from "preact";
import { Popover } from "../parts/popover";
import { href } from "../router";
import { groups, lettersOn, setLetters } from "./keys";
import { status } from "./state";

const SHOWN: Record<string, string> = {
    ArrowLeft: "←",
    ArrowRight: "→",
    ArrowUp: "↑",
    ArrowDown: "↓",
    Escape: "Esc",
    " ": "Space",
};

export function KeySheet({ anchor, onClose }: { anchor: HTMLElement | null; onClose: () => void }): JSX.Element {
    return (
        <Popover anchor={anchor} align="end" label="Keys" class="sheet" onClose={onClose}>
            {groups.value.map((group) => (
                <section key={group.title}>
                    <h2 class="label">{group.title}</h2>
                    <dl>
                        {group.bindings.map((binding) => (
                            <div key={binding.does}>
                                <dt>
                                    {binding.keys.map((key) => (
                                        <kbd key={key}>{shown(key)}</kbd>
                                    ))}
                                </dt>
                                <dd>{binding.does}</dd>
                            </div>
                        ))}
                    </dl>
                </section>
            ))}
            <div class="foot">
                <label>
                    <input type="checkbox" data-first checked={lettersOn.value} onChange={(event) => setLetters(event.currentTarget.checked)} />{" "}
                    single-letter keys
                </label>
                <span class="meta">reenact {status.value?.version}</span>
                <a href={href({ view: "licences" })} onClick={onClose}>
                    Licences
                </a>
            </div>
        </Popover>
    );
}

function shown(key: string): string {
    const parts = key.split("+");
    return key.length > 1 ? parts.map((part) => SHOWN[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" ") : (SHOWN[key] ?? key);
}
