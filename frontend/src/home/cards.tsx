/** The four cards above the list: today, this week, what its agents delete soon, the archive. */
import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { type ApiError, post } from "../api/client";
import type { ArchiveSize, Asked, Cards, Money, Risk } from "../api/types";
import { Amount } from "../parts/amount";
import { CommandPopover } from "../parts/command";
import { Icon } from "../parts/icons";
import { costOf } from "../parts/money";
import { bytes, grouped, money, percent, rounded, SIGNS } from "../parts/numbers";

export function CardRow({ cards, onKept }: { cards: Cards; onKept: () => void }): JSX.Element {
    return (
        <>
            <Card title="Today">
                <Spent money={cards.today} what="hour" />
                <p class="meta second">{shares(cards.today)}</p>
            </Card>
            <Card title="This week">
                <Spent money={cards.week} what="day" />
                <p class="meta second">{against(cards.week) || shares(cards.week)}</p>
            </Card>
            {cards.risk ? <AtRisk risk={cards.risk} onKept={onKept} /> : <Counting title="At risk of deletion" />}
            {cards.archive ? <Archive size={cards.archive} /> : <Counting title="Archive" />}
        </>
    );
}

function Card({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
    return (
        <section class="card">
            <h2 class="label">{title}</h2>
            {children}
        </section>
    );
}

/** What takes long to count is told when it is counted. */
function Counting({ title }: { title: string }): JSX.Element {
    return (
        <Card title={title}>
            <p class="meta counting">counting …</p>
        </Card>
    );
}

const plural = (count: number, word: string): string => `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;

function Spent({ money: spent, what }: { money: Money; what: "hour" | "day" }): JSX.Element {
    const cost = costOf(spent.cost, spent.cost_known, spent.quality);
    return (
        <>
            <div class="head">
                <span class="headline">
                    <Amount value={cost.value} quality={cost.quality} kind="money" />
                </span>
                <Bars bars={spent.bars} what={what} />
            </div>
            <p>
                {plural(spent.sessions, "session")} · {rounded(spent.tokens)} tokens
            </p>
        </>
    );
}

/** Cost by hour or day as bars, the running one strong. */
function Bars({ bars, what }: { bars: readonly number[]; what: "hour" | "day" }): JSX.Element | null {
    if (!bars.length) return null;
    const most = Math.max(...bars, 0);
    const step = Math.min(24, Math.max(3, 84 / bars.length));
    const width = step * bars.length;
    const said = bars.map((value) => money(value)).join(", ");
    return (
        <svg class="bars" width={width} height="26" viewBox={`0 0 ${width} 26`} role="img" aria-label={`Cost by ${what}: ${said}`}>
            {bars.map((value, index) => {
                const high = most > 0 ? Math.max(value > 0 ? 2 : 1, (value / most) * 25) : 1;
                return (
                    <rect
                        key={index}
                        class={index === bars.length - 1 ? "running" : ""}
                        x={index * step}
                        y={26 - high}
                        width={Math.max(1.5, step - 1)}
                        height={high}
                        rx="1"
                    />
                );
            })}
        </svg>
    );
}

/** 91 % measured, 6 % ≥, 3 % ≈ */
function shares(spent: Money): string {
    if (!spent.tokens) return "";
    const parts = [`${percent(spent.measured, 1)} measured`];
    if (spent.partial > 0) parts.push(`${percent(spent.partial, 1)} ${SIGNS.partial}`);
    if (spent.estimated > 0) parts.push(`${percent(spent.estimated, 1)} ${SIGNS.estimated}`);
    return parts.join(", ");
}

function against(week: Money): string {
    if (week.before === null || week.before <= 0) return "";
    const change = (week.cost_known - week.before) / week.before;
    if (Math.abs(change) < 0.005) return "as much as last week by now";
    if (change > 9.99) return `${Math.round(change + 1)} times last week`;
    return `${percent(Math.abs(change), 1)} ${change < 0 ? "under" : "over"} last week`;
}

function AtRisk({ risk, onKept }: { risk: Risk; onKept: () => void }): JSX.Element {
    const [trouble, setTrouble] = useState<ApiError | null>(null);
    const [asked, setAsked] = useState(false);
    const keep = (): void => {
        setAsked(true);
        setTrouble(null);
        post<Asked>("keep", "keep")
            .then(onKept, setTrouble)
            .finally(() => setAsked(false));
    };
    const tone = risk.unkept ? "bad" : risk.count ? "warn" : "";
    const days = `within ${plural(risk.days, "day")}`;
    return (
        <Card title="At risk of deletion">
            <div class="head">
                <span class={`headline ${tone}`}>{grouped(risk.count)}</span>
                {risk.count > 0 && <span class="chip">{grouped(risk.unkept)} not yet kept</span>}
            </div>
            <p>{risk.count ? `deleted by their agents ${days}` : `nothing is deleted by its agent ${days}`}</p>
            {risk.unkept > 0 ? (
                <p class="bad">
                    {grouped(risk.unkept)} not in the archive{" "}
                    <button type="button" class="button small" disabled={asked} onClick={keep}>
                        Keep now
                    </button>
                </p>
            ) : (
                risk.count > 0 && (
                    <p class="ok">
                        <Icon name="check" /> {risk.count === 1 ? "it is" : `all ${grouped(risk.count)} are`} in the archive
                    </p>
                )
            )}
            {trouble && (
                <p class="bad" role="alert">
                    {trouble.message} <code>{trouble.hint ?? "reenact import --all"}</code>
                </p>
            )}
        </Card>
    );
}

function Archive({ size }: { size: ArchiveSize }): JSX.Element {
    const [open, setOpen] = useState(false);
    const button = useRef<HTMLButtonElement>(null);
    const share = size.source_bytes > 0 ? Math.min(1, size.bytes / size.source_bytes) : 0;
    return (
        <Card title="Archive">
            <div class="head">
                <span class="headline">{bytes(size.bytes)}</span>
                {size.source_bytes > 0 && <span class="meta of">of {bytes(size.source_bytes)}</span>}
            </div>
            <svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                <rect class="empty" width="100" height="6" />
                <rect class="full" width={100 * share} height="6" />
            </svg>
            <p>
                {size.source_bytes > size.bytes && <>{percent(size.source_bytes - size.bytes, size.source_bytes)} saved</>}
                {size.source_bytes > size.bytes && size.warnings > 0 && " · "}
                {size.warnings > 0 ? (
                    <button ref={button} type="button" class="warnings" onClick={() => setOpen(!open)}>
                        <Icon name="warning" /> {plural(size.warnings, "warning")}
                    </button>
                ) : (
                    <span class="meta">{size.source_bytes > size.bytes ? " · " : ""}no warnings</span>
                )}
            </p>
            {open && <CommandPopover anchor={button.current} title="What could not be read" command="reenact doctor" onClose={() => setOpen(false)} />}
        </Card>
    );
}
