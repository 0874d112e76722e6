/** The model requests of a session: a table, and one of them with what changed since the one before. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get } from "../api/client";
import type { Change, RequestRow, Requests as Told, RequestView } from "../api/types";
import { Amount } from "../parts/amount";
import { compact, grouped } from "../parts/numbers";
import { span } from "../parts/times";
import { Json, More, usePages } from "./bodies";
import { Section } from "./inspector";
import { Plain } from "./plain";
import { path, type Session } from "./state";
import { oneLine, visible } from "./text";

const SIGNS: Record<Change["sign"], { sign: string; name: string; said: string }> = {
    "=": { sign: "=", name: "same", said: "kept" },
    "+": { sign: "+", name: "plus", said: "new" },
    "-": { sign: "−", name: "minus", said: "gone" },
};

/** What a request has that the one before had not, by content. */
export function Changes({ changes, s }: { changes: readonly Change[]; s: Session }): JSX.Element {
    const open = useSignal<number | null>(null);
    if (!changes.length) return <p class="untold">Nothing is told of what was sent.</p>;
    return (
        <ul class="changes">
            {changes.slice(0, 200).map((change, k) => {
                const { sign, name, said } = SIGNS[change.sign];
                const line = (
                    <>
                        <span class="s" role="img" aria-label={said}>
                            {sign}
                        </span>
                        <span class="title">
                            {oneLine(change.title, 160)}
                            {change.count > 1 && !/^\d/.test(change.title) && ` ×${change.count}`}
                        </span>
                        <span class="size">{change.tokens ? compact(change.tokens) : ""}</span>
                    </>
                );
                return (
                    <li key={k} class={name}>
                        {change.text ? (
                            <button type="button" aria-expanded={open.value === k} onClick={() => (open.value = open.value === k ? null : k)}>
                                {line}
                            </button>
                        ) : (
                            <p>{line}</p>
                        )}
                        {open.value === k && change.text && <Text s={s} change={change} />}
                    </li>
                );
            })}
            {changes.length > 200 && <li class="untold">{changes.length - 200} more</li>}
        </ul>
    );
}

function Text({ s, change }: { s: Session; change: Change }): JSX.Element {
    const pages = usePages(s.id, change.seq ?? 0, change.text);
    return (
        <div class="changed-text">
            <Plain text={pages.shown.slice(0, 65_536)} />
            {change.seq !== null && <More session={s.id} seq={change.seq} text={change.text} pages={pages} />}
        </div>
    );
}

/** When the pieces of an answer came, where that was recorded. */
export function Timing({ view }: { view: RequestView }): JSX.Element | null {
    const { request, chunks } = view;
    if (!chunks.length || request.duration_ms === null) return null;
    const slots = new Array<number>(60).fill(0);
    const most = Math.max(1, request.duration_ms);
    for (const [at, size] of chunks) {
        const slot = Math.min(59, Math.floor((at / most) * 60));
        slots[slot] = (slots[slot] ?? 0) + size;
    }
    const high = Math.max(1, ...slots);
    return (
        <Section title="Timing" right={<span class="meta">{`${span(request.duration_ms)} · ${chunks.length} chunks`}</span>}>
            <svg class="timing" viewBox="0 0 300 24" preserveAspectRatio="none" role="img" aria-label={`${chunks.length} chunks in ${span(request.duration_ms)}`}>
                {slots.map((size, k) => size > 0 && <rect key={k} x={k * 5} width="4" y={24 - Math.max(2, (size / high) * 22)} height={Math.max(2, (size / high) * 22)} />)}
            </svg>
            <p class="meta ends">
                <span>sent</span>
                {request.ttft_ms !== null && <span>{`first byte ${span(request.ttft_ms)}`}</span>}
                {request.usage && request.duration_ms > 0 && <span>{`${Math.round((request.usage.output / request.duration_ms) * 1000)} tokens/s`}</span>}
            </p>
        </Section>
    );
}

export function RequestsTab({ s }: { s: Session }): JSX.Element {
    const told = useSignal<Told | null>(null);
    const view = useSignal<RequestView | null>(null);
    const shown = useSignal(120);
    const last = s.view.value?.last ?? 0;
    useEffect(() => {
        void get<Told>(path(s.id, "/requests")).then((value) => (told.value = value)).catch(() => undefined);
    }, [s.id, last]);
    const k = s.request.value;
    useEffect(() => {
        if (k === null) return void (view.value = null);
        void get<RequestView>(path(s.id, `/requests/${k}`)).then((value) => s.request.peek() === k && (view.value = value)).catch(() => undefined);
    }, [s.id, k]);
    useEffect(() => {
        document.querySelector(".requests tr.chosen")?.scrollIntoView({ block: "nearest" });
    }, [k, told.value]);
    if (!told.value) return <div class="tab-body" aria-busy="true" />;
    if (!told.value.rows.length) return <p class="empty">No model request is on record.</p>;
    const main = told.value.rows.filter((row) => !row.auxiliary);
    const auxiliary = told.value.rows.filter((row) => row.auxiliary);
    return (
        <div class="tab-body requests">
            <div class="table-box" tabIndex={0} role="region" aria-label="Requests">
                <Table s={s} rows={main.slice(0, shown.value)} title="Requests" />
                {main.length > shown.value && (
                    <button type="button" class="unfold" onClick={() => (shown.value += 500)}>
                        show {grouped(main.length - shown.value)} more
                    </button>
                )}
                {auxiliary.length > 0 && <Table s={s} rows={auxiliary.slice(0, shown.value)} title="Auxiliary" />}
            </div>
            {view.value && <One s={s} view={view.value} />}
        </div>
    );
}

function Table({ s, rows, title }: { s: Session; rows: readonly RequestRow[]; title: string }): JSX.Element {
    return (
        <table class="list">
            <caption class="label">{title}</caption>
            <thead>
                <tr>
                    <th scope="col">No.</th>
                    <th scope="col">Step</th>
                    <th scope="col">Model</th>
                    <th scope="col">Answer</th>
                    <th scope="col" class="num">
                        Tokens
                    </th>
                    <th scope="col" class="num">
                        Cost
                    </th>
                    <th scope="col" class="num">
                        Took
                    </th>
                </tr>
            </thead>
            <tbody>
                {rows.map((row) => (
                    <tr key={row.k} class={`${row.seq > s.until.value ? "later" : ""} ${s.request.value === row.k ? "chosen" : ""}`} data-request={row.k} onClick={() => s.open({ request: row.k })}>
                        <td>
                            <button type="button" aria-label={`request ${row.k}: what changed`} onClick={(event) => (event.stopPropagation(), s.open({ request: row.k }))}>
                                {row.k}
                            </button>
                        </td>
                        <td>{row.seq}</td>
                        <td>{visible(row.model ?? "—")}</td>
                        <td>{[row.status, row.stop_reason, row.purpose].filter(Boolean).join(" · ")}</td>
                        <td class="num">
                            <Amount value={row.usage?.total} quality={row.usage?.quality ?? "unknown"} />
                        </td>
                        <td class="num">
                            <Amount value={row.cost_usd} quality={row.cost_usd === null ? "unknown" : (row.usage?.quality ?? "measured")} kind="money" />
                        </td>
                        <td class="num">{row.duration_ms === null ? "—" : span(row.duration_ms)}</td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}

function One({ s, view }: { s: Session; view: RequestView }): JSX.Element {
    const { request } = view;
    const body = usePages(s.id, request.seq, view.body);
    const answer = usePages(s.id, request.end || request.seq, view.answer);
    return (
        <section class="request" aria-label={`Request ${request.k}`} tabIndex={0}>
            <header>
                <h3>
                    Request {request.k} {request.model && <span>→ {visible(request.model)}</span>}
                </h3>
                {request.rebuilt && <span class="chip">rebuilt from the log</span>}
                <button type="button" class="text" onClick={() => s.moveTo(request.seq)}>
                    step {request.seq}
                </button>
            </header>
            <Timing view={view} />
            <Section title={view.previous === null ? "The first request" : `What changed since request ${view.previous}`}>
                <Changes changes={view.changes} s={s} />
            </Section>
            {view.answer && (
                <Section title="Answer">
                    <Json text={answer.shown} />
                    <More session={s.id} seq={request.end || request.seq} text={view.answer} pages={answer} />
                </Section>
            )}
            {view.body && (
                <Section title="Body as sent">
                    <Json text={body.shown} />
                    <More session={s.id} seq={request.seq} text={view.body} pages={body} />
                </Section>
            )}
        </section>
    );
}
