/** The bodies of tool cards: terminal, diff, code, JSON, to-dos, images. */
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { address, getText } from "../api/client";
import type { Diff, ImageRef, Text, Todo } from "../api/types";
import { bytes, grouped } from "../parts/numbers";
import { isDark } from "../theme";
import { readable, type Run, runsOf } from "./ansi";
import { jsonLines, parsed } from "./json";
import { besides, type PatchRow, rowsOf, type Word } from "./patch";
import { Plain } from "./plain";
import { path } from "./state";
import { linesOf, visible } from "./text";

/** A single line longer than this is not laid out; it is named by its size and can be downloaded. */
const LINE_MOST = 16_384;
const HEAD_OF_LINE = 4096;
const DOWNLOAD_FROM = 1_000_000;

/** A recorded text with the pages that were asked for. */
export function usePages(session: string, seq: number, text: Text | null): { shown: string; rest: number; more: () => void; busy: boolean } {
    const [pages, setPages] = useState("");
    const [busy, setBusy] = useState(false);
    const shown = (text?.text ?? "") + pages;
    const rest = text?.more ? Math.max(0, text.size - shown.length) : 0;
    const more = (): void => {
        if (!text?.part || busy) return;
        setBusy(true);
        getText(path(session, "/body"), { seq, part: text.part, offset: shown.length || "0" })
            .then((page) => setPages((before) => before + page))
            .catch(() => undefined)
            .finally(() => setBusy(false));
    };
    return { shown, rest, more, busy };
}

/** How much is not here yet, and the way to it. */
export function More({ session, seq, text, pages }: { session: string; seq: number; text: Text | null; pages: ReturnType<typeof usePages> }): JSX.Element | null {
    if (!text || (!pages.rest && text.size < DOWNLOAD_FROM)) return null;
    return (
        <p class="more">
            {pages.rest > 0 && (
                <button type="button" onClick={pages.more} disabled={pages.busy}>
                    show {grouped(Math.min(65_536, pages.rest))} of {grouped(pages.rest)} more characters
                </button>
            )}
            <a href={address(path(session, "/body"), { seq, part: text.part, download: 1 })} download>
                Download {bytes(text.size)}
            </a>
        </p>
    );
}

/** Lines of which the middle is folded: the first and the last ones tell most. */
export function useFolded<T>(lines: readonly T[], head: number, tail: number): { first: readonly T[]; hidden: number; last: readonly T[]; open: () => void } {
    const [isOpen, setOpen] = useState(false);
    if (isOpen || lines.length <= head + tail + 1) return { first: lines, hidden: 0, last: [], open: () => undefined };
    return { first: lines.slice(0, head), hidden: lines.length - head - tail, last: tail ? lines.slice(-tail) : [], open: () => setOpen(true) };
}

export function Unfold({ hidden, open, what = "lines" }: { hidden: number; open: () => void; what?: string }): JSX.Element | null {
    if (!hidden) return null;
    return (
        <button type="button" class="unfold" onClick={open}>
            show {grouped(hidden)} more {what}
        </button>
    );
}

export function clipped(line: string): string {
    return line.length > LINE_MOST ? `${line.slice(0, HEAD_OF_LINE)} … one line of ${bytes(line.length)}` : line;
}

/** Output of a terminal: colours of its own, hidden characters written out. */
export function Terminal({ text, isError = false }: { text: string; isError?: boolean }): JSX.Element {
    const lines = useMemo(() => linesOf(text), [text]);
    const folded = useFolded(lines, 24, 8);
    return (
        <div class={`term ${isError ? "stderr" : ""}`} tabIndex={0} role="region" aria-label="output">
            <Colours text={folded.first.map(clipped).join("\n")} />
            <Unfold hidden={folded.hidden} open={folded.open} />
            {folded.last.length > 0 && <Colours text={folded.last.map(clipped).join("\n")} />}
        </div>
    );
}

function Colours({ text }: { text: string }): JSX.Element {
    const runs = useMemo(() => runsOf(text), [text]);
    return (
        <pre>
            {runs.map((run, k) => (
                <Coloured key={k} run={run} />
            ))}
        </pre>
    );
}

function Coloured({ run }: { run: Run }): JSX.Element {
    if (!run.fg && !run.bg && !run.bold && !run.faint && !run.italic && !run.underline) return <Plain text={run.text} />;
    const names = [
        run.bold && "b",
        run.faint && "f",
        run.italic && "i",
        run.underline && "u",
        typeof run.fg === "string" && `a-${run.fg}`,
        typeof run.bg === "string" && `g-${run.bg}`,
    ];
    const ground = isDark.value ? ([12, 15, 18] as const) : ([251, 251, 249] as const);
    const style: Record<string, string> = {};
    if (run.bg && typeof run.bg !== "string") style.backgroundColor = `rgb(${run.bg.join(" ")})`;
    if (run.fg && typeof run.fg !== "string") style.color = `rgb(${readable(run.fg, typeof run.bg === "object" && run.bg ? run.bg : ground).join(" ")})`;
    return (
        <span class={names.filter(Boolean).join(" ")} style={style}>
            <Plain text={run.text} />
        </span>
    );
}

/** A change of one file, with the words that changed. */
export function DiffView({ diff, session, wide }: { diff: Diff; session: string; wide: boolean }): JSX.Element {
    const pages = usePages(session, diff.seq, diff.patch);
    if (!diff.patch) return <p class="untold">{diff.op}: what changed is not on record</p>;
    return (
        <div class="diff-of">
            <p class="diff-head">
                <span class="path">
                    <Plain text={diff.path} />
                </span>
            </p>
            <Patch patch={pages.shown} wide={wide} />
            <More session={session} seq={diff.seq} text={diff.patch} pages={pages} />
        </div>
    );
}

export function Patch({ patch, wide, isWhole = false }: { patch: string; wide: boolean; isWhole?: boolean }): JSX.Element {
    const rows = useMemo(() => rowsOf(patch), [patch]);
    const folded = useFolded(rows, isWhole ? 2000 : 40, isWhole ? 0 : 8);
    const part = (some: readonly PatchRow[]): JSX.Element =>
        wide ? <Sides rows={some} /> : <>{some.map((row, k) => <Line key={k} row={row} />)}</>;
    return (
        <div class={`diff ${wide ? "sides" : ""}`} tabIndex={0} role="region" aria-label="changes">
            {part(folded.first)}
            <Unfold hidden={folded.hidden} open={folded.open} />
            {part(folded.last)}
        </div>
    );
}

const SIGNS: Record<PatchRow["sign"], { name: string; sign: string }> = {
    " ": { name: "same", sign: " " },
    "+": { name: "add", sign: "+" },
    "-": { name: "del", sign: "−" },
    "@": { name: "hunk", sign: "" },
};

function Line({ row }: { row: PatchRow }): JSX.Element {
    const { name, sign } = SIGNS[row.sign];
    return (
        <div class={`line ${name}`}>
            <span class="n">{row.before}</span>
            <span class="n">{row.after}</span>
            <span class="s">{sign}</span>
            <Words words={row.words} />
        </div>
    );
}

function Words({ words }: { words: readonly Word[] }): JSX.Element {
    return (
        <span class="w">
            {words.map((word, k) =>
                word.changed ? (
                    <mark key={k}>
                        <Plain text={word.text} />
                    </mark>
                ) : (
                    <Plain key={k} text={clipped(word.text)} />
                ),
            )}
        </span>
    );
}

function Sides({ rows }: { rows: readonly PatchRow[] }): JSX.Element {
    return (
        <>
            {besides(rows).map(({ left, right }, k) => (
                <div key={k} class="pair">
                    {[left, right].map((row, side) => (
                        <div key={side} class={`line ${row ? SIGNS[row.sign].name : "none"}`}>
                            <span class="n">{side ? row?.after : row?.before}</span>
                            <span class="s">{row && row.sign !== " " ? SIGNS[row.sign].sign : ""}</span>
                            {row && <Words words={row.words} />}
                        </div>
                    ))}
                </div>
            ))}
        </>
    );
}

const NUMBERED = /^\s*(\d+)(?:→|\t|: ?|│ ?)/;

/** Text with line numbers: those it has of its own, else from one on. */
export function Code({ text, from = 1, isWhole = false, hits }: { text: string; from?: number; isWhole?: boolean; hits?: string | null }): JSX.Element {
    const lines = useMemo(() => {
        const all = linesOf(text);
        const own = all.length > 0 && all.slice(0, 5).every((line) => NUMBERED.test(line));
        return all.map((line, k) => {
            const match = own ? NUMBERED.exec(line) : null;
            return match ? { n: match[1] ?? "", text: line.slice(match[0].length) } : { n: own ? "" : String(from + k), text: line };
        });
    }, [text, from]);
    const folded = useFolded(lines, isWhole ? 4000 : 16, 0);
    return (
        <div class="code" tabIndex={0} role="region" aria-label="text">
            {folded.first.map((line, k) => (
                <div key={k} class={`line ${hits && line.text.includes(hits) ? "hit" : ""}`}>
                    <span class="n">{line.n}</span>
                    <span class="w">
                        <Plain text={clipped(line.text)} />
                    </span>
                </div>
            ))}
            <Unfold hidden={folded.hidden} open={folded.open} />
        </div>
    );
}

/** JSON as a tree, two levels open; as text where it is none. */
export function Json({ text, depth = 2 }: { text: string; depth?: number }): JSX.Element {
    const value = useMemo(() => parsed(text), [text]);
    const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
    if (value === undefined) {
        return (
            <pre class="raw" tabIndex={0}>
                <Plain text={linesOf(text).map(clipped).join("\n")} />
            </pre>
        );
    }
    const toggle = (at: string): void => {
        const next = new Set(toggled);
        if (!next.delete(at)) next.add(at);
        setToggled(next);
    };
    return (
        <div class="json" tabIndex={0} role="region" aria-label="JSON">
            {jsonLines(value, depth, toggled).map((line, k) => (
                <div key={k} class="line" style={{ paddingLeft: `${line.depth * 14 + (line.fold ? 0 : 14)}px` }}>
                    {line.fold && (
                        <button type="button" class={`twist ${line.isOpen ? "open" : ""}`} aria-expanded={line.isOpen} aria-label="fold" onClick={() => toggle(line.fold as string)} />
                    )}
                    {line.pieces.map((piece, n) => (
                        <span key={n} class={`j-${piece.tone}`}>
                            {visible(clipped(piece.text))}
                        </span>
                    ))}
                </div>
            ))}
        </div>
    );
}

const BOXES: Record<Todo["status"], string> = { pending: "", in_progress: "half", completed: "full", other: "" };
const SAID: Record<Todo["status"], string> = { pending: "to do", in_progress: "in progress", completed: "done", other: "other" };

export function Todos({ todos, go }: { todos: readonly Todo[]; go?: ((seq: number) => void) | undefined }): JSX.Element {
    return (
        <ul class="todos">
            {todos.map((todo, k) => (
                <li key={k} class={todo.status}>
                    <span class={`box ${BOXES[todo.status]}`} role="img" aria-label={SAID[todo.status]} />
                    <span class="what">
                        <Plain text={todo.text} />
                    </span>
                    {go && todo.seq !== null && (
                        <button type="button" class="step" onClick={() => go(todo.seq as number)} aria-label={`changed at step ${todo.seq}`}>
                            {todo.seq}
                        </button>
                    )}
                </li>
            ))}
        </ul>
    );
}

/** Recorded images only, from our own address; a click shows them in full. */
export function Images({ images }: { images: readonly ImageRef[] }): JSX.Element | null {
    const [large, setLarge] = useState<string | null>(null);
    if (!images.length) return null;
    return (
        <div class="images">
            {images.map((image) => (
                <button key={image.url} type="button" class={large === image.url ? "large" : ""} onClick={() => setLarge(large === image.url ? null : image.url)} aria-label={`${visible(image.alt)}, ${image.media_type}, ${bytes(image.bytes)}`}>
                    {isOurs(image.url) ? <img src={image.url.replace(/^\//, "")} alt={visible(image.alt)} loading="lazy" /> : visible(image.alt)}
                </button>
            ))}
        </div>
    );
}

function isOurs(url: string): boolean {
    return /^\/?api\/image\//.test(url);
}
