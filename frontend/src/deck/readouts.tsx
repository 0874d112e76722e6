/** What holds at the playhead, in one line; it changes while the hand moves. */
import type { ComponentChildren, JSX } from "preact";
import { Amount } from "../parts/amount";
import { compact, grouped, percent } from "../parts/numbers";
import type { Session } from "../session/state";
import { SPEEDS } from "./play";
import type { Player } from "./player";
import type { Mode } from "./scale";
import type { Steps } from "./steps";

export interface ReadoutsProps {
    s: Session;
    player: Player;
    mode: Mode;
    onMode: (mode: Mode) => void;
    hasTimes: boolean;
}

export function Readouts({ s, player, mode, onMode, hasTimes }: ReadoutsProps): JSX.Element {
    const steps = s.steps.value;
    const step = (by: number): void => {
        player.stop();
        s.move(s.at.peek() + by);
    };
    return (
        <div class="readouts">
            <div class="transport" role="group" aria-label="Transport">
                <Button label="First step" path="M3 2.5v9M11 2.5 5 7l6 4.5z" run={() => s.move(0, "jump")} />
                <Button label="Previous step" path="M9.5 3 4.5 7l5 4z" run={() => step(-1)} />
                <button type="button" class="play" aria-label={player.isPlaying.value ? "Pause" : "Play"} aria-pressed={player.isPlaying.value} onClick={player.toggle}>
                    <svg class="icon" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
                        <path class="fill" d={player.isPlaying.value ? "M3.5 2.5h2.4v9H3.5zM8.1 2.5h2.4v9H8.1z" : "M3.5 2.2 11.5 7l-8 4.8z"} />
                    </svg>
                </button>
                <Button label="Next step" path="M4.5 3l5 4-5 4z" run={() => step(1)} />
                <Button label="End" path="M11 2.5v9M3 2.5 9 7l-6 4.5z" run={() => s.toEnd()} />
            </div>
            <div class="segments speeds" role="group" aria-label="Speed">
                {SPEEDS.map((speed) => (
                    <button key={speed} type="button" aria-pressed={player.speed.value === speed} onClick={() => player.setSpeed(speed)}>
                        {speed}×
                    </button>
                ))}
            </div>
            <div class="segments scales" role="group" aria-label="Scale of the tape">
                <button type="button" aria-pressed={mode === "time"} disabled={!hasTimes} title={hasTimes ? undefined : "no times on record"} onClick={() => onMode("time")}>
                    Time
                </button>
                <button type="button" aria-pressed={mode === "step"} onClick={() => onMode("step")}>
                    Step
                </button>
            </div>
            <label class="pauses" title="pause at permissions and errors">
                <input type="checkbox" checked={player.pauses.value} onChange={(event) => player.setPauses((event.target as HTMLInputElement).checked)} />
                pause at errors
            </label>
            {steps && steps.count > 0 && <Values s={s} steps={steps} />}
        </div>
    );
}

function Button({ label, path, run }: { label: string; path: string; run: () => void }): JSX.Element {
    return (
        <button type="button" class="quiet" aria-label={label} title={label} onClick={run}>
            <svg class="icon" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
                <path class="fill" d={path.slice(path.indexOf("M", 1) > 0 ? path.indexOf("M", 1) : 0)} />
                {path.indexOf("M", 1) > 0 && <path d={path.slice(0, path.indexOf("M", 1))} />}
            </svg>
        </button>
    );
}

function One({ name, class: extra = "", children }: { name: string; class?: string; children: ComponentChildren }): JSX.Element {
    return (
        <div class={`readout ${extra}`}>
            <span class="label">{name}</span>
            <span class="value">{children}</span>
        </div>
    );
}

function Values({ s, steps }: { s: Session; steps: Steps }): JSX.Element {
    const i = s.at.value;
    const state = s.state.value;
    const last = Math.max(s.view.value?.last ?? 0, steps.last[steps.count - 1] as number);
    const plus = steps.plus[i] as number;
    const minus = steps.minus[i] as number;
    const usage = state?.usage;
    const sent = usage ? usage.input + usage.cache_read + usage.cache_write : 0;
    return (
        <div class="values" role="group" aria-label={`State at step ${s.seq.value}`}>
            <One name="Step">
                <b>{s.seq.value}</b> <i class="of">of {grouped(last)}</i>
                <i class="slash"> / {grouped(last)}</i>
            </One>
            <One name="Clock" class="wide">
                <b>{steps.isPart ? "—" : elapsed(steps, i)}</b> <i>{wall(steps, i)}</i>
            </One>
            <One name="Context">
                <b>{steps.context[i] ? compact(steps.context[i] as number) : "—"}</b> {steps.window && <i class="of">of {compact(steps.window).replace(".0k", "k")}</i>}
            </One>
            <One name="Spent">
                <Spent steps={steps} i={i} />
            </One>
            <One name="Tokens" class="wide">
                <b>{steps.isPart ? "—" : compact(steps.tokens[i] as number)}</b> {sent > 0 && usage && <i>{percent(usage.cache_read, sent)} cached</i>}
            </One>
            <One name="Files">
                <b>{steps.isPart ? "—" : grouped(steps.files[i] as number)}</b> {plus > 0 && !steps.isPart && <i class="plus">+{grouped(plus)}</i>} {minus > 0 && !steps.isPart && <i class="minus">−{grouped(minus)}</i>}
            </One>
            <One name="To-dos" class="wide">
                {steps.todos[i] ? (
                    <>
                        <b>{steps.done[i]}</b> <i>of {steps.todos[i]}</i>
                    </>
                ) : (
                    <b>—</b>
                )}
            </One>
            {state?.limit && state.limit.used_percent !== null && (
                <One name={limitName(state.limit.scope)} class="wide">
                    <b>{Math.round(state.limit.used_percent)}</b> <i>% used</i>
                </One>
            )}
        </div>
    );
}

function Spent({ steps, i }: { steps: Steps; i: number }): JSX.Element {
    const quality = steps.costTotal === null && steps.quality === "measured" ? "partial" : steps.quality;
    const total = steps.costTotal ?? (steps.cost[steps.count - 1] as number);
    if (!total && steps.costTotal === null) return <b>—</b>;
    return (
        <>
            <b>
                {steps.isPart ? "—" : <Amount value={steps.cost[i] as number} quality={quality} kind="money" />}
            </b>{" "}
            <i class="of">
                of <Amount value={total} quality={quality} kind="money" />
            </i>
        </>
    );
}

function limitName(scope: string | null): string {
    if (!scope) return "Limit";
    if (/five_?hour|5h|primary/i.test(scope)) return "5-hour limit";
    if (/seven_?day|week|secondary/i.test(scope)) return "Weekly limit";
    return `${scope.replace(/_/g, " ").slice(0, 20)} limit`;
}

/** 5:21.084 */
function elapsed(steps: Steps, i: number): string {
    if (steps.firstTs === null) return "—";
    const ms = steps.place[i] as number;
    const two = (value: number): string => String(value).padStart(2, "0");
    const seconds = Math.floor(ms / 1000);
    const h = Math.floor(seconds / 3600);
    const m = Math.floor(seconds / 60) % 60;
    const head = h ? `${h}:${two(m)}` : String(m);
    return `${head}:${two(seconds % 60)}${h ? "" : `.${String(Math.floor(ms % 1000)).padStart(3, "0")}`}`;
}

function wall(steps: Steps, i: number): string {
    if (steps.firstTs === null) return "";
    const at = new Date(steps.firstTs + (steps.place[i] as number));
    return [at.getHours(), at.getMinutes(), at.getSeconds()].map((value) => String(value).padStart(2, "0")).join(":");
}
