/** Stacked bars: solid is known, hatched is estimated, pale hatch has no price. One column at a time tells its values. */
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Amount } from "../parts/amount";
import { grouped, money, rounded } from "../parts/numbers";
import type { By, Unit } from "./period";
import { type Bar, type Slice, type Stack, steps } from "./stack";
import { columnTitle, tickTitle } from "./titles";

const HIGH = 250;
const AXIS = { left: 56, right: 8, top: 14, bottom: 28 };

export interface ChartProps {
    stack: Stack;
    by: By;
    unit: Unit;
}

export function Chart({ stack, by, unit }: ChartProps): JSX.Element {
    const box = useRef<HTMLDivElement>(null);
    const [width, setWidth] = useState(900);
    const [at, setAt] = useState<number | null>(null);
    useEffect(() => {
        const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.max(200, Math.round(entry.contentRect.width))));
        if (box.current) watch.observe(box.current);
        return () => watch.disconnect();
    }, []);
    const scale = steps(stack.most);
    const top = scale.at(-1)!;
    const inner = width - AXIS.left - AXIS.right;
    const tall = HIGH - AXIS.top - AXIS.bottom;
    const step = inner / Math.max(1, stack.bars.length);
    const y = (value: number) => AXIS.top + tall * (1 - value / top);
    const written = (value: number) => (unit === "tokens" ? rounded(value) : Number.isInteger(value) ? `$${grouped(value)}` : money(value));
    const every = Math.max(1, Math.ceil(64 / step));
    const shown = at !== null ? stack.bars[at] : undefined;
    const move = (by: number) => setAt((now) => Math.min(stack.bars.length - 1, Math.max(0, (now ?? stack.bars.length) + by)));
    const key = (event: KeyboardEvent) => {
        if (event.key === "ArrowLeft") move(-1);
        else if (event.key === "ArrowRight") move(at === null ? 0 : 1);
        else if (event.key === "Escape") setAt(null);
        else return;
        event.preventDefault();
        event.stopPropagation();
    };
    const point = (event: PointerEvent) => {
        const left = box.current!.getBoundingClientRect().left + AXIS.left;
        const index = Math.floor((event.clientX - left) / step);
        setAt(index >= 0 && index < stack.bars.length ? index : null);
    };
    return (
        <div
            class="chart"
            ref={box}
            tabIndex={0}
            role="group"
            aria-label={`${unit === "cost" ? "Cost" : "Tokens"} by ${by}; arrow keys move, the table below has all values`}
            onKeyDown={key}
            onPointerMove={point}
            onPointerLeave={() => setAt(null)}
            onBlur={() => setAt(null)}
        >
            <svg width={width} height={HIGH} viewBox={`0 0 ${width} ${HIGH}`} aria-hidden="true">
                <Patterns stack={stack} />
                {scale.map((value) => (
                    <g key={value}>
                        <line class={value === 0 ? "ground" : "rule"} x1={AXIS.left} x2={width - AXIS.right} y1={y(value)} y2={y(value)} />
                        <text class="axis" x={AXIS.left - 8} y={y(value) + 3.5} text-anchor="end">
                            {written(value)}
                        </text>
                    </g>
                ))}
                {at !== null && <rect class="column" x={AXIS.left + at * step} width={step} y={AXIS.top - 8} height={tall + 8} />}
                {stack.bars.map((bar, index) => (
                    <Column key={bar.row.key} bar={bar} x={AXIS.left + index * step} width={step} y={y} />
                ))}
                {stack.bars.map(
                    (bar, index) =>
                        (stack.bars.length - 1 - index) % every === 0 && (
                            <text
                                key={bar.row.key}
                                class="axis"
                                x={Math.min(AXIS.left + (index + 0.5) * step, width - 20)}
                                y={HIGH - 9}
                                text-anchor="middle"
                            >
                                {tickTitle(bar.row, by, step * every)}
                            </text>
                        ),
                )}
            </svg>
            {shown && <Tip bar={shown} by={by} unit={unit} at={AXIS.left + (at! + 0.5) * step} width={width} />}
        </div>
    );
}

/** Hatches in the colour of each series. */
function Patterns({ stack }: { stack: Stack }): JSX.Element {
    return (
        <defs>
            {[...stack.series.map((one) => one.colour), "ink3"].map((colour) => (
                <pattern key={colour} id={`hatch-${colour}`} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                    <rect class={`f-${colour}`} width="2.4" height="5" />
                </pattern>
            ))}
        </defs>
    );
}

function Column({ bar, x, width, y }: { bar: Bar; x: number; width: number; y: (value: number) => number }): JSX.Element {
    const gap = width > 12 ? Math.min(6, width * 0.18) : width > 4 ? 1 : 0;
    let sum = 0;
    const drawn = bar.slices.filter((slice) => slice.value > 0);
    const rects = drawn.map((slice: Slice) => {
        const bottom = y(sum);
        sum += slice.value;
        const high = Math.max(0.5, bottom - y(sum) - (drawn.length > 1 ? 1 : 0));
        const hatched = slice.quality === "estimated";
        return (
            <rect
                key={slice.series.key}
                class={hatched ? "" : `f-${slice.series.colour}`}
                fill={hatched ? `url(#hatch-${slice.series.colour})` : undefined}
                x={x + gap / 2}
                width={Math.max(1, width - gap)}
                y={bottom - high}
                height={high}
            />
        );
    });
    return (
        <g>
            {rects}
            {bar.unpriced && <rect fill="url(#hatch-ink3)" x={x + gap / 2} width={Math.max(1, width - gap)} y={y(sum) - 6} height={5} rx="1" />}
        </g>
    );
}

function Tip({ bar, by, unit, at, width }: { bar: Bar; by: By; unit: Unit; at: number; width: number }): JSX.Element {
    const box = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => {
        const tip = box.current;
        if (!tip) return;
        const own = tip.offsetWidth;
        const left = at - own - 16 > AXIS.left ? at - own - 16 : Math.min(at + 16, width - own);
        tip.style.transform = `translate(${Math.round(Math.max(0, left))}px, 6px)`;
    });
    return (
        <div class="tip" ref={box} role="status">
            <p class="day">{columnTitle(bar.row, by)}</p>
            <ul>
                {bar.slices.map((slice) => (
                    <li key={slice.series.key}>
                        <span class={`box b-${slice.series.colour}`} />
                        <span class="name">
                            <bdi>{slice.series.title}</bdi>
                        </span>
                        <Amount value={slice.quality === "unknown" ? null : slice.value} quality={slice.quality} kind={unit === "cost" ? "money" : "tokens"} />
                    </li>
                ))}
            </ul>
            <p class="sum">
                <span>
                    {grouped(bar.row.sessions)} session{bar.row.sessions === 1 ? "" : "s"}
                </span>
                <Amount value={bar.value} quality={bar.quality} kind={unit === "cost" ? "money" : "tokens"} />
            </p>
        </div>
    );
}
