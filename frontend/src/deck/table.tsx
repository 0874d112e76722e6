/** The tape as a table, for who reads rather than looks: the steps around the playhead, with what the curves draw. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Amount } from "../parts/amount";
import { compact, grouped } from "../parts/numbers";
import type { Session } from "../session/state";
import { oneLine } from "../session/text";
import { clock } from "./ruler";
import { DENIED, FAILED, OPEN, type Steps } from "./steps";

const AROUND = 60;

export function TapeTable({ s, onClose }: { s: Session; onClose: () => void }): JSX.Element | null {
    const steps = s.steps.value;
    const box = useRef<HTMLDivElement>(null);
    const at = s.seen.value;
    useEffect(() => {
        const row = box.current?.querySelector<HTMLElement>("[aria-current]");
        if (box.current && row) box.current.scrollTop = row.offsetTop - box.current.clientHeight / 2;
    }, [at]);
    if (!steps?.count) return null;
    const from = Math.max(0, Math.min(at - AROUND, steps.count - 2 * AROUND));
    const to = Math.min(steps.count, from + 2 * AROUND);
    const quality = steps.costTotal === null && steps.quality === "measured" ? "partial" : steps.quality;
    const rows: JSX.Element[] = [];
    for (let i = from; i < to; i++)
        rows.push(
            <tr key={i} aria-current={i === at ? "step" : undefined} class={i > at ? "later" : ""}>
                <th scope="row">
                    <button type="button" onClick={() => s.move(i, "jump")}>
                        {steps.seq[i]}
                    </button>
                </th>
                <td>{steps.firstTs === null ? "—" : clock(steps.place[i] as number)}</td>
                <td>{oneLine(steps.label?.[i] || steps.kinds[steps.kind[i] as number] || "step", 90)}</td>
                <td class={steps.ok[i] === FAILED ? "bad" : ""}>{ended(steps, i)}</td>
                <td class="num">{steps.context[i] ? compact(steps.context[i] as number) : "—"}</td>
                <td class="num">{steps.isPart ? "—" : compact(steps.tokens[i] as number)}</td>
                <td class="num">{steps.isPart || (steps.costTotal === null && !steps.cost[i]) ? "—" : <Amount value={steps.cost[i] as number} quality={quality} kind="money" />}</td>
            </tr>,
        );
    return (
        <div ref={box} class="tape-table" role="region" aria-label="The tape as a table" tabIndex={0}>
            <table>
                <caption>
                    Steps {grouped(steps.seq[from] as number)} to {grouped(steps.seq[to - 1] as number)} of {grouped(steps.count)}{" "}
                    <button type="button" class="button small" onClick={onClose}>
                        Close <kbd>t</kbd>
                    </button>
                </caption>
                <thead>
                    <tr>
                        {["Step", "Time", "What", "Ended", "Context", "Tokens", "Spent"].map((title, k) => (
                            <th key={title} scope="col" class={k > 3 ? "num" : ""}>
                                {title}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    );
}

function ended(steps: Steps, i: number): string {
    const ok = steps.ok[i];
    return ok === FAILED ? "failed" : ok === DENIED ? "denied" : ok === OPEN ? "no result" : "";
}
