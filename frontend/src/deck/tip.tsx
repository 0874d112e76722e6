/** What lies under the pointer: step, act, time, result, added context, cost. It changes nothing. */
import type { Signal } from "@preact/signals";
import type { JSX } from "preact";
import { compact, money } from "../parts/numbers";
import { span } from "../parts/times";
import { Glyph } from "../session/glyphs";
import type { Session } from "../session/state";
import { oneLine } from "../session/text";
import type { Hover } from "./deck";
import { clock } from "./ruler";
import { DENIED, EFFECTS, FAILED, HUMAN, MODEL, OPEN, type Steps, TOOL } from "./steps";

const WIDE = 300;

export function Tip({ s, hover, width }: { s: Session; hover: Signal<Hover | null>; width: number }): JSX.Element | null {
    const now = hover.value;
    const steps = s.steps.value;
    if (!now || !steps?.count) return null;
    const { i } = now;
    const left = now.x + 10 + WIDE > width ? Math.max(0, now.x - 10 - WIDE) : now.x + 10;
    const act = steps.act[i];
    const effect = EFFECTS[steps.effect[i] as number] ?? "none";
    const glyph = act === HUMAN ? "human" : act === MODEL ? "model" : act === TOOL ? ({ look: "read", change: "edit", run: "run", reach: "reach", spawn: "spawn" }[effect as string] ?? "other") : "system";
    return (
        <div class="tip" style={{ transform: `translate(${left}px, 24px)` }} aria-hidden="true">
            <p>
                <span class="n">{steps.seq[i]}</span> <Glyph name={glyph} tone={effect} /> {labelOf(s, steps, i)}
            </p>
            <p class="second">{factsOf(steps, i).join(" · ")}</p>
        </div>
    );
}

function labelOf(s: Session, steps: Steps, i: number): string {
    const label = steps.label?.[i];
    if (label) return oneLine(label, 60);
    const row = s.rows.at(i)?.[0];
    return oneLine(row ? row.title : (steps.kinds[steps.kind[i] as number] ?? "step"), 60);
}

const ENDS: Record<number, string> = { [FAILED]: "failed", [DENIED]: "denied", [OPEN]: "no result" };

function factsOf(steps: Steps, i: number): string[] {
    const took = (steps.end[i] as number) - (steps.start[i] as number);
    const grown = (steps.context[i] as number) - (i ? (steps.context[i - 1] as number) : 0);
    const spent = (steps.cost[i] as number) - (i ? (steps.cost[i - 1] as number) : 0);
    const facts = [clock(steps.place[i] as number)];
    if (took > 0) facts.push(span(took));
    const end = ENDS[steps.ok[i] as number];
    if (end) facts.push(end);
    if (grown) facts.push(`${grown > 0 ? "+" : "−"}${compact(Math.abs(grown))} context`);
    if (spent > 0) facts.push(money(spent));
    return facts;
}
