/** Now: who waits for you, who works, and what happened last; the page's answer to "what are they doing?". */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { LastEvent, Now } from "../api/types";
import { Amount } from "../parts/amount";
import { CopyButton } from "../parts/command";
import { AgentTag, StatusMark } from "../parts/status";
import { clockTenths, dayMonth, daysBetween, exact } from "../parts/times";
import { costOf } from "../parts/money";
import { drawTapes } from "../parts/tapes";
import { href } from "../router";
import { Loading, Trouble } from "../home/states";
import { now, nowError, refreshNow, tick } from "../shell/state";
import { LiveCard } from "./card";
import { canNotify, toggleNotices, notices } from "./notices";

export function NowView(): JSX.Element {
    useEffect(() => void refreshNow(), []);
    const view = now.value;
    const error = nowError.value;
    useEffect(() => {
        if (view) void drawTapes(view.sessions.map(({ session }) => session));
    }, [view]);
    return (
        <main id="main" class="now-view" tabIndex={-1}>
            <Head view={view} />
            {error && <Trouble error={error} onRetry={() => void refreshNow()} />}
            {view ? <Filled view={view} /> : !error && <Loading />}
        </main>
    );
}

function Head({ view }: { view: Now | null }): JSX.Element {
    const sessions = view?.sessions ?? [];
    const working = sessions.filter(({ session }) => session.live_status === "working").length;
    const waits = sessions.filter(({ session }) => session.live_status === "waiting").length;
    return (
        <div class="settings">
            <h1 class="title">Now</h1>
            {view && (
                <p class="words">
                    {working} working
                    {waits > 0 && (
                        <>
                            {" · "}
                            <strong>
                                {waits} wait{waits === 1 ? "s" : ""} for you
                            </strong>
                        </>
                    )}
                </p>
            )}
            <span class="rest" />
            {canNotify && (
                <button type="button" class="button" aria-pressed={notices.value} onClick={() => void toggleNotices()}>
                    Notify me when one waits
                </button>
            )}
        </div>
    );
}

function Filled({ view }: { view: Now }): JSX.Element {
    // Waiting first, then by last write.
    const order = [...view.sessions].sort(
        (a, b) =>
            Number(b.session.live_status === "waiting") - Number(a.session.live_status === "waiting") ||
            (b.session.ended_ts ?? 0) - (a.session.ended_ts ?? 0),
    );
    return (
        <>
            {order.length > 0 ? (
                <section class="cards" aria-label="Sessions at work">
                    {order.map((one) => (
                        <LiveCard one={one} key={one.session.id} />
                    ))}
                </section>
            ) : (
                <Nobody view={view} />
            )}
            {view.last_events.length > 0 && (
                <section class="last" aria-label="Last events">
                    <p class="caption">
                        <span class="label">Last events</span> <span class="meta">all sessions, newest first</span>
                    </p>
                    <ol>
                        {view.last_events.map((event) => (
                            <Happened event={event} key={`${event.session} ${event.seq}`} />
                        ))}
                    </ol>
                </section>
            )}
        </>
    );
}

function Nobody({ view }: { view: Now }): JSX.Element {
    const last = view.last_ended;
    const ended = last?.ended_ts ?? null;
    const cost = last && costOf(last.cost_total_usd, last.cost_total_known_usd, last.usage_total.quality);
    return (
        <section class="nobody">
            <h2>Nobody is at work</h2>
            {last && (
                <p>
                    Last was{" "}
                    <a href={href({ view: "session", id: last.id })} class="session">
                        <StatusMark status={last.live_status} /> <AgentTag agent={last.agent} /> <bdi>{last.title || "untitled"}</bdi>
                    </a>
                    {ended !== null && <span title={exact(new Date(ended))}>, {endedWords(ended)}</span>}
                    {cost && (
                        <>
                            , <Amount value={cost.value} quality={cost.quality} kind="money" />
                        </>
                    )}
                </p>
            )}
            <p>Start an agent as always: it shows up here by itself. Or record one from its first request on:</p>
            <p class="command">
                <code>reenact record -- claude</code>
                <CopyButton text="reenact record -- claude" />
            </p>
        </section>
    );
}

function endedWords(ended: number): string {
    const days = daysBetween(new Date(ended), new Date(tick.value));
    const at = new Date(ended);
    const time = clockTenths(at).slice(0, 5);
    return days === 0 ? `at ${time}` : days === 1 ? `yesterday at ${time}` : `on ${dayMonth(at)} at ${time}`;
}

interface Voice {
    tone: string;
    /** What stands before the text, in bold. */
    head: string;
    text: string;
    /** Whether the text is said, not run. */
    said: boolean;
}

/** How an event of a kind is told. */
function voiceOf({ what, text }: LastEvent): Voice {
    const after = (prefix: string) => (text.startsWith(prefix) ? text.slice(prefix.length) : text);
    if (what === "message.user") return { tone: "you", head: "You", text: after("you: "), said: true };
    if (what === "permission.asked") return { tone: "warn", head: "? permission asked", text: after("asks: "), said: false };
    if (what === "model.failed") return { tone: "bad", head: "✕ the model failed", text, said: false };
    if (what === "tool.finished") return { tone: "bad", head: "✕ failed", text: after("failed: "), said: false };
    if (what === "tool.called") {
        const [name, ...rest] = text.split(" ");
        return { tone: "run", head: name ?? "", text: rest.join(" "), said: false };
    }
    return { tone: "look", head: "", text, said: true };
}

function Happened({ event }: { event: LastEvent }): JSX.Element {
    const voice = voiceOf(event);
    const at = event.ts === null ? null : new Date(event.ts);
    return (
        <li class={voice.tone}>
            <time class="mono" title={at ? exact(at) : undefined}>
                {at ? clockTenths(at) : "—"}
            </time>
            <span class={`edge ${voice.tone}`} aria-hidden="true" />
            <AgentTag agent={event.agent} />
            <a href={href({ view: "session", id: event.session, at: event.seq })}>
                {voice.head && <b>{voice.head} </b>}
                <bdi class={voice.said ? "" : "mono"}>{voice.text}</bdi>
            </a>
            <span class="meta">
                <bdi>{event.title || "untitled"}</bdi>, step {event.seq}
            </span>
        </li>
    );
}
