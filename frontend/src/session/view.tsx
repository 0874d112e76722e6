/** One session: outline, stream, inspector and deck. Drawn when it is first opened. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { listen, watch } from "../api/live";
import type { LiveRows, LiveSession, SessionView as Told } from "../api/types";
import { get } from "../api/client";
import { Deck } from "../deck/deck";
import type { Mode } from "../deck/scale";
import { compact } from "../parts/numbers";
import { recall, remember } from "../parts/stored";
import { type Route, route as where } from "../router";
import { useKeys } from "../shell/keys";
import { say } from "../shell/news";
import { ContextTab } from "./context";
import { FilesTab } from "./files";
import { type Ask, Head } from "./head";
import { Inspector } from "./inspector";
import { bindingsOf } from "./keys";
import { OutlinePane } from "./outline";
import { drag, LIMITS, reset, resize, type Sized, widths } from "./panes";
import { RequestsTab } from "./requests";
import { type Pane, path, type Reading, Session, type Tab } from "./state";
import { Stream } from "./stream";
import { Tabs } from "./tabs";
import { visible } from "./text";
import { TodosTab } from "./todos";

export function SessionView({ route }: { route: Route }): JSX.Element {
    return <Opened key={route.id ?? ""} id={route.id ?? ""} />;
}

function Opened({ id }: { id: string }): JSX.Element {
    const s = useMemo(() => new Session(id), [id]);
    const ask = useSignal<Ask>(null);
    const drawers = useSignal({ outline: false, inspector: false });
    const mode = useSignal<Mode>(recall<Mode>("tape", "time"));
    useEffect(() => {
        void s.load(where.peek());
        return () => s.close();
    }, [s]);
    useAddress(s);
    useNews(s);
    useKeys("Session", useMemo(() => bindingsOf({ s, ask, drawers }), [s]));
    const title = s.view.value?.session.title;
    useEffect(() => {
        if (title) document.title = `${visible(title).slice(0, 80)} · reenact`;
        return () => void (document.title = "reenact");
    }, [title]);
    const trouble = s.trouble.value;
    if (trouble) {
        return (
            <main class="session" id="main">
                <p class="trouble" role="alert">
                    {trouble.message} {trouble.hint && <span>({trouble.hint})</span>}
                </p>
            </main>
        );
    }
    const setMode = (next: Mode): void => {
        mode.value = next;
        remember("tape", next);
    };
    return (
        <main class="session" id="main" data-session={id} data-show={s.pane.value} data-ready={s.steps.value ? "" : undefined} data-part={s.steps.value?.isPart ? "" : undefined}>
            <Head s={s} ask={ask.value} onAsk={(next) => (ask.value = next)} drawers={drawers} />
            <PaneTabs s={s} />
            <div class={`panes ${drawers.value.outline ? "with-outline" : ""} ${drawers.value.inspector ? "with-inspector" : ""}`} style={{ "--outline": `${widths.outline.value}px`, "--inspector": `${widths.inspector.value}px` }}>
                <OutlinePane s={s} />
                <Edge pane="outline" />
                <Middle s={s} />
                <Edge pane="inspector" />
                <Inspector s={s} />
            </div>
            <Deck s={s} modes={{ mode: mode.value, onMode: setMode }} />
        </main>
    );
}

/** What the address says, when it was changed by the reader or by going back. */
function useAddress(s: Session): void {
    const now = where.value;
    useEffect(() => {
        if (now.view !== "session" || now.id !== s.id || !s.steps.peek()) return;
        s.take(now);
        const isThere = now.at === null ? s.follows.peek() : now.at === s.seq.peek();
        if (!isThere && !s.moving.peek()) s.stand(now.at);
    }, [now]);
}

/** What happens while the page is open. */
function useNews(s: Session): void {
    const id = s.view.value?.session.id;
    useEffect(() => (id === undefined ? undefined : watch(id)), [id]);
    useEffect(() => {
        let waiting: ReturnType<typeof setTimeout> | undefined;
        const stops = [
            listen("reset", () => void s.refresh().catch(() => undefined)),
            listen<LiveRows>("events", (news) => {
                const view = s.view.peek();
                if (!view || news.id !== view.session.id) return;
                const before = s.steps.peek()?.count ?? 0;
                s.hear(news);
                const more = (s.steps.peek()?.count ?? 0) - before;
                if (more > 0) say(`${more} new ${more === 1 ? "step" : "steps"}`);
            }),
            listen<LiveSession>("session", (news) => {
                const view = s.view.peek();
                if (!view || news.id !== view.session.id) return;
                s.view.value = { ...view, session: { ...view.session, ...news.session, tape: view.session.tape } };
                clearTimeout(waiting);
                waiting = setTimeout(() => {
                    void get<Told>(path(s.id)).then((told) => s.become(told)).catch(() => undefined);
                }, 1500);
            }),
        ];
        return () => {
            clearTimeout(waiting);
            for (const stop of stops) stop();
        };
    }, [s]);
}

const PANES: readonly (readonly [Pane, string])[] = [
    ["outline", "Outline"],
    ["stream", "Stream"],
    ["state", "State"],
    ["step", "Step"],
];

/** On a narrow screen one pane at a time. */
function PaneTabs({ s }: { s: Session }): JSX.Element {
    const choose = (pane: string): void => {
        s.pane.value = pane as Pane;
        if (pane === "stream" && s.tab.peek() !== "stream") s.show("stream");
        if (pane === "state" && s.tab.peek() === "stream") s.show("files");
    };
    return (
        <div class="pane-tabs">
            <Tabs label="Panes" items={PANES.map(([id, title]) => ({ id, title }))} now={s.pane.value} panel="main" choose={choose} />
        </div>
    );
}

/** The edge between two panes: dragged, or moved by arrow keys. */
function Edge({ pane }: { pane: Sized }): JSX.Element {
    const { least, most } = LIMITS[pane];
    const key = (event: KeyboardEvent): void => {
        const by = event.key === "ArrowRight" ? 16 : event.key === "ArrowLeft" ? -16 : 0;
        if (!by) return;
        event.preventDefault();
        resize(pane, widths[pane].peek() + (pane === "outline" ? by : -by));
    };
    return (
        <div
            class={`edge of-${pane}`}
            role="separator"
            tabIndex={0}
            aria-orientation="vertical"
            aria-label={`Width of the ${pane}`}
            aria-valuemin={least}
            aria-valuemax={most}
            aria-valuenow={Math.round(widths[pane].value)}
            onPointerDown={(event) => drag(pane, event)}
            onDblClick={() => reset(pane)}
            onKeyDown={key}
        />
    );
}

const READINGS: readonly (readonly [Reading, string])[] = [
    ["full", "Full"],
    ["compact", "Compact"],
    ["skim", "Skim"],
];

function Middle({ s }: { s: Session }): JSX.Element {
    const steps = s.steps.value;
    const i = s.seen.value;
    const tab = s.tab.value;
    const counts = s.view.value?.counts;
    const items = [
        { id: "stream", title: "Stream" },
        { id: "files", title: "Files", count: steps?.count && !steps.isPart ? steps.files[i] : null },
        { id: "context", title: "Context", count: steps?.context[i] ? compact(steps.context[i] as number) : null },
        { id: "todos", title: "To-dos", count: steps?.todos[i] ? `${steps.done[i]}/${steps.todos[i]}` : null },
        { id: "requests", title: "Requests", count: counts?.requests ?? null },
    ];
    const box = useRef<HTMLElement>(null);
    return (
        <section ref={box} class="middle" aria-label={tab === "stream" ? "Stream" : "State"} data-pane="stream">
            <header class="pane-head">
                <Tabs label="Views of the session" items={items} now={tab} panel="session-panel" choose={(id) => s.show(id as Tab)} />
                <span class="rest" />
                {tab === "stream" ? (
                    <div class="readings" role="group" aria-label="How much of each step">
                        {READINGS.map(([reading, title]) => (
                            <button key={reading} type="button" aria-pressed={s.reading.value === reading} onClick={() => s.read(reading)}>
                                {title}
                            </button>
                        ))}
                    </div>
                ) : (
                    <span class="as-of">as of step {s.seenSeq.value}</span>
                )}
            </header>
            <div class="panel" id="session-panel" role="tabpanel" aria-label={tab}>
                {tab === "stream" && <Stream s={s} />}
                {tab === "files" && <FilesTab s={s} />}
                {tab === "context" && <ContextTab s={s} />}
                {tab === "todos" && <TodosTab s={s} />}
                {tab === "requests" && <RequestsTab s={s} />}
            </div>
        </section>
    );
}
