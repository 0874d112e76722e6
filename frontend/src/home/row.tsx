/** One line of the list: a heading, a session, or one of its sub-agents. */
import type { JSX } from "preact";
import type { Group, SessionRow, Tape } from "../api/types";
import { Amount } from "../parts/amount";
import { copy } from "../parts/command";
import { Icon } from "../parts/icons";
import { costOf } from "../parts/money";
import { grouped } from "../parts/numbers";
import { AgentTag, StatusMark } from "../parts/status";
import { type TapeEnd } from "../parts/tape";
import { TapeView } from "../parts/tape-view";
import { clock, dayMonth, daysBetween, exact, fromIsoDay, monthName, span } from "../parts/times";
import { href } from "../router";
import { tick } from "../shell/state";
import type { Column } from "./columns";

export interface RowProps {
    session: SessionRow;
    tape: Tape | null;
    columns: ReadonlySet<Column>;
    line: number;
    selected: boolean;
    starred: boolean;
    marked: boolean;
    onStar: () => void;
    onOpen: () => void;
}

/** The last part of a path: how people call a project. */
export const shortName = (path: string | null): string => path?.split("/").filter(Boolean).pop() ?? "";

const isLive = (session: SessionRow): boolean => /^(working|waiting)$/.test(session.live_status);

export function tapeEnd(session: SessionRow): TapeEnd {
    if (session.live_status === "working") return "now";
    return session.live_status === "failed" ? "failed" : null;
}

/** Weeks are named by their Monday, in the reader's words. */
const groupTitle = (group: Group): string =>
    /^\d{4}-\d\d-\d\d$/.test(group.key) && group.title.startsWith("Week") ? `Week of ${dayMonth(fromIsoDay(group.key))}` : group.title;

export function GroupLine({ group }: { group: Group }): JSX.Element {
    const cost = costOf(group.cost, group.cost_known, group.quality);
    return (
        <div class="group" role="row">
            <div role="gridcell">
                <span class="label">{groupTitle(group)}</span>
                <span class="meta">
                    {grouped(group.count)}
                    {group.key !== "now" && (
                        <>
                            {group.count === 1 ? " session" : " sessions"}
                            {cost.value !== null && (
                                <>
                                    {" · "}
                                    <Amount value={cost.value} quality={cost.quality} kind="money" />
                                </>
                            )}
                        </>
                    )}
                </span>
            </div>
        </div>
    );
}

export function SessionLine(props: RowProps & { unfolded: boolean; onFold: () => void }): JSX.Element {
    const { session, columns, line, selected, starred, marked } = props;
    const branch = session.branch ?? props.tape?.branch;
    const cost = costOf(session.cost_total_usd, session.cost_total_known_usd, session.usage_total.quality);
    const title = session.title || "untitled";
    return (
        <div
            id={`line-${line}`}
            role="row"
            aria-rowindex={line + 2}
            aria-selected={selected}
            class={`row${selected ? " selected" : ""}${marked ? " marked" : ""}${isLive(session) ? " live" : ""}`}
            data-id={session.id}
            onClick={(event) => !(event.target as Element).closest("a, button") && props.onOpen()}
        >
            <div role="gridcell" class="mark">
                {marked ? <span class="picked" aria-label="marked" /> : <StatusMark status={session.live_status} />}
            </div>
            <div role="gridcell" class="who">
                <AgentTag agent={session.agent} />
            </div>
            <div role="gridcell" class="what">
                <a href={href({ view: "session", id: session.id })} tabIndex={-1} title={title}>
                    <bdi>{title}</bdi>
                </a>
                <Chips {...props} />
                {session.snippet && (
                    <a class="snippet" href={href({ view: "session", id: session.id, at: session.snippet_seq })} tabIndex={-1}>
                        <bdi>{session.snippet}</bdi>
                    </a>
                )}
                <span class="actions">
                    <button type="button" tabIndex={-1} aria-label="Open" title="Open" onClick={props.onOpen}>
                        <Icon name="open" />
                    </button>
                    <button type="button" tabIndex={-1} aria-label={starred ? "Take the star off" : "Star"} title="Star" onClick={props.onStar}>
                        <Icon name="star" />
                    </button>
                    <button type="button" tabIndex={-1} aria-label="Copy id" title={`Copy id ${session.id}`} onClick={() => void copy(session.id)}>
                        <Icon name="copy" />
                    </button>
                </span>
            </div>
            {columns.has("project") && (
                <div role="gridcell" class="where" title={session.cwd ?? session.project ?? undefined}>
                    <bdi>{shortName(session.project ?? session.cwd)}</bdi>
                    {branch && columns.has("branch") && (
                        <span>
                            {" / "}
                            <bdi>{branch}</bdi>
                        </span>
                    )}
                </div>
            )}
            {columns.has("tape") && (
                <div role="gridcell" class="drawn">
                    <TapeView tape={props.tape} end={tapeEnd(session)} />
                </div>
            )}
            {columns.has("turns") && (
                <div role="gridcell" class="num turns">
                    {grouped(session.turns)}
                </div>
            )}
            {columns.has("tokens") && (
                <div role="gridcell" class="num tokens">
                    <Amount value={session.usage_total.total} quality={session.usage_total.quality} class={cost.value === null ? "pale" : ""} />
                </div>
            )}
            <div role="gridcell" class="num cost">
                <Amount value={cost.value} quality={cost.quality} kind="money" />
            </div>
            {columns.has("tools") && (
                <div role="gridcell" class="num tools">
                    {grouped(session.tool_calls)}
                </div>
            )}
            <When session={session} />
        </div>
    );
}

function When({ session }: { session: SessionRow }): JSX.Element {
    // Only those at work are redrawn with the clock.
    const now = isLive(session) ? tick.value : tick.peek();
    const last = session.ended_ts ?? session.started_ts;
    if (last === null) return <div role="gridcell" class="num when" title="no time recorded" />;
    const at = new Date(last);
    const days = daysBetween(at, new Date(now));
    const old = at.getFullYear() !== new Date(now).getFullYear();
    const day = old ? `${monthName(at)} ${at.getFullYear()}` : dayMonth(at, new Date(now));
    const text = isLive(session) ? span(Math.max(1000, Math.floor((now - last) / 1000) * 1000)) : days <= 1 ? clock(at) : day;
    return (
        <div role="gridcell" class="num when" title={exact(at)}>
            {text}
        </div>
    );
}

function Chips(props: RowProps & { unfolded: boolean; onFold: () => void }): JSX.Element {
    const { session, starred, unfolded, onFold } = props;
    const agents = `${session.agents} agent${session.agents === 1 ? "" : "s"}`;
    const chip = session.chip ?? props.tape?.chip;
    return (
        <>
            {session.agents > 0 && (
                <button type="button" class="chip outline fold" tabIndex={-1} aria-expanded={unfolded} onClick={onFold}>
                    <Icon name={unfolded ? "down" : "right"} />
                    {agents}
                </button>
            )}
            {chip &&
                (chip.session ? (
                    <a class={`chip ${chip.tone}`} tabIndex={-1} href={href({ view: "session", id: chip.session })}>
                        <Icon name="fork" />
                        <bdi>{chip.text}</bdi>
                    </a>
                ) : (
                    <span class={`chip ${chip.tone}`}>
                        <bdi>{chip.text}</bdi>
                    </span>
                ))}
            {starred && (
                <span class="chip star" aria-label="starred">
                    <Icon name="star" />
                </span>
            )}
            {session.tags.map((tag) => (
                <span class="chip" key={tag}>
                    <bdi>{tag}</bdi>
                </span>
            ))}
        </>
    );
}

/** A sub-agent under its session, in the colour of its lane. Its figures are part of the parent's. */
export function ChildLine({ session, tape, columns, line, selected, lane, onOpen }: RowProps & { lane: number }): JSX.Element {
    const cost = costOf(session.cost_total_usd, session.cost_total_known_usd, session.usage_total.quality);
    const took = session.started_ts !== null && session.ended_ts !== null ? session.ended_ts - session.started_ts : null;
    return (
        <div
            id={`line-${line}`}
            role="row"
            aria-rowindex={line + 2}
            aria-level={2}
            aria-selected={selected}
            class={`row child${selected ? " selected" : ""}`}
            data-id={session.id}
            title="Its figures are part of its session's"
            onClick={onOpen}
        >
            <div role="gridcell" class="mark" />
            <div role="gridcell" class="who">
                <span class={`lane l${((lane - 1) % 6) + 1}`} />
            </div>
            <div role="gridcell" class="what">
                <a href={href({ view: "session", id: session.id })} tabIndex={-1}>
                    <bdi>{session.title || "untitled"}</bdi>
                </a>
                <span class="pale"> — {session.live_status}</span>
            </div>
            {columns.has("project") && (
                <div role="gridcell" class="where">
                    lane {lane}
                </div>
            )}
            {columns.has("tape") && (
                <div role="gridcell" class="drawn">
                    <TapeView tape={tape} end={tapeEnd(session)} />
                </div>
            )}
            {columns.has("turns") && (
                <div role="gridcell" class="num turns">
                    {grouped(session.turns)}
                </div>
            )}
            {columns.has("tokens") && (
                <div role="gridcell" class="num tokens">
                    <Amount value={session.usage_total.total} quality={session.usage_total.quality} />
                </div>
            )}
            <div role="gridcell" class="num cost">
                <Amount value={cost.value} quality={cost.quality} kind="money" />
            </div>
            {columns.has("tools") && (
                <div role="gridcell" class="num tools">
                    {grouped(session.tool_calls)}
                </div>
            )}
            <div role="gridcell" class="num when">
                {took === null ? "" : span(took)}
            </div>
        </div>
    );
}

export function WaitingLine(): JSX.Element {
    return (
        <div class="row grey" aria-hidden="true">
            <span class="mark" />
            <span class="who" />
            <span class="what">
                <i />
            </span>
        </div>
    );
}
