/** 26 weeks of days, Monday first: how much each cost. Arrow keys move, Enter filters, `t` shows the table behind. */
import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Day } from "../api/types";
import { costOf } from "../parts/money";
import { grouped, money, qualityWord } from "../parts/numbers";
import { daysBetween, fromIsoDay, isoDay, longDay, monthName } from "../parts/times";
import { useKeys } from "../shell/keys";
import { Amount } from "../parts/amount";

export const WEEKS = 26;

/** The days of the map, week by week, Monday first; null beyond today. */
export function weeks(today: Date, count: number = WEEKS): (Date | null)[][] {
    const weekday = (today.getDay() + 6) % 7;
    const columns: (Date | null)[][] = [];
    for (let week = count - 1; week >= 0; week -= 1) {
        const column: (Date | null)[] = [];
        for (let day = 0; day < 7; day += 1) {
            const at = new Date(today.getFullYear(), today.getMonth(), today.getDate() - weekday - week * 7 + day, 12);
            column.push(daysBetween(at, today) < 0 ? null : at);
        }
        columns.push(column);
    }
    return columns;
}

/** Which of five shades each value gets: none, and the quarters of those that are something. */
export function shades(values: readonly number[]): (value: number) => number {
    const some = values.filter((value) => value > 0).sort((a, b) => a - b);
    const at = (share: number) => some[Math.min(some.length - 1, Math.floor(share * some.length))] ?? 0;
    const cuts = [at(0.25), at(0.5), at(0.75)];
    return (value) => (value <= 0 ? 0 : 1 + cuts.filter((cut) => value > cut).length);
}

const worth = (day: Day): number => day.cost_known || day.tokens / 1e9;

export interface HeatmapProps {
    days: readonly Day[];
    today: string;
    onPick: (day: string) => void;
}

export function Heatmap({ days, today, onPick }: HeatmapProps): JSX.Element {
    const [table, setTable] = useState(false);
    useKeys("Calendar", [{ keys: ["t"], does: "calendar as a table, and back", run: () => setTable(!table) }]);
    return (
        <section class="heat" aria-label="Cost by day, 26 weeks">
            {table ? <Table days={days} onPick={onPick} /> : <Grid days={days} today={today} onPick={onPick} />}
        </section>
    );
}

function Grid({ days, today, onPick }: HeatmapProps): JSX.Element {
    const here = fromIsoDay(today);
    const columns = useMemo(() => weeks(here), [today]);
    const byDay = useMemo(() => new Map(days.map((day) => [day.day, day])), [days]);
    const shade = useMemo(() => shades(days.map(worth)), [days]);
    const [at, setAt] = useState({ week: WEEKS - 1, day: (here.getDay() + 6) % 7 });
    const grid = useRef<HTMLDivElement>(null);
    const move = (week: number, day: number) => {
        if (!columns[week]?.[day]) return;
        setAt({ week, day });
        grid.current?.querySelector<HTMLElement>(`[data-at="${week}-${day}"]`)?.focus();
    };
    const key = (event: KeyboardEvent) => {
        const steps: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
        const step = steps[event.key];
        if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        event.stopPropagation();
        move(at.week + step[0], at.day + step[1]);
    };
    return (
        <div class="map" ref={grid} role="grid" aria-label="Days" onKeyDown={key}>
            <div class="months" aria-hidden="true">
                {columns.map((column, week) => (
                    <span key={week}>{startsMonth(column) && week < WEEKS - 1 ? monthName(startsMonth(column)!) : ""}</span>
                ))}
            </div>
            {[0, 1, 2, 3, 4, 5, 6].map((day) => (
                <div class="weekday" role="row" key={day}>
                    <span role="rowheader" class="name">
                        <span class={day % 2 || day > 4 ? "hear" : ""}>{["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day]}</span>
                    </span>
                    {columns.map((column, week) => {
                        const date = column[day];
                        if (!date) return <span key={week} role="gridcell" class="none" />;
                        const name = isoDay(date);
                        const told = byDay.get(name);
                        return (
                            <button
                                key={week}
                                type="button"
                                role="gridcell"
                                data-at={`${week}-${day}`}
                                class={`h${told ? shade(worth(told)) : 0}${name === today ? " today" : ""}`}
                                tabIndex={at.week === week && at.day === day ? 0 : -1}
                                aria-label={words(date, told)}
                                title={words(date, told)}
                                onFocus={() => setAt({ week, day })}
                                onClick={() => onPick(name)}
                            />
                        );
                    })}
                </div>
            ))}
        </div>
    );
}

/** The first of a month where a week holds one. */
function startsMonth(column: readonly (Date | null)[]): Date | null {
    return column.find((date) => date !== null && date.getDate() <= 7 && date.getDay() === 1) ?? null;
}

function words(date: Date, day: Day | undefined): string {
    if (!day) return `${longDay(date)}: nothing recorded`;
    const cost = costOf(day.cost, day.cost_known, day.quality);
    const told = cost.value === null ? "cost unknown" : `${cost.quality === "measured" ? "" : `${qualityWord(cost.quality)} `}${money(cost.value)}`;
    return `${longDay(date)}: ${told}, ${grouped(day.sessions)} session${day.sessions === 1 ? "" : "s"}, ${grouped(day.tokens)} tokens`;
}

function Table({ days, onPick }: Omit<HeatmapProps, "today">): JSX.Element {
    return (
        <div class="behind" tabIndex={0} role="region" aria-label="Days as a table">
            <table>
                <thead>
                    <tr>
                        <th scope="col">Day</th>
                        <th scope="col">Sessions</th>
                        <th scope="col">Tokens</th>
                        <th scope="col">Cost</th>
                    </tr>
                </thead>
                <tbody>
                    {[...days].reverse().map((day) => {
                        const cost = costOf(day.cost, day.cost_known, day.quality);
                        return (
                            <tr key={day.day}>
                                <th scope="row">
                                    <button type="button" class="link" onClick={() => onPick(day.day)}>
                                        {day.day}
                                    </button>
                                </th>
                                <td>{grouped(day.sessions)}</td>
                                <td>
                                    <Amount value={day.tokens} quality={day.quality} />
                                </td>
                                <td>
                                    <Amount value={cost.value} quality={cost.quality} kind="money" />
                                </td>
                            </tr>
                        );
                    })}
                </tbody>
            </table>
        </div>
    );
}
