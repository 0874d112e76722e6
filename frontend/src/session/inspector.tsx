/** One step with everything told of it: step, request, usage, notes, raw record. A second one may be pinned beside it. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { get } from "../api/client";
import type { EventView, RequestView, StepView, UsageLine } from "../api/types";
import { grouped } from "../parts/numbers";
import { exact, span } from "../parts/times";
import { Json, More, usePages } from "./bodies";
import { CopyButton } from "./copy";
import { Changes, Timing } from "./requests";
import { type Detail, path, type Session } from "./state";
import { Tabs } from "./tabs";
import { visible } from "./text";

const TITLES: readonly (readonly [Detail, string])[] = [
    ["step", "Step"],
    ["request", "Request"],
    ["usage", "Usage"],
    ["notes", "Notes"],
    ["raw", "Raw"],
];

export function Inspector({ s }: { s: Session }): JSX.Element {
    const step = s.step.value;
    const isLate = step?.seq !== s.seenSeq.value && (step?.end ?? 0) < s.seenSeq.value;
    const pinned = s.pinned.value;
    return (
        <aside class={`inspector ${isLate ? "late" : ""}`} aria-label="Inspector" data-pane="inspector">
            <header class="pane-head">
                <Tabs label="Inspector" items={TITLES.map(([id, title]) => ({ id, title }))} now={s.detail.value} panel="inspector-panel" choose={(id) => (s.detail.value = id as Detail)} />
                <button type="button" class={`corner ${pinned === null ? "" : "pinned"}`} aria-pressed={pinned !== null} title="pin this step (p)" onClick={() => togglePin(s)}>
                    {s.seenSeq.value}
                </button>
            </header>
            <div class="details" id="inspector-panel" role="tabpanel" aria-label={s.detail.value} tabIndex={0}>
                {step && <Told s={s} step={step} />}
                {pinned !== null && <Pinned s={s} seq={pinned} />}
            </div>
        </aside>
    );
}

export function togglePin(s: Session): void {
    s.pinned.value = s.pinned.value === null ? s.seenSeq.value : null;
}

function Pinned({ s, seq }: { s: Session; seq: number }): JSX.Element {
    const step = useSignal<StepView | null>(null);
    useEffect(() => {
        void get<StepView>(path(s.id, `/step/${seq}`)).then((value) => (step.value = value)).catch(() => undefined);
    }, [seq]);
    return (
        <section class="pin" aria-label={`pinned step ${seq}`}>
            <p class="pin-head">
                <b>Pinned: step {seq}</b>
                <span>
                    <button type="button" onClick={() => s.moveTo(seq)}>
                        go there
                    </button>
                    <button type="button" onClick={() => (s.pinned.value = null)}>
                        unpin
                    </button>
                </span>
            </p>
            {step.value && <Told s={s} step={step.value} />}
        </section>
    );
}

function Told({ s, step }: { s: Session; step: StepView }): JSX.Element {
    switch (s.detail.value) {
        case "request":
            return <RequestOf s={s} step={step} />;
        case "usage":
            return <UsageOf step={step} />;
        case "notes":
            return <Notes s={s} step={step} />;
        case "raw":
            return <Raw s={s} step={step} />;
        default:
            return <StepOf s={s} step={step} />;
    }
}

export function Facts({ rows }: { rows: readonly (readonly [string, ComponentChildren])[] }): JSX.Element {
    return (
        <dl class="facts-of">
            {rows.map(([name, value]) => (
                <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            ))}
        </dl>
    );
}

export function Section({ title, right, children }: { title: string; right?: ComponentChildren; children: ComponentChildren }): JSX.Element {
    return (
        <section class="part">
            <header>
                <h3 class="label">{title}</h3>
                {right}
            </header>
            {children}
        </section>
    );
}

function StepOf({ s, step }: { s: Session; step: StepView }): JSX.Element {
    return (
        <>
            <Facts rows={step.facts.map((fact) => [fact.name, visible(fact.value)] as const)} />
            {step.usage_lines.length > 0 && <UsageOf step={step} />}
            {step.request !== null && <Added s={s} k={step.request} />}
            {step.events.slice(0, 8).map((event, k) => (
                <EventOf key={event.seq} s={s} event={event} isOpen={k === 0} />
            ))}
            {step.events.length > 8 && <p class="untold">{step.events.length - 8} more events belong to this step; see Raw.</p>}
        </>
    );
}

function EventOf({ s, event, isOpen }: { s: Session; event: EventView; isOpen: boolean }): JSX.Element {
    const pages = usePages(s.id, event.seq, event.json);
    return (
        <Section title={isOpen ? "Event" : `Event ${event.seq}`} right={<CopyButton text={() => event.json.text} />}>
            {event.origin && <p class="origin">{`// ${visible(event.origin)}`}</p>}
            <Json text={pages.shown} depth={isOpen ? 3 : 1} />
            <More session={s.id} seq={event.seq} text={event.json} pages={pages} />
        </Section>
    );
}

const TONES: Record<UsageLine["name"], string> = { cache_read: "u-read", cache_write: "u-write", input: "u-in", output: "u-out", total: "" };
const NAMES: Record<UsageLine["name"], string> = { cache_read: "cache read", cache_write: "cache write", input: "input", output: "output", total: "total" };

/** Four digits; what is less is not nothing. */
function priced(cost: number | null): string {
    if (cost === null) return "—";
    return cost > 0 && cost < 0.00005 ? "<$0.0001" : `$${cost.toFixed(4)}`;
}

function UsageOf({ step }: { step: StepView }): JSX.Element {
    if (!step.usage_lines.length) return <p class="untold">No usage is told of this step.</p>;
    const quality = step.turn_usage?.quality ?? "measured";
    const parts = step.usage_lines.filter((line) => line.name !== "total" && line.tokens > 0);
    const sum = parts.reduce((all, line) => all + line.tokens, 0);
    return (
        <Section title={step.turn ? `Usage of turn ${step.turn}` : "Usage"} right={<span class={`chip q-${quality}`}>{quality === "partial" ? "≥ lower bound" : quality === "estimated" ? "≈ estimated" : "● measured"}</span>}>
            <div class={`usage-bar q-${quality}`} role="img" aria-label={parts.map((line) => `${NAMES[line.name]} ${grouped(line.tokens)}`).join(", ")}>
                {parts.map((line) => (
                    <i key={line.name} class={TONES[line.name]} style={{ flexGrow: String(line.tokens / Math.max(1, sum)) }} />
                ))}
            </div>
            <table class="sums">
                <tbody>
                    {step.usage_lines.map((line) => (
                        <tr key={line.name} class={line.name}>
                            <th scope="row">
                                <i class={`key ${TONES[line.name]}`} />
                                {NAMES[line.name]} {line.note && <span>{line.note}</span>}
                            </th>
                            <td>{grouped(line.tokens)}</td>
                            <td>{priced(line.cost)}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
        </Section>
    );
}

function useRequest(s: Session, k: number | null): RequestView | null {
    const view = useSignal<RequestView | null>(null);
    useEffect(() => {
        if (k === null) return;
        let isGone = false;
        const timer = setTimeout(() => {
            void get<RequestView>(path(s.id, `/requests/${k}`))
                .then((value) => !isGone && (view.value = value))
                .catch(() => undefined);
        }, s.moving.peek() ? 120 : 0);
        return () => {
            isGone = true;
            clearTimeout(timer);
        };
    }, [s.id, k]);
    return view.value?.request.k === k ? view.value : null;
}

function Added({ s, k }: { s: Session; k: number }): JSX.Element | null {
    const view = useRequest(s, k);
    if (!view) return null;
    return (
        <Section
            title={`Request ${k}`}
            right={
                <button type="button" class="text" onClick={() => (s.detail.value = "request")}>
                    {view.previous === null ? "the first" : `vs request ${view.previous}`}
                </button>
            }
        >
            <Changes changes={view.changes} s={s} />
        </Section>
    );
}

function RequestOf({ s, step }: { s: Session; step: StepView }): JSX.Element {
    const view = useRequest(s, step.request);
    if (step.request === null) return <p class="untold">No request is on record for this step.</p>;
    if (!view) return <p class="untold" aria-busy="true" />;
    const { request } = view;
    const facts: [string, ComponentChildren][] = [
        ["Exchange", <><b>{request.k}</b> {request.lane && request.lane !== "main" ? `lane ${request.lane}` : "lane main"}</>],
        ["Model", visible(request.model ?? "—")],
        ["Answer", [request.status, request.stop_reason].filter(Boolean).join(" · ")],
        ["Provenance", request.rebuilt ? "rebuilt from the log" : request.provenance.join(", ") || "—"],
        ["Asked", request.ts === null ? "—" : exact(new Date(request.ts))],
        ["Took", request.duration_ms === null ? "—" : span(request.duration_ms)],
    ];
    if (view.fidelity) facts.push(["Fidelity", view.fidelity]);
    return (
        <>
            <Facts rows={facts} />
            <Timing view={view} />
            <Section title={view.previous === null ? "The first request" : `Change since request ${view.previous}`}>
                <Changes changes={view.changes} s={s} />
            </Section>
            <Section title="Body as sent">{view.body ? <Paged s={s} seq={request.seq} view={view} /> : <p class="untold">The request itself is not on record; only what was said is.</p>}</Section>
        </>
    );
}

function Paged({ s, seq, view }: { s: Session; seq: number; view: RequestView }): JSX.Element {
    const pages = usePages(s.id, seq, view.body);
    return (
        <>
            <Json text={pages.shown} />
            <More session={s.id} seq={seq} text={view.body} pages={pages} />
        </>
    );
}

function Notes({ s, step }: { s: Session; step: StepView }): JSX.Element {
    const command = `reenact note "…" --session ${(s.view.value?.session.id ?? s.id).slice(0, 8)} --at ${step.seq}`;
    return (
        <>
            {step.notes.length ? (
                <ul class="notes">
                    {step.notes.map((note, k) => (
                        <li key={k} class={note.seq === step.seq ? "here" : ""}>
                            {note.seq === null ? <span class="second">whole session</span> : <a href={`#/s/${s.id}/at/${note.seq}`}>step {note.seq}</a>} {visible(note.text)}
                        </li>
                    ))}
                </ul>
            ) : (
                <p class="untold">No notes on this session.</p>
            )}
            <div class="command">
                <pre tabIndex={0}>{command}</pre>
                <CopyButton text={() => command} />
            </div>
        </>
    );
}

function Raw({ s, step }: { s: Session; step: StepView }): JSX.Element {
    const origins = [...new Set(step.events.map((event) => event.origin).filter((origin) => origin !== null))];
    return (
        <>
            <Section title="Record as kept" right={step.raw && <CopyButton text={() => step.raw?.text ?? ""} />}>
                {origins.map((origin) => (
                    <p key={origin} class="origin">{`// ${visible(origin)}`}</p>
                ))}
                {step.raw ? <Json text={step.raw.text} depth={3} /> : <p class="untold">The source line is not on record for this step.</p>}
                {step.raw && <RawMore s={s} step={step} />}
            </Section>
            <Section title={`${step.events.length} ${step.events.length === 1 ? "event" : "events"}`}>
                <ul class="events">
                    {step.events.map((event) => (
                        <li key={event.seq}>
                            <span class="n">{event.seq}</span> <b>{event.kind}</b> {event.source_kind} · {event.completeness}
                        </li>
                    ))}
                </ul>
            </Section>
        </>
    );
}

function RawMore({ s, step }: { s: Session; step: StepView }): JSX.Element {
    const pages = usePages(s.id, step.seq, step.raw);
    return <More session={s.id} seq={step.seq} text={step.raw} pages={pages} />;
}
