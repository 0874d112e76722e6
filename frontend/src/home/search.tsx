/** The search line: the query in its colours, what could be typed next, and what cannot be read, at its place. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Latest } from "../api/client";
import type { QueryProblem, Suggestions } from "../api/types";
import { Icon } from "../parts/icons";
import { grouped } from "../parts/numbers";
import { FIELDS, fieldsFor, inserted, lex, quoted, type Typed, typedAt } from "./words";

export interface SearchProps {
    query: string;
    problems: readonly QueryProblem[];
    /** What the right edge says: how many of how many, in how many ms. */
    found: string;
    /** A keystroke: the address follows; Enter makes it an entry of the history. */
    onQuery: (query: string, how: "replace" | "push") => void;
    inputRef: { current: HTMLInputElement | null };
}

interface Choice {
    piece: string;
    /** What stands before the part that is typed, e.g. `is:`. */
    head: string;
    shown: string;
    means: string;
    count: number | null;
}

export function Search({ query, problems, found, onQuery, inputRef }: SearchProps): JSX.Element {
    const [typed, setTyped] = useState<Typed | null>(null);
    const [choices, setChoices] = useState<readonly Choice[]>([]);
    const [at, setAt] = useState(-1);
    const colours = useRef<HTMLDivElement>(null);
    const latest = useMemo(() => new Latest(), []);
    const box = useRef<HTMLDivElement>(null);
    const caret = useRef<number | null>(null);
    const open = typed !== null && choices.length > 0;

    useEffect(() => {
        if (!typed) {
            setChoices([]);
            return;
        }
        setAt(-1);
        void suggest(latest, typed).then((list) => list && setChoices(list), () => setChoices(fixed(typed)));
        return () => latest.drop();
    }, [typed?.field, typed?.prefix]);
    // After a choice the caret belongs behind it, whatever the browser thinks.
    useLayoutEffect(() => {
        const input = inputRef.current;
        if (input && caret.current !== null) {
            input.setSelectionRange(caret.current, caret.current);
            caret.current = null;
        }
        scroll();
    });
    // Under what is typed, as far as there is room; the letters are all of one width.
    useLayoutEffect(() => {
        const input = inputRef.current;
        if (!open || !box.current || !input) return;
        const letter = (colours.current?.firstElementChild?.getBoundingClientRect().width ?? 0) / Math.max(1, colours.current?.firstElementChild?.textContent?.length ?? 1);
        const start = (typed.field ? typed.from - typed.field.length - 1 : typed.from) * letter - input.scrollLeft;
        const room = input.closest(".search")!.clientWidth - box.current.offsetWidth;
        box.current.style.left = `${Math.round(Math.max(0, Math.min(start + 24, room)))}px`;
    });
    const scroll = () => {
        if (colours.current && inputRef.current) colours.current.scrollLeft = inputRef.current.scrollLeft;
    };
    const look = () => {
        const input = inputRef.current;
        if (!input || input.selectionStart !== input.selectionEnd) return;
        const next = typedAt(input.value, input.selectionStart ?? input.value.length);
        setTyped(next && (next.field || next.prefix) ? next : null);
        scroll();
    };
    const take = (choice: Choice | undefined) => {
        if (!choice || !typed) return;
        const next = inserted(query, typed, choice.piece);
        caret.current = next.caret;
        onQuery(next.text, "replace");
        setTyped(typedAt(next.text, next.caret));
        inputRef.current?.focus();
    };
    const key = (event: KeyboardEvent) => {
        const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
        if (by) {
            event.preventDefault();
            if (!open) setTyped(typedAt(query, inputRef.current?.selectionStart ?? 0));
            else setAt((at + by + choices.length) % choices.length);
        } else if (event.key === "Tab" && open && !event.shiftKey) {
            event.preventDefault();
            take(choices[Math.max(0, at)]);
        } else if (event.key === "Enter") {
            event.preventDefault();
            if (open && at >= 0) take(choices[at]);
            else {
                setTyped(null);
                onQuery(query, "push");
            }
        } else if (event.key === "Escape") {
            if (open) setTyped(null);
            else inputRef.current?.blur();
            event.preventDefault();
        }
    };
    return (
        <div class="search">
            <div class={`line${problems.length ? " wrong" : ""}`}>
                <Icon name="search" />
                <div class="text">
                    <div class="colours" ref={colours} aria-hidden="true">
                        <Coloured query={query} problems={problems} />
                    </div>
                    <input
                        ref={inputRef}
                        type="text"
                        role="combobox"
                        aria-label="Search sessions"
                        aria-expanded={open}
                        aria-controls="suggestions"
                        aria-autocomplete="list"
                        aria-activedescendant={open && at >= 0 ? `suggestion-${at}` : undefined}
                        aria-invalid={problems.length > 0}
                        aria-describedby={problems.length ? "query-problem" : undefined}
                        autocomplete="off"
                        autocapitalize="off"
                        spellcheck={false}
                        placeholder="agent:claude_code cost:>0.05 -is:error &quot;some words&quot;"
                        value={query}
                        onInput={(event) => {
                            onQuery(event.currentTarget.value, "replace");
                            look();
                        }}
                        onKeyDown={key}
                        onKeyUp={(event) => /^(Arrow(Left|Right)|Home|End)$/.test(event.key) && look()}
                        onClick={look}
                        onScroll={scroll}
                        onBlur={() => setTyped(null)}
                    />
                </div>
                <span class="found" role="status">
                    {found}
                </span>
                <kbd aria-hidden="true">/</kbd>
            </div>
            {open ? (
                <div class="suggestions" ref={box} onMouseDown={(event) => event.preventDefault()}>
                    <p class="hint">
                        <span class="label">{typed.field ? `${typed.field}:` : "fields"}</span>
                        <span class="meta">
                            <kbd>↑↓</kbd> choose <kbd>Tab</kbd> insert <kbd>Esc</kbd> close
                        </span>
                    </p>
                    <ul id="suggestions" role="listbox" aria-label="Suggestions">
                        {choices.map((choice, index) => (
                            <li
                                key={choice.piece}
                                id={`suggestion-${index}`}
                                role="option"
                                aria-selected={index === Math.max(0, at)}
                                onClick={() => take(choice)}
                            >
                                <code>
                                    <span>{choice.head}</span>
                                    {choice.shown}
                                </code>
                                <span class="means">{choice.means}</span>
                                <span class="count">{choice.count ? grouped(choice.count) : ""}</span>
                            </li>
                        ))}
                    </ul>
                    <Wrong problems={problems} />
                </div>
            ) : (
                <Wrong problems={problems} />
            )}
        </div>
    );
}

/** The query letter by letter where the field has it, with a wave under what cannot be read. */
function Coloured({ query, problems }: { query: string; problems: readonly QueryProblem[] }): JSX.Element {
    const pieces: JSX.Element[] = [];
    let minus = false;
    for (const token of lex(query)) {
        const end = token.from + token.text.length;
        if (token.kind === "minus") minus = true;
        else if (token.kind === "space" || token.kind === "word") minus = false;
        const wrong = problems.some((problem) => {
            const from = problem.column - 1;
            return token.kind !== "space" && token.from < from + Math.max(1, problem.length) && end > from;
        });
        pieces.push(
            <span key={token.from} class={`q-${token.kind}${minus && token.kind === "field" ? " q-not" : ""}${wrong ? " q-wrong" : ""}`}>
                {token.text}
            </span>,
        );
    }
    return <>{pieces}</>;
}

function Wrong({ problems }: { problems: readonly QueryProblem[] }): JSX.Element | null {
    if (!problems.length) return null;
    return (
        <div class="problem" id="query-problem">
            {problems.map((problem) => (
                <p key={problem.column}>
                    <svg viewBox="0 0 10 8" width="10" height="8" aria-hidden="true">
                        <path d="M1.5 6 5 2.5 8.5 6" />
                    </svg>
                    <span>
                        Column {problem.column}: {sentence(problem.message)} Expected {problem.expected}
                        {problem.example && !problem.expected.includes(problem.example) && (
                            <>
                                , like <code>{problem.example}</code>
                            </>
                        )}
                        . This part is left out, the rest still filters.
                    </span>
                </p>
            ))}
        </div>
    );
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function fixed(typed: Typed): Choice[] {
    if (typed.field === null) {
        return fieldsFor(typed.prefix).map((field) => ({
            piece: `${field.name}:`,
            head: "",
            shown: `${field.name}:`,
            means: field.asks,
            count: null,
        }));
    }
    const values = FIELDS.find((field) => field.name === typed.field)?.values ?? [];
    return values
        .filter(([value]) => value.startsWith(typed.prefix) && value !== typed.prefix)
        .map(([value, means]) => ({ piece: value, head: `${typed.field}:`, shown: value, means, count: null }));
}

/** What could stand here, most frequent first; null where a newer question took over. */
async function suggest(latest: Latest, typed: Typed): Promise<readonly Choice[] | null> {
    const own = fixed(typed);
    const field = FIELDS.find((one) => one.name === typed.field);
    if (!field?.told) return own;
    const prefix = typed.prefix.replace(/^"/, "");
    const told = await latest.get<Suggestions>("suggest", { field: field.name, prefix });
    if (!told) return null;
    const meanings = new Map(field.values ?? []);
    const values = told.values.map(({ value, count }) => ({
        piece: quoted(value),
        head: `${field.name}:`,
        shown: value,
        means: meanings.get(value) ?? "",
        count,
    }));
    const known = new Set(values.map((choice) => choice.shown));
    return [...values, ...own.filter((choice) => !known.has(choice.shown))].slice(0, 9);
}
