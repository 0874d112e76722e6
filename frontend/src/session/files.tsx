/** The files as the agent had left them at step N: what it touched, what it only read, and one file's line of life. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { get } from "../api/client";
import type { AtView, FileRow, FileView } from "../api/types";
import { Icon } from "../parts/icons";
import { grouped } from "../parts/numbers";
import { Code, More, Patch, usePages } from "./bodies";
import { Follower } from "./follow";
import { path, type Session } from "./state";
import { visible } from "./text";

type Against = FileView["against"];

const LETTERS: Record<FileRow["op"], string> = { create: "A", modify: "M", delete: "D", move: "R" };

export function FilesTab({ s }: { s: Session }): JSX.Element {
    const state = s.state.value;
    const against = useSignal<Against>("previous");
    const chosen = s.file.value ?? state?.files.at(-1)?.path ?? state?.read[0]?.path ?? null;
    if (!state) return <div class="tab-body" aria-busy="true" />;
    return (
        <div class="tab-body files">
            <FileList s={s} state={state} chosen={chosen} />
            <div class="file-box" tabIndex={0} role="region" aria-label="File">
                {chosen ? <OneFile s={s} file={chosen} against={against.value} onAgainst={(way) => (against.value = way)} /> : <p class="empty">No file was touched or read so far.</p>}
            </div>
        </div>
    );
}

function FileList({ s, state, chosen }: { s: Session; state: AtView; chosen: string | null }): JSX.Element {
    const touched = new Set(state.files.map((file) => file.path));
    const read = state.read.filter((row) => row.found && !touched.has(row.path));
    const missing = state.read.filter((row) => !row.found && !touched.has(row.path));
    const pick = (file: string): void => s.open({ file });
    return (
        <nav class="file-list" aria-label="Files">
            <h3 class="label">Touched so far</h3>
            {state.files.map((file) => (
                <button key={file.path} type="button" class={file.path === chosen ? "chosen" : ""} aria-current={file.path === chosen} onClick={() => pick(file.path)} title={visible(file.path)} data-file={file.path}>
                    <i class={`op ${file.op}`}>{LETTERS[file.op]}</i>
                    <Name file={file.path} cwd={state.cwd} />
                    <span class="right">
                        {!file.counted && "≥ "}
                        {file.plus > 0 && <i class="plus">+{grouped(file.plus)}</i>} {file.minus > 0 && <i class="minus">−{grouped(file.minus)}</i>}
                    </span>
                </button>
            ))}
            {!state.files.length && <p class="untold">none</p>}
            {read.slice(0, 300).map((row) => (
                <button key={row.path} type="button" class={row.path === chosen ? "chosen" : ""} aria-current={row.path === chosen} onClick={() => pick(row.path)} title={visible(row.path)} data-file={row.path}>
                    <i class="op">·</i>
                    <Name file={row.path} cwd={state.cwd} />
                    <span class="right">read</span>
                </button>
            ))}
            {missing.slice(0, 100).map((row) => (
                <p key={row.path} class="row-of" title={visible(row.path)}>
                    <i class="op delete">·</i>
                    <Name file={row.path} cwd={state.cwd} />
                    <span class="right">not found</span>
                </p>
            ))}
            {state.later.length > 0 && <h3 class="label">Later</h3>}
            {state.later.slice(0, 200).map((file) => (
                <button key={file} type="button" class="later" onClick={() => pick(file)} title={visible(file)} data-file={file}>
                    <i class="op">A</i>
                    <Name file={file} cwd={state.cwd} />
                </button>
            ))}
            {state.shells > 0 && (
                <p class="caveat">
                    Only files the agent touched through its tools. {state.shells === 1 ? "One shell command" : `${grouped(state.shells)} shell commands`} could have changed others <Icon name="warning" label="not known" />
                </p>
            )}
        </nav>
    );
}

function Name({ file, cwd }: { file: string; cwd: string | null }): JSX.Element {
    const short = cwd && file.startsWith(`${cwd}/`) ? file.slice(cwd.length + 1) : file;
    return (
        <span class="name">
            <bdi>{visible(short)}</bdi>
        </span>
    );
}

const WAYS: readonly (readonly [Against, string])[] = [
    ["previous", "vs previous step"],
    ["start", "vs start"],
    ["none", "whole"],
];

function OneFile({ s, file, against, onAgainst }: { s: Session; file: string; against: Against; onAgainst: (way: Against) => void }): JSX.Element {
    const view = useSignal<FileView | null>(null);
    const follower = useRef<Follower<FileView> | null>(null);
    const until = s.until.value;
    const box = useRef<HTMLDivElement>(null);
    const wide = (box.current?.clientWidth ?? 0) >= 1100;
    follower.current ??= new Follower(
        (key) => {
            const [way, seq, ...rest] = key.split("\n");
            return get<FileView>(path(s.id, `/files/at/${seq}`), { path: rest.join("\n"), against: way ?? "previous" });
        },
        ({ value }) => (view.value = value),
        () => (view.value = null),
    );
    useEffect(() => follower.current?.want(`${against}\n${until}\n${file}`), [against, until, file]);
    const told = view.value;
    const isLate = told !== null && (told.path !== file || told.seq !== until || told.against !== against);
    return (
        <div ref={box} class={`one-file ${isLate ? "late" : ""}`}>
            <header>
                <h3>
                    <bdi>{visible(file.split("/").pop() ?? file)}</bdi>
                </h3>
                <span class="meta">{told?.text ? `${grouped(told.text.lines)} lines · ${grouped(told.text.size)} characters` : ""}</span>
                <div class="segments" role="group" aria-label="Compared with">
                    {WAYS.map(([way, title]) => (
                        <button key={way} type="button" aria-pressed={against === way} onClick={() => onAgainst(way)}>
                            {title}
                        </button>
                    ))}
                </div>
            </header>
            {told && <Life s={s} told={told} />}
            {told && <Content s={s} told={told} wide={wide} />}
        </div>
    );
}

/** Rings are reads, discs are changes, dashed ones come later, the orange tick is now. */
function Life({ s, told }: { s: Session; told: FileView }): JSX.Element | null {
    const events = told.life.slice(0, 400);
    if (!events.length) return null;
    const now = s.until.value;
    const width = 100 / (events.length + 1);
    const before = events.filter((event) => event.seq <= now).length;
    return (
        <div class="life">
            <i class="thread" />
            <i class="tick" style={{ left: `${Math.max(0.6, before) * width}%` }} />
            {events.map((event, k) => (
                <button
                    key={`${event.seq}-${k}`}
                    type="button"
                    class={`${event.kind} ${event.ok === false ? "bad" : ""} ${event.seq > now ? "later" : ""}`}
                    style={{ left: `${(k + 1) * width}%` }}
                    title={`${event.op ?? event.kind} at step ${event.seq}`}
                    aria-label={`${event.op ?? event.kind} at step ${event.seq}`}
                    onClick={() => s.moveTo(event.seq)}
                >
                    <i />
                    {events.length <= 30 && <span>{event.seq}</span>}
                </button>
            ))}
        </div>
    );
}

const KNOWN: Record<FileView["known"], string> = { full: "", partial: "rebuilt from what the agent saw of it", none: "its content is not on record" };

function Content({ s, told, wide }: { s: Session; told: FileView; wide: boolean }): JSX.Element {
    const text = told.against === "none" ? told.text : told.diff;
    const pages = usePages(s.id, told.changed_at ?? told.seq, text);
    return (
        <div class={`content ${told.known}`}>
            {(told.why || KNOWN[told.known]) && <p class="why">{visible(told.why || KNOWN[told.known])}</p>}
            {text && text.text !== "" && (
                <div class="card">
                    <p class="diff-head">
                        <span class="path">{visible(told.path)}</span>
                        {told.changed_at !== null && <span>{`as of step ${told.changed_at}`}</span>}
                    </p>
                    {told.against === "none" ? <Code text={pages.shown} isWhole /> : <Patch patch={pages.shown} wide={wide} isWhole />}
                    <More session={s.id} seq={told.changed_at ?? told.seq} text={text} pages={pages} />
                </div>
            )}
        </div>
    );
}
