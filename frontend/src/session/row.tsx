/** One row of the stream: who spoke or what was done, with its number and the colour of its lane at the side. */
import type { ComponentChildren, JSX } from "preact";
import type { AgentView, StreamRow, Text } from "../api/types";
import { Amount } from "../parts/amount";
import { Icon } from "../parts/icons";
import { compact as short, grouped, money } from "../parts/numbers";
import { StatusMark } from "../parts/status";
import { exact, span } from "../parts/times";
import { href } from "../router";
import { Images, More, Todos, usePages } from "./bodies";
import { useFold } from "./folds";
import { Glyph } from "./glyphs";
import { keyOf, type Run } from "./groups";
import { Markdown } from "./markdown";
import { memo } from "./memo";
import { Plain } from "./plain";
import type { Reading, Session } from "./state";
import { oneLine, visible } from "./text";
import { ToolCard } from "./tool";

export interface RowProps {
    s: Session;
    row: StreamRow;
    reading: Reading;
    /** Behind the playhead the past is ink, before it the future is pencil. */
    when: "past" | "now" | "later";
    wide: boolean;
}

/** Kinds that Skim leaves out unless they failed. */
export function isSkimmed(row: StreamRow): boolean {
    if (row.kind === "tool") return row.tool?.ok !== false;
    return !["human", "assistant", "error", "compaction", "fork", "agents"].includes(row.kind);
}

export const Row = memo(function Row({ s, row, reading, when, wide }: RowProps): JSX.Element {
    const number = row.kind === "agents" && row.end > row.seq ? `${row.seq}–${row.end}` : String(row.seq);
    return (
        <article class={`row k-${row.kind} ${when} ${row.live ? "" : "left"}`} aria-label={`step ${row.seq}, ${row.kind}`} data-seq={row.seq}>
            <button type="button" class="n" tabIndex={-1} onClick={() => s.moveTo(row.seq)} title={row.ts === null ? `step ${row.seq}` : exact(new Date(row.ts))} aria-label={`${number}: go to this step`}>
                {number}
            </button>
            <div class="it">{contentOf({ s, row, reading, when, wide })}</div>
        </article>
    );
});

function contentOf({ s, row, reading, wide }: RowProps): ComponentChildren {
    switch (row.kind) {
        case "human":
            return <Human s={s} row={row} />;
        case "assistant":
            return <Assistant s={s} row={row} />;
        case "thinking":
            return <Thinking s={s} row={row} />;
        case "tool":
            return row.tool && <ToolCard key={reading} s={s} row={row} tool={row.tool} wide={wide} compact={reading !== "full"} />;
        case "todos":
            return <TodoCard s={s} row={row} />;
        case "agents":
            return <Agents s={s} row={row} />;
        case "compaction":
            return <Compaction s={s} row={row} wide={wide} />;
        case "fork":
            return <Fork row={row} />;
        case "error":
            return <Failure row={row} />;
        default:
            return <Aside s={s} row={row} />;
    }
}

function time(ts: number | null): string {
    if (ts === null) return "";
    return exact(new Date(ts)).slice(11);
}

function Human({ s, row }: { s: Session; row: StreamRow }): JSX.Element {
    const pages = usePages(s.id, row.seq, row.text);
    return (
        <>
            <p class="who">
                <b>You</b> {time(row.ts)}
            </p>
            <Long text={pages.shown} s={s} id={`h${row.seq}`} />
            <More session={s.id} seq={row.seq} text={row.text} pages={pages} />
            <Images images={row.images} />
        </>
    );
}

/** A person's words as typed: no Markdown; a long paste is folded. */
function Long({ text, s, id }: { text: string; s: Session; id: string }): JSX.Element {
    const isLong = text.length > 2400 || text.split("\n", 32).length > 30;
    const [isOpen, toggle] = useFold(s, id, !isLong);
    const lines = text.split("\n");
    const shown = isOpen ? text : lines.slice(0, 20).join("\n").slice(0, 1600);
    return (
        <div class="said">
            <Plain text={shown} />
            {!isOpen && (
                <button type="button" class="unfold" onClick={toggle}>
                    show all {grouped(lines.length)} lines, {grouped(text.length)} characters
                </button>
            )}
        </div>
    );
}

function Assistant({ s, row }: { s: Session; row: StreamRow }): JSX.Element {
    const pages = usePages(s.id, row.seq, row.text);
    return (
        <div class="prose">
            <Markdown text={pages.shown} />
            <More session={s.id} seq={row.seq} text={row.text} pages={pages} />
            <Images images={row.images} />
        </div>
    );
}

function Thinking({ s, row }: { s: Session; row: StreamRow }): JSX.Element {
    const [isOpen, toggle] = useFold(s, `t${row.seq}`, false);
    const facts = [
        row.sealed ? "kept sealed" : row.tokens !== null ? `${grouped(row.tokens)} tokens` : row.text ? `${grouped(row.text.size)} characters` : null,
        row.duration_ms !== null ? span(row.duration_ms) : null,
    ].filter(Boolean);
    if (row.sealed || !row.text?.text) {
        return (
            <p class="fold still">
                <i>Thinking</i> · {facts.join(" · ") || "not on record"}
            </p>
        );
    }
    return (
        <>
            <button type="button" class="fold" aria-expanded={isOpen} onClick={toggle}>
                <i>Thinking</i> · {facts.join(" · ")} <Icon name={isOpen ? "down" : "right"} />
            </button>
            {isOpen && (
                <div class="thought">
                    <Markdown text={row.text.text} />
                </div>
            )}
        </>
    );
}

/** The name before the first words, where a title holds both. */
function named(title: string, first: string): string {
    const at = first ? title.indexOf(first.slice(0, 12)) : -1;
    return at > 0 ? title.slice(0, at).trim() : title;
}

/** What was put in by the agent or the system: folded and named, so that it is never taken for the human. */
function Aside({ s, row }: { s: Session; row: StreamRow }): JSX.Element {
    const [isOpen, toggle] = useFold(s, `a${row.seq}`, row.kind === "note");
    const pages = usePages(s.id, row.seq, row.text);
    const first = oneLine(pages.shown, 140);
    const title = named(oneLine(row.title || row.event, 140), first);
    if (!pages.shown) {
        return (
            <p class="fold still">
                <span>{title}</span> <span class="what">{row.event}</span>
            </p>
        );
    }
    return (
        <>
            <button type="button" class="fold" aria-expanded={isOpen} onClick={toggle}>
                <b>{title}</b> {!isOpen && <span>{first}</span>} <Icon name={isOpen ? "down" : "right"} />
            </button>
            {isOpen && (
                <div class="aside">
                    <Plain text={pages.shown.slice(0, 131_072)} />
                    <More session={s.id} seq={row.seq} text={row.text} pages={pages} />
                </div>
            )}
        </>
    );
}

/** Several of them in one line, named by their sources. */
export function RunRow({ s, run, when }: { s: Session; run: Run; when: "past" | "later" }): JSX.Element {
    const [isOpen, toggle] = useFold(s, keyOf(run.run[0] as StreamRow), false);
    const names = [...new Set(run.run.map((row) => named(oneLine(row.title || row.event, 60), oneLine(row.text?.text ?? "", 60))))];
    return (
        <article class={`row k-system ${when}`} aria-label={`steps ${run.seq} to ${run.end}, put in by the agent`}>
            <button type="button" class="n" tabIndex={-1} onClick={() => s.moveTo(run.seq)} aria-label={`${run.seq}: go to this step`}>
                {run.seq}
            </button>
            <div class="it">
                <button type="button" class="fold" aria-expanded={isOpen} onClick={toggle}>
                    <b>{run.run.length} put in by the agent</b> <span>{names.join(", ")}</span> <Icon name={isOpen ? "down" : "right"} />
                </button>
            </div>
        </article>
    );
}

function TodoCard({ s, row }: { s: Session; row: StreamRow }): JSX.Element {
    const done = row.todos.filter((todo) => todo.status === "completed").length;
    const [isOpen, toggle] = useFold(s, `${row.seq}`, true);
    return (
        <div class="card tool">
            <button type="button" class="head" aria-expanded={isOpen} onClick={toggle}>
                <Glyph name="todos" />
                <span class="name">To-dos</span>
                <span class="arg">
                    {done} of {row.todos.length} done
                </span>
                <span class="result">{row.event}</span>
            </button>
            {isOpen && (
                <div class="body">
                    <Todos todos={row.todos} />
                </div>
            )}
        </div>
    );
}

/** Sub-agents that one turn started, side by side. */
function Agents({ s, row }: { s: Session; row: StreamRow }): JSX.Element {
    const summed = row.agents.reduce((sum, agent) => sum + (agent.duration_ms ?? 0), 0);
    const facts = [
        `${row.agents.length} ${row.agents.length === 1 ? "agent" : "agents"}`,
        row.duration_ms !== null && `${span(row.duration_ms)} wall`,
        summed > 0 && row.agents.length > 1 && `${span(summed)} summed`,
    ].filter(Boolean);
    return (
        <>
            <p class="fold still">
                <Icon name="parallel" /> {row.agents.length > 1 ? "parallel group" : "sub-agent"} · {facts.join(" · ")}
            </p>
            <div class="agents">
                {row.agents.map((agent, k) => (
                    <AgentCard key={agent.session ?? k} s={s} agent={agent} number={agent.lane ?? k + 1} />
                ))}
            </div>
        </>
    );
}

export function AgentCard({ s, agent, number }: { s: Session; agent: AgentView; number: number }): JSX.Element {
    const [isOpen, toggle] = useFold(s, `p${agent.seq}:${number}`, false);
    const colour = `l-s${((number - 1) % 6) + 1}`;
    const cost = agent.cost_usd;
    return (
        <section class={`card agent-card ${colour} ${number > 6 ? "again" : ""}`} data-agent={number}>
            <p class="top">
                <b>
                    <Plain text={agent.task ?? agent.name ?? `Agent ${number}`} />
                </b>
                {agent.task && agent.name && <span class="type">{oneLine(agent.name, 40)}</span>}
                <StatusMark status={agent.status} />
            </p>
            {agent.result?.text && (
                <p class="answer">
                    <Plain text={oneLine(agent.result.text, 160)} />
                </p>
            )}
            <p class="facts">
                {agent.turns !== null && <span>{`${agent.turns} ${agent.turns === 1 ? "turn" : "turns"}`}</span>}
                {agent.usage && (
                    <span>
                        <Amount value={agent.usage.total} quality={agent.usage.quality} /> tokens
                    </span>
                )}
                {agent.usage && <Amount value={cost} quality={cost === null ? "unknown" : agent.usage.quality} kind="money" />}
                {agent.prompt && (
                    <button type="button" onClick={toggle} aria-expanded={isOpen}>
                        prompt
                    </button>
                )}
                {agent.session && (
                    <a href={href({ view: "session", id: agent.session })}>
                        open lane <Icon name="open" />
                    </a>
                )}
            </p>
            {isOpen && agent.prompt && <Prompt s={s} seq={agent.seq} text={agent.prompt} />}
        </section>
    );
}

function Prompt({ s, seq, text }: { s: Session; seq: number; text: Text }): JSX.Element {
    const pages = usePages(s.id, seq, text);
    return (
        <div class="prompt">
            <Plain text={pages.shown} />
            <More session={s.id} seq={seq} text={text} pages={pages} />
        </div>
    );
}

function Compaction({ s, row, wide }: { s: Session; row: StreamRow; wide: boolean }): JSX.Element {
    const told = row.compaction;
    const [isOpen, toggle] = useFold(s, `c${row.seq}`, false);
    const [hasSummary, toggleSummary] = useFold(s, `cs${row.seq}`, false);
    if (!told) return <p class="fold still">Compaction</p>;
    const sizes = told.before !== null || told.after !== null ? `${told.before === null ? "—" : short(told.before)} → ${told.after === null ? "—" : short(told.after)} tokens` : null;
    const words = told.summary ? `folded into a summary of ${grouped(told.summary.text.trim().split(/\s+/).length)}${told.summary.more ? "+" : ""} words` : null;
    const hasSteps = told.to_seq > 0 && told.to_seq >= told.from_seq;
    return (
        <>
            {isOpen && hasSteps && <Cut s={s} from={told.from_seq} to={told.to_seq} wide={wide} />}
            <div class="torn">
                <div>
                    <p>
                        <Icon name="compaction" /> <b>Compaction</b> {[told.trigger ?? told.strategy, sizes, words].filter(Boolean).join(" · ")}
                    </p>
                    {hasSteps && <p class="second">{`The model no longer sees steps ${told.from_seq}–${told.to_seq}. The archive still holds every one of them.`}</p>}
                    {hasSummary && told.summary && (
                        <div class="thought">
                            <Markdown text={told.summary.text} />
                        </div>
                    )}
                </div>
                <p class="ways">
                    {told.summary && (
                        <button type="button" onClick={toggleSummary} aria-expanded={hasSummary}>
                            Summary
                        </button>
                    )}
                    {hasSteps && (
                        <button type="button" onClick={toggle} aria-expanded={isOpen}>
                            {isOpen ? "Hide what was cut" : "Show what was cut"} <Icon name={isOpen ? "down" : "right"} />
                        </button>
                    )}
                </p>
            </div>
        </>
    );
}

/** The steps that a compaction took from the model, one line each, in pencil. */
function Cut({ s, from, to, wide }: { s: Session; from: number; to: number; wide: boolean }): JSX.Element {
    void wide;
    const steps = s.steps.value;
    const lines: JSX.Element[] = [];
    for (let i = 0; steps && i < steps.count && lines.length < 400; i++) {
        const seq = steps.seq[i] as number;
        if (seq < from || seq > to) continue;
        lines.push(
            <li key={seq}>
                <button type="button" onClick={() => s.moveTo(seq)}>
                    <span class="n">{seq}</span> {visible(steps.label?.[i] ?? steps.kinds[steps.kind[i] as number] ?? "step")}
                </button>
            </li>,
        );
    }
    return <ol class="cut">{lines}</ol>;
}

function Fork({ row }: { row: StreamRow }): JSX.Element {
    const fork = row.fork;
    return (
        <p class="forked">
            <span class="chip outline">
                <Icon name="fork" />
                <span>fork</span>
            </span>
            <span>
                <Plain text={fork?.title ?? row.title} />
            </span>
            {fork && <code>{fork.session.slice(0, 8)}</code>}
            {fork?.turns != null && <span>{fork.turns} turns</span>}
            {fork?.cost_usd != null && <span>{money(fork.cost_usd)}</span>}
            {fork && <a href={href({ view: "session", id: fork.session })}>Open</a>}
        </p>
    );
}

function Failure({ row }: { row: StreamRow }): JSX.Element {
    const error = row.error;
    const facts = [
        error?.attempt != null && (error.max_attempts != null ? `attempt ${error.attempt} of ${error.max_attempts}` : `attempt ${error.attempt}`),
        error?.retry_after != null && `retry after ${span(error.retry_after * 1000)}`,
    ].filter(Boolean);
    return (
        <div class="card failure">
            <p>
                <Icon name="cross" />{" "}
                <b>
                    {error?.category ? `${error.status ?? ""} ${oneLine(error.category, 80)}` : oneLine(row.title, 80)}
                </b>{" "}
                {facts.join(" · ")}
            </p>
            <pre>
                <Plain text={error?.message ?? row.text?.text ?? ""} />
            </pre>
        </div>
    );
}
