/** The running 5-hour block and the limits that agents state. */
import type { JSX } from "preact";
import type { BlockView, UsageLimit } from "../api/types";
import { Amount } from "../parts/amount";
import { compact } from "../parts/numbers";
import { agentName, AgentTag } from "../parts/status";
import { clock, dayMonth, exact, span } from "../parts/times";
import { tick } from "../shell/state";

const FIVE_HOURS = 5 * 3_600_000;
/** What some agents call their windows. */
const SCOPES: Record<string, string> = { primary: "5-hour", secondary: "weekly" };
const WIDE = 318;
const HIGH = 84;

/** The limit of five hours that an agent stated, if one did. */
const fiveHours = (limits: readonly UsageLimit[]): UsageLimit | null =>
    limits.find((limit) => /5.?h|five.?hour|primary|session/i.test(limit.scope ?? "") && limit.used_percent !== null) ?? null;

export function Block({ blocks, limits }: { blocks: readonly BlockView[]; limits: readonly UsageLimit[] }): JSX.Element {
    const block = blocks.find((one) => one.active) ?? null;
    const stated = fiveHours(limits);
    const fresh = (stated?.seen_at ?? 0) > tick.value - FIVE_HOURS;
    const live = stated && fresh && (stated.resets_at === null || stated.resets_at > tick.value) ? stated : null;
    return (
        <aside class="block" aria-label="5-hour block and limits">
            <div class="now">
                <div class="head">
                    <h2 class="label">5-hour block</h2>
                    <span class="chip">{live ? `stated by ${agentName(live.agent)}` : "counted from tokens"}</span>
                </div>
                {block ? <Running block={block} limit={live} /> : <p class="meta">Nothing was used in the last five hours.</p>}
            </div>
            {limits.length > 0 && (
                <ul class="limits">
                    {limits.map((limit) => (
                        <LimitRow limit={limit} key={`${limit.agent} ${limit.scope}`} />
                    ))}
                </ul>
            )}
        </aside>
    );
}

function Running({ block, limit }: { block: BlockView; limit: UsageLimit | null }): JSX.Element {
    const at = Math.min(block.end, Math.max(block.start, tick.value));
    const used = limit?.used_percent ?? null;
    const total = block.sum.usage.total;
    const projected = block.burn?.projected_tokens ?? null;
    return (
        <>
            <div class="figures">
                <span class="headline">
                    {used !== null ? `${Math.round(used)} %` : <Amount value={total} quality={block.sum.usage.quality} />}
                </span>
                <span class="words">
                    {span(Math.floor((at - block.start) / 60_000) * 60_000)} gone
                    <br />
                    resets {clock(new Date(limit?.resets_at ?? block.end))}
                </span>
                {projected !== null && (
                    <span class="words num">
                        <span class="amount estimated">
                            <span class="sign" aria-label="estimated">
                                ≈{" "}
                            </span>
                            {used !== null && total > 0 ? `${Math.round((used * projected) / total)} %` : compact(projected)}
                        </span>{" "}
                        at reset
                        {block.burn && (
                            <>
                                <br />
                                {compact(block.burn.tokens_per_minute)} tokens/min
                            </>
                        )}
                    </span>
                )}
            </div>
            <Curve block={block} at={at} percent={used} />
        </>
    );
}

/** Tokens so far to now, then where they go at the present pace; the limit where it is known. */
function Curve({ block, at, percent: used }: { block: BlockView; at: number; percent: number | null }): JSX.Element {
    const total = block.sum.usage.total;
    const projected = block.burn?.projected_tokens ?? total;
    const limit = used !== null && used > 0 ? (total / used) * 100 : null;
    const most = Math.max(limit ?? 0, projected, total, 1) * 1.06;
    const x = (time: number) => (WIDE * (time - block.start)) / Math.max(1, block.end - block.start);
    const y = (tokens: number) => HIGH * (1 - tokens / most);
    const points: (readonly [number, number])[] = [[block.start, 0], ...block.points.map(([time, tokens]) => [time, tokens] as const), [at, total]];
    const path = points.map(([time, tokens], index) => `${index ? "L" : "M"}${x(time).toFixed(1)} ${y(tokens).toFixed(1)}`).join("");
    const spread = (projected - total) * 0.35;
    return (
        <svg class="curve" viewBox={`0 0 ${WIDE} ${HIGH + 18}`} role="img" aria-label={`${compact(total)} tokens so far, about ${compact(projected)} at the end`}>
            <rect class="ground" width={WIDE} height={HIGH} />
            <path class="area" d={`${path}L${x(at).toFixed(1)} ${HIGH}L0 ${HIGH}Z`} />
            <path class="so-far" d={path} />
            {block.burn && (
                <>
                    <path
                        class="range"
                        d={`M${x(at)} ${y(total)}L${WIDE} ${y(Math.max(total, projected - spread))}L${WIDE} ${y(projected + spread)}Z`}
                    />
                    <path class="ahead" d={`M${x(at)} ${y(total)}L${WIDE} ${y(projected)}`} />
                </>
            )}
            {limit !== null && <line class="limit" x1="0" x2={WIDE} y1={y(limit)} y2={y(limit)} />}
            <line class="present" x1={x(at)} x2={x(at)} y1="0" y2={HIGH} />
            <text class="axis" x="0" y={HIGH + 15}>
                {clock(new Date(block.start))}
            </text>
            <text class="axis present-word" x={Math.min(Math.max(x(at), 66), WIDE - 66)} y={HIGH + 15} text-anchor="middle">
                now {clock(new Date(at))}
            </text>
            <text class="axis" x={WIDE} y={HIGH + 15} text-anchor="end">
                {clock(new Date(block.end))}
            </text>
        </svg>
    );
}

function LimitRow({ limit }: { limit: UsageLimit }): JSX.Element {
    const used = limit.used_percent;
    const seen = limit.seen_at === null ? undefined : `seen ${exact(new Date(limit.seen_at))}`;
    return (
        <li title={seen}>
            <AgentTag agent={limit.agent} />
            <span class="scope">
                {SCOPES[limit.scope ?? ""] ?? limit.scope ?? "limit"}
                {limit.seen_at !== null && limit.seen_at < tick.value - FIVE_HOURS && <span class="meta"> as of {dayMonth(new Date(limit.seen_at))}</span>}
            </span>
            {used === null ? (
                <span class="meta">not told</span>
            ) : (
                <svg width="96" height="6" viewBox="0 0 96 6" aria-hidden="true">
                    <rect class="empty" width="96" height="6" rx="3" />
                    <rect class="full" width={Math.min(96, (96 * used) / 100)} height="6" rx="3" />
                </svg>
            )}
            <span class="num">{used === null ? "—" : `${Math.round(used)} %`}</span>
        </li>
    );
}
