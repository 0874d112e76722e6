/** A session at work: its tape, its last lines, what it costs so far; those that wait say for what and where to answer. */
import type { JSX } from "preact";
import type { NowSession } from "../api/types";
import { Amount } from "../parts/amount";
import { costOf } from "../parts/money";
import { AgentTag, StatusMark } from "../parts/status";
import { TapeView } from "../parts/tape-view";
import { tapeOf } from "../parts/tapes";
import { span, stopwatch } from "../parts/times";
import { href } from "../router";
import { shortName, tapeEnd } from "../home/row";
import { now, tick } from "../shell/state";

export function LiveCard({ one }: { one: NowSession }): JSX.Element {
    const { session } = one;
    const waits = session.live_status === "waiting";
    const cost = costOf(session.cost_total_usd, session.cost_total_known_usd, session.usage_total.quality);
    return (
        <article class={`live-card${waits ? " waits" : ""}`} aria-label={session.title ?? "untitled"}>
            <header>
                <StatusMark status={session.live_status} />
                <AgentTag agent={session.agent} />
                <h2>
                    <bdi>{session.title || "untitled"}</bdi>
                </h2>
                <span class="where">
                    <bdi>{shortName(session.project ?? session.cwd)}</bdi>
                    {session.branch && (
                        <>
                            {" / "}
                            <bdi>{session.branch}</bdi>
                        </>
                    )}
                </span>
            </header>
            <p class="doing">{waits ? waitsWords(one) : doingWords(one)}</p>
            <div class="drawn">
                <TapeView tape={tapeOf(session)} end={tapeEnd(session)} height={26} />
            </div>
            <pre class="lines" role="group" tabIndex={0} aria-label="Last lines">
                {one.lines.length === 0 && <span class="pale">nothing said yet</span>}
                {one.lines.slice(-5).map((line, index) => (
                    <Said line={line} key={index} />
                ))}
                {waits && one.waiting_for && (
                    <span class="asks">
                        {"\n?  "}
                        <bdi>{one.waiting_for}</bdi>
                        {"\n   "}
                        <i>answer where it runs</i>
                    </span>
                )}
            </pre>
            <footer>
                <span>{one.elapsed_ms === null ? "—" : stopwatch(one.elapsed_ms + Math.max(0, sinceAsked()))}</span>
                <span class="pale">ctx</span>
                <Amount value={one.context} />
                <span class="pale">·</span>
                <b>
                    <Amount value={cost.value} quality={cost.quality} kind="money" />
                </b>
                <a href={href({ view: "session", id: session.id, at: waits ? one.last : null })}>{waits ? `Open at ${one.last}` : "Follow"}</a>
            </footer>
        </article>
    );
}

/** The clock runs on between two answers. */
let answeredAt = Date.now();
let answered: unknown = null;
function sinceAsked(): number {
    if (answered !== now.value) {
        answered = now.value;
        answeredAt = Date.now();
    }
    return tick.value - answeredAt;
}

function waitsWords(one: NowSession): string {
    const since = one.waiting_since === null ? "" : ` since ${span(Math.max(0, Math.floor((tick.value - one.waiting_since) / 1000) * 1000))}`;
    return `Waits for you${since}`;
}

function doingWords({ session }: NowSession): string {
    return `Turn ${session.turns} · ${session.models.at(-1) ?? "model unknown"}`;
}

/** How a line begins tells whose it is: you, a failure, a question; all else is the agent's. */
const VOICES: readonly (readonly [prefix: string, voice: string])[] = [
    ["you: ", "you"],
    ["failed: ", "failed"],
    ["asks: ", "asks"],
];

/** A line of what was said or done. */
function Said({ line }: { line: string }): JSX.Element {
    const voice = VOICES.find(([prefix]) => line.startsWith(prefix))?.[1] ?? "";
    return (
        <span class={`said ${voice}`}>
            <bdi>{line}</bdi>
            {"\n"}
        </span>
    );
}
