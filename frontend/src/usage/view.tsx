/** Usage: what was spent over time, split, with how sure it is; the address holds what is asked. */
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Latest } from "../api/client";
import { listen } from "../api/live";
import type { UsageRow, UsageView as Usage } from "../api/types";
import { Amount } from "../parts/amount";
import { CopyButton } from "../parts/command";
import { Icon } from "../parts/icons";
import { costOf } from "../parts/money";
import { grouped } from "../parts/numbers";
import { Popover } from "../parts/popover";
import { agentName } from "../parts/status";
import { fromIsoDay } from "../parts/times";
import { go, type Route } from "../router";
import { Loading, Trouble } from "../home/states";
import { useKeys } from "../shell/keys";
import { Block } from "./block";
import { Chart } from "./chart";
import { asked, type Asked, BYS, daysOf, SPANS, spanWords, SPLITS, type Unit } from "./period";
import { stack } from "./stack";
import { Table } from "./table";

export function UsageView({ route }: { route: Route }): JSX.Element {
    const today = useMemo(() => new Date(), [route]);
    const wanted = asked(route.params, today);
    const [view, setView] = useState<Usage | null>(null);
    const [error, setError] = useState<Error | null>(null);
    const latest = useMemo(() => new Latest(), []);
    const main = useRef<HTMLElement>(null);
    const ask = () => {
        const params = { by: wanted.by, split: wanted.split, since: wanted.since, until: wanted.until };
        latest.get<Usage>("usage", params).then(
            (answer) => {
                if (!answer) return;
                setView(answer);
                setError(null);
            },
            (failed: Error) => setError(failed),
        );
    };
    useEffect(ask, [wanted.by, wanted.split, wanted.since, wanted.until]);
    useEffect(() => {
        let due: ReturnType<typeof setTimeout> | undefined;
        const stop = listen("session", () => (due ??= setTimeout(() => ((due = undefined), ask()), 10_000)));
        return () => {
            clearTimeout(due);
            stop();
            latest.drop();
        };
    }, [wanted.by, wanted.split, wanted.since, wanted.until]);
    useKeys("Usage", [
        { keys: ["t"], does: "to the table", run: () => main.current?.querySelector(".table")?.scrollIntoView({ block: "start" }) },
    ]);
    const to = (change: Record<string, string | null>) => {
        const params = new URLSearchParams(route.params);
        for (const [name, value] of Object.entries(change)) {
            if (value === null) params.delete(name);
            else params.set(name, value);
        }
        go({ view: "usage", params });
    };
    return (
        <main id="main" class="usage" tabIndex={-1} ref={main}>
            <svg class="hear" aria-hidden="true">
                <pattern id="hatch" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <rect class="f-ink3" width="1.6" height="4" />
                </pattern>
            </svg>
            <Controls wanted={wanted} today={today} command={view ? `${view.command} --json` : ""} to={to} />
            {error && <Trouble error={error} onRetry={ask} />}
            {view ? <Filled view={view} wanted={wanted} today={today} /> : !error && <Loading />}
        </main>
    );
}

interface ControlProps {
    wanted: Asked;
    today: Date;
    command: string;
    to: (change: Record<string, string | null>) => void;
}

function Controls({ wanted, today, command, to }: ControlProps): JSX.Element {
    const [open, setOpen] = useState(false);
    const button = useRef<HTMLButtonElement>(null);
    return (
        <div class="settings">
            <h1 class="title">Usage</h1>
            <div class="segments" role="group" aria-label="Period">
                {BYS.map(([by, title]) => (
                    <button key={by} type="button" aria-pressed={wanted.by === by} onClick={() => to({ by, since: null, until: null })}>
                        {title}
                    </button>
                ))}
            </div>
            <div class="segments" role="group" aria-label="Split">
                {SPLITS.map(([split, title]) => (
                    <button key={split} type="button" aria-pressed={wanted.split === split} onClick={() => to({ split })}>
                        {title}
                    </button>
                ))}
            </div>
            <span class="rest" />
            <div class="segments" role="group" aria-label="Unit">
                {(["cost", "tokens"] as const).map((unit) => (
                    <button key={unit} type="button" aria-pressed={wanted.unit === unit} onClick={() => to({ unit })}>
                        {unit === "cost" ? "Cost" : "Tokens"}
                    </button>
                ))}
            </div>
            <button ref={button} type="button" class="button" aria-expanded={open} onClick={() => setOpen(!open)}>
                {spanWords(wanted.since, wanted.until, today)}
                <Icon name="down" />
            </button>
            {command && <CopyButton text={command} label="Copy command" />}
            {open && (
                <Popover anchor={button.current} align="end" label="Span" class="span" onClose={() => setOpen(false)}>
                    <div class="choices">
                        {SPANS.map(([name, , title]) => (
                            <button
                                key={name}
                                type="button"
                                aria-pressed={wanted.span === name}
                                onClick={() => {
                                    to({ since: name, until: null });
                                    setOpen(false);
                                }}
                            >
                                {title}
                            </button>
                        ))}
                    </div>
                    <label>
                        from <input type="date" value={wanted.since ?? ""} onChange={(event) => to({ since: event.currentTarget.value || null })} />
                    </label>
                    <label>
                        to <input type="date" value={wanted.until ?? ""} onChange={(event) => to({ until: event.currentTarget.value || null })} />
                    </label>
                </Popover>
            )}
        </div>
    );
}

function Filled({ view, wanted, today }: { view: Usage; wanted: Asked; today: Date }): JSX.Element {
    const newest = useMemo(() => [...view.rows].sort((a, b) => (b.key ?? "").localeCompare(a.key ?? "")), [view]);
    const sorted = wanted.by === "session" ? dearest(view.rows, wanted.unit) : newest;
    const drawn = useMemo(() => inOrder(view, wanted, today), [view, wanted.since, wanted.until, wanted.unit]);
    const name = wanted.split === "agent" ? agentName : wanted.split === "project" ? lastPart : (key: string) => key;
    const made = useMemo(() => stack(drawn, wanted.unit, name), [drawn, wanted.unit, wanted.split]);
    const cost = costOf(view.totals.sum.cost_usd, view.totals.sum.cost_known_usd, view.totals.sum.usage.quality);
    const days = wanted.by === "day" ? drawn.length : view.rows.length;
    const spanTitle = `${grouped(days)} ${wanted.by}${days === 1 ? "" : "s"}`;
    return (
        <>
            <div class="upper">
                <section class="over-time" aria-label="Over time">
                    <div class="sum">
                        <span class="headline">
                            {wanted.unit === "cost" ? (
                                <Amount value={cost.value} quality={cost.quality} kind="money" />
                            ) : (
                                <Amount value={view.totals.sum.usage.total} quality={view.totals.sum.usage.quality} />
                            )}
                        </span>
                        <span class="meta">
                            {wanted.by !== "session" && `${spanTitle} · `}
                            {grouped(view.totals.sessions)} session{view.totals.sessions === 1 ? "" : "s"} · each token counted once
                        </span>
                        <ul class="legend">
                            {made.series.map((one) => (
                                <li key={one.key}>
                                    <span class={`box b-${one.colour}`} />
                                    <bdi>{one.title}</bdi>
                                </li>
                            ))}
                            {made.anyUnpriced && (
                                <li>
                                    <span class="box hatch" />
                                    no price known
                                </li>
                            )}
                        </ul>
                    </div>
                    {view.rows.length ? (
                        <Chart stack={made} by={wanted.by} unit={wanted.unit} />
                    ) : (
                        <p class="none">Nothing was used in this span.</p>
                    )}
                </section>
                <Block blocks={view.blocks} limits={view.limits} />
            </div>
            <Table rows={sorted} totals={view.totals} by={wanted.by} unit={wanted.unit} command={`${view.command} --json`} spanTitle={spanTitle} />
        </>
    );
}

/** Sessions by what is shown of them, the most first. */
function dearest(rows: readonly UsageRow[], unit: Unit): UsageRow[] {
    const worth = (row: UsageRow) => (unit === "cost" ? row.sum.cost_known_usd : row.sum.usage.total);
    return [...rows].sort((a, b) => worth(b) - worth(a));
}

const lastPart = (path: string): string => path.split("/").filter(Boolean).pop() ?? path;

/** The rows as the chart needs them: in order of time, days without use as gaps; the costliest sessions only. */
function inOrder(view: Usage, wanted: Asked, today: Date): UsageRow[] {
    if (wanted.by === "session") return dearest(view.rows, wanted.unit).slice(0, 40);
    const byKey = new Map(view.rows.map((row) => [row.key ?? "", row]));
    const keys = [...byKey.keys()].sort();
    if (wanted.by !== "day" || !keys.length) return keys.map((key) => byKey.get(key)!);
    const first = wanted.since ?? keys[0]!;
    const last = wanted.until ? fromIsoDay(wanted.until) : today;
    return daysOf(first, last).map((key) => byKey.get(key) ?? none(key));
}

function none(key: string): UsageRow {
    const usage = { input: 0, cache_read: 0, cache_write: 0, cache_write_5m: 0, cache_write_1h: 0, output: 0, reasoning: 0, total: 0, quality: "measured" as const };
    return { key, title: null, sessions: 0, sum: { usage, cost_usd: 0, cost_known_usd: 0, responses: 0 }, parts: [], measured: 0, partial: 0, estimated: 0, unpriced: 0 };
}
