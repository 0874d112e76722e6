/** Beside the search line: sessions or projects, saved searches, columns. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { CommandPopover, shellWord } from "../parts/command";
import { Icon } from "../parts/icons";
import { Popover } from "../parts/popover";
import { COLUMNS, isHidden, toggle } from "./columns";
import { forget, save, saved } from "./kept";

export type Show = "list" | "projects";

export interface ControlProps {
    query: string;
    show: Show;
    onShow: (show: Show) => void;
    onQuery: (query: string) => void;
}

export function Controls({ query, show, onShow, onQuery }: ControlProps): JSX.Element {
    const open = useSignal<"saved" | "columns" | "command" | null>(null);
    const savedButton = useRef<HTMLButtonElement>(null);
    const columnsButton = useRef<HTMLButtonElement>(null);
    const commandButton = useRef<HTMLButtonElement>(null);
    const close = () => (open.value = null);
    return (
        <div class="controls">
            <div class="segments" role="group" aria-label="Show">
                <button type="button" aria-pressed={show === "list"} onClick={() => onShow("list")}>
                    List
                </button>
                <button type="button" aria-pressed={show === "projects"} onClick={() => onShow("projects")}>
                    Projects
                </button>
            </div>
            <button
                ref={savedButton}
                type="button"
                class="button"
                aria-expanded={open.value === "saved"}
                onClick={() => (open.value = open.value === "saved" ? null : "saved")}
            >
                <Icon name="star" /> Saved {saved.value.length > 0 && <span class="count">{saved.value.length}</span>}
            </button>
            <button
                ref={columnsButton}
                type="button"
                class="button"
                aria-expanded={open.value === "columns"}
                onClick={() => (open.value = open.value === "columns" ? null : "columns")}
            >
                Columns
            </button>
            <button
                ref={commandButton}
                type="button"
                class="button"
                aria-label="The same in a terminal"
                title="The same in a terminal"
                aria-expanded={open.value === "command"}
                onClick={() => (open.value = open.value === "command" ? null : "command")}
            >
                <Icon name="copy" />
            </button>
            {open.value === "command" && (
                <CommandPopover
                    anchor={commandButton.current}
                    title="The same in a terminal"
                    command={show === "projects" ? "reenact usage project" : query.trim() ? `reenact list ${shellWord(query.trim())}` : "reenact list"}
                    onClose={close}
                />
            )}
            {open.value === "saved" && <SavedSearches anchor={savedButton.current} query={query} onQuery={onQuery} onClose={close} />}
            {open.value === "columns" && (
                <Popover anchor={columnsButton.current} align="end" label="Columns" class="columns" onClose={close}>
                    {COLUMNS.map(([column, title]) => (
                        <label key={column}>
                            <input type="checkbox" checked={!isHidden(column)} onChange={() => toggle(column)} /> {title}
                        </label>
                    ))}
                </Popover>
            )}
        </div>
    );
}

interface SavedProps {
    anchor: HTMLElement | null;
    query: string;
    onQuery: (query: string) => void;
    onClose: () => void;
}

function SavedSearches({ anchor, query, onQuery, onClose }: SavedProps): JSX.Element {
    const [name, setName] = useState("");
    const keep = (event: Event) => {
        event.preventDefault();
        save(name.trim() || query, query);
        setName("");
    };
    return (
        <Popover anchor={anchor} align="end" label="Saved searches" class="saved" onClose={onClose}>
            <ul>
                {saved.value.map((one, index) => (
                    <li key={one.name}>
                        <button
                            type="button"
                            class="take"
                            onClick={() => {
                                onQuery(one.q);
                                onClose();
                            }}
                        >
                            {index < 9 && <kbd>g {index + 1}</kbd>}
                            <span>{one.name}</span>
                            <code>
                                <bdi>{one.q}</bdi>
                            </code>
                        </button>
                        <button type="button" class="quiet" aria-label={`Forget ${one.name}`} onClick={() => forget(one.name)}>
                            <Icon name="cross" />
                        </button>
                    </li>
                ))}
            </ul>
            {query.trim() ? (
                <form onSubmit={keep}>
                    <input aria-label="Name of this search" placeholder="name" value={name} onInput={(event) => setName(event.currentTarget.value)} />
                    <button type="submit" class="button">
                        <Icon name="star" /> Save
                    </button>
                </form>
            ) : (
                saved.value.length === 0 && <p class="meta">Type a query, then save it here.</p>
            )}
        </Popover>
    );
}
