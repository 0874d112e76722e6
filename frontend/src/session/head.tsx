/** The head of a session: what it is, and the commands that do in a terminal what the page only shows. */
import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { getText } from "../api/client";
import { Amount } from "../parts/amount";
import { Icon } from "../parts/icons";
import { Popover } from "../parts/popover";
import { AgentTag, agentName, StatusMark } from "../parts/status";
import { recall, remember } from "../parts/stored";
import { href } from "../router";
import { CopyButton } from "./copy";
import { path, type Session } from "./state";
import { visible } from "./text";

export type Ask = "fork" | "replay" | "export" | null;

export interface HeadProps {
    s: Session;
    ask: Ask;
    onAsk: (ask: Ask) => void;
    drawers: Signal<{ outline: boolean; inspector: boolean }>;
}

export function Head({ s, ask, onAsk, drawers }: HeadProps): JSX.Element {
    const view = s.view.value;
    const row = view?.session;
    const anchors = { fork: useRef<HTMLButtonElement>(null), replay: useRef<HTMLButtonElement>(null), export: useRef<HTMLButtonElement>(null) };
    const stars = useSignal<string[]>(recall<string[]>("stars", []));
    if (!view || !row) return <header class="session-head" aria-busy="true" />;
    const isStarred = stars.value.includes(row.id);
    const star = (): void => {
        stars.value = isStarred ? stars.value.filter((id) => id !== row.id) : [...stars.value, row.id];
        remember("stars", stars.value);
    };
    const facts = [row.project?.split("/").pop(), row.branch && `/ ${row.branch}`].filter(Boolean).join(" ");
    const rest = [facts, row.models[0], row.agent_version].filter((fact) => fact).map((fact) => visible(String(fact)));
    const button = (what: Exclude<Ask, null>, icon: JSX.Element, title: string): JSX.Element => (
        <button ref={anchors[what]} type="button" class="button" aria-haspopup="dialog" aria-expanded={ask === what} onClick={() => onAsk(ask === what ? null : what)}>
            {icon}
            <span>{title}</span>
        </button>
    );
    return (
        <header class="session-head">
            <a class="quiet back" href={href({ view: "home" })} aria-label="Sessions">
                <Icon name="left" />
            </a>
            <StatusMark status={row.live_status} />
            <AgentTag agent={row.agent} />
            <h1 title={visible(row.title ?? "")}>
                <bdi>{visible(row.title ?? "untitled session")}</bdi>
            </h1>
            <button type="button" class={`quiet star ${isStarred ? "on" : ""}`} aria-pressed={isStarred} aria-label="Star" onClick={star}>
                <Icon name="star" />
            </button>
            {view.parent && (
                <a class="chip" href={href({ view: "session", id: view.parent.id })}>
                    {row.kind === "fork" && <Icon name="fork" />}
                    <bdi>
                        {row.kind === "fork" ? "fork of" : "part of"} {visible(view.parent.title ?? view.parent.id).slice(0, 40)}
                    </bdi>
                </a>
            )}
            {row.tags.map((tag) => (
                <a key={tag} class="chip tag" href={href({ view: "home", params: { q: `tag:${/^[\w.-]+$/.test(tag) ? tag : `"${tag}"`}` } })}>
                    <bdi>{visible(tag).slice(0, 40)}</bdi>
                </a>
            ))}
            {row.chip && !(view.parent && row.chip.session) && <span class={`chip ${row.chip.tone === "plain" ? "" : row.chip.tone}`}>{visible(row.chip.text)}</span>}
            <p class="meta">
                <span>{rest.join(" · ")}</span> <code title={row.id}>{row.native_id.slice(0, 8)}</code>
            </p>
            <span class="rest" />
            <span class="cost" data-cost="" title="cost of the session, sub-agents included">
                <Amount value={row.cost_total_usd ?? row.cost_total_known_usd} quality={row.cost_total_usd === null ? (row.cost_total_known_usd ? "partial" : "unknown") : row.usage_total.quality} kind="money" />
            </span>
            {s.fresh.value > 0 && (
                <button type="button" class="chip fresh" onClick={() => s.toEnd()}>
                    <i class="dot" /> {s.fresh.value} new below
                </button>
            )}
            {forkOf(s) && button("fork", <Icon name="fork" />, `Fork at ${s.seenSeq.value}`)}
            {view.commands.replay && button("replay", <Icon name="replay" />, "Replay")}
            {button("export", <Icon name="down" />, "Export")}
            {(["outline", "inspector"] as const).map((pane) => (
                <button key={pane} type="button" class={`button drawer of-${pane}`} aria-pressed={drawers.value[pane]} onClick={() => (drawers.value = { ...drawers.peek(), [pane]: !drawers.peek()[pane] })}>
                    {pane === "outline" ? "Outline" : "Step"} <kbd>{pane === "outline" ? "o" : "i"}</kbd>
                </button>
            ))}
            {ask && (
                <Popover anchor={anchors[ask].current} onClose={() => onAsk(null)} label={{ fork: "Fork", replay: "Replay", export: "Export" }[ask]} align="end" class="commands">
                    <Commands s={s} ask={ask} />
                </Popover>
            )}
        </header>
    );
}

/** The command that goes on from the playhead: the archive's own, else a replay that turns live behind the calls made by then. */
export function forkOf(s: Session): string | null {
    const commands = s.view.value?.commands;
    if (commands?.fork) return commands.fork;
    const steps = s.steps.value;
    if (!commands?.replay?.includes(" -- ") || !steps?.count) return null;
    let calls = 0;
    for (let i = 0; i <= s.seen.value && i < steps.count; i++) calls = Math.max(calls, steps.turn[i] as number);
    return commands.replay.replace(" -- ", ` --until ${calls} -- `);
}

/** The exact commands; the page runs none of them. */
function Commands({ s, ask }: { s: Session; ask: Exclude<Ask, null> }): JSX.Element {
    const view = s.view.value;
    const filled = (command: string): string => command.replaceAll("{n}", String(s.seenSeq.value));
    const commands = view?.commands;
    const rows: (readonly [string, string])[] =
        ask === "export"
            ? Object.entries(commands?.export ?? {})
            : ([
                  [ask === "fork" ? `Fork at step ${s.seenSeq.value}` : "Replay", (ask === "fork" ? forkOf(s) : commands?.replay) ?? ""],
                  ["See this step", commands?.show ?? ""],
              ] as const).filter((row) => row[1]);
    return (
        <>
            {rows.map(([title, command]) => (
                <div key={title} class="command">
                    <p class="label">{title}</p>
                    <pre tabIndex={0}>{filled(command)}</pre>
                    <CopyButton text={() => filled(command)} label="Copy" button />
                </div>
            ))}
            {ask === "export" && (
                <div class="command">
                    <p class="label">The whole session</p>
                    <CopyButton text={() => getText(path(s.id, "/markdown"))} label="Copy as Markdown" button />
                </div>
            )}
            <p class="second">
                {ask === "fork" && !commands?.fork && "The model calls up to here are answered from the record, then the agent goes on live. "}
                {view ? `${agentName(view.session.agent)}: ` : ""}The page runs nothing; the command does, in your terminal.
            </p>
        </>
    );
}
