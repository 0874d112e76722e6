/** The table below the chart: the columns of `usage --json`, and how sure each row is. */
import type { JSX } from "preact";
import type { UsageRow } from "../api/types";
import { Amount } from "../parts/amount";
import { costOf } from "../parts/money";
import { grouped, percent } from "../parts/numbers";
import { href } from "../router";
import type { By, Unit } from "./period";
import { rowTitle } from "./titles";

const HEADS: Record<By, string> = { day: "Day", week: "Week", month: "Month", session: "Session" };

export interface TableProps {
    rows: readonly UsageRow[];
    totals: UsageRow;
    by: By;
    unit: Unit;
    command: string;
    spanTitle: string;
}

export function Table({ rows, totals, by, unit, command, spanTitle }: TableProps): JSX.Element {
    const sorted = by === "session" ? (unit === "cost" ? "Cost" : "Total") : null;
    return (
        <section class="table" aria-label="Table" tabIndex={0}>
            <div class="caption">
                <span class="label">Table</span>
                <span class="meta">equals</span>
                <code>{command}</code>
                <span class="rest" />
                <Key />
            </div>
            <table>
                <thead>
                    <tr>
                        <th scope="col" aria-sort={by === "session" ? undefined : "descending"}>
                            {HEADS[by]} {by !== "session" && <span aria-hidden="true">↓</span>}
                        </th>
                        {["Sessions", "Input", "Cache read", "Cache write", "Output", "Reasoning", "Total", "How sure", "Cost"].map((head) => (
                            <th scope="col" class={`num ${head.toLowerCase().replace(" ", "-")}`} key={head}>
                                {head}
                                {head === sorted && <span aria-hidden="true"> ↓</span>}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row) => (
                        <tr key={row.key}>
                            <th scope="row">
                                {by === "session" && row.key ? (
                                    <a href={href({ view: "session", id: row.key })}>
                                        <bdi>{rowTitle(row, by)}</bdi>
                                    </a>
                                ) : (
                                    rowTitle(row, by)
                                )}
                            </th>
                            <Figures row={row} />
                        </tr>
                    ))}
                </tbody>
                <tfoot>
                    <tr>
                        <th scope="row">{spanTitle}</th>
                        <Figures row={totals} total />
                    </tr>
                </tfoot>
            </table>
        </section>
    );
}

function Figures({ row, total = false }: { row: UsageRow; total?: boolean }): JSX.Element {
    const { usage, cost_usd: own, cost_known_usd: known } = row.sum;
    const cost = costOf(own, known, usage.quality);
    return (
        <>
            <td class="num sessions">{grouped(row.sessions)}</td>
            <td class="num input">{grouped(usage.input)}</td>
            <td class="num cache-read">{grouped(usage.cache_read)}</td>
            <td class="num cache-write">{grouped(usage.cache_write)}</td>
            <td class="num output">{grouped(usage.output)}</td>
            <td class="num reasoning">{usage.reasoning === null ? "—" : grouped(usage.reasoning)}</td>
            <td class="num total">
                <Amount value={usage.total} quality={usage.quality} kind="count" />
            </td>
            <td class="num how-sure">{!total && <HowSure row={row} />}</td>
            <td class="num cost">
                <Amount value={cost.value} quality={cost.quality} kind="money" />
            </td>
        </>
    );
}

/** A bar of shares: measured solid, lower bound ochre, estimated hatched. */
function HowSure({ row }: { row: UsageRow }): JSX.Element | null {
    if (row.sum.usage.total === 0) return null;
    const parts = [`${percent(row.measured, 1)} measured`];
    if (row.partial > 0) parts.push(`${percent(row.partial, 1)} lower bound`);
    if (row.estimated > 0) parts.push(`${percent(row.estimated, 1)} estimated`);
    if (row.unpriced > 0) parts.push(`${percent(row.unpriced, 1)} without a price`);
    const said = parts.join(", ");
    const width = 74;
    const shares = [row.measured, row.partial, row.estimated].map((share) => (share > 0 ? Math.max(2, share * width) : 0));
    const scale = width / Math.max(width, shares.reduce((sum, share) => sum + share, 0));
    let x = 0;
    return (
        <svg class="sure" width={width} height="6" viewBox={`0 0 ${width} 6`} role="img" aria-label={said}>
            <title>{said}</title>
            {shares.map((share, index) => {
                const at = x;
                x += share * scale;
                const look = ["measured", "partial", "estimated"][index];
                return share > 0 && <rect key={look} class={look} x={at} width={Math.max(1, share * scale - 1)} height="6" rx="1.5" />;
            })}
        </svg>
    );
}

function Key(): JSX.Element {
    const swatch = (look: string) => (
        <svg width="16" height="6" viewBox="0 0 16 6" aria-hidden="true" class="sure">
            <rect class={look} width="16" height="6" rx="2" />
        </svg>
    );
    return (
        <ul class="key">
            <li>{swatch("measured")} measured</li>
            <li>{swatch("partial")} ≥ lower bound</li>
            <li>{swatch("estimated")} ≈ estimated</li>
            <li>— unknown</li>
        </ul>
    );
}
