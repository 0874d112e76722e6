/** What the model was sent at step N, to scale of its window, part by part in the order sent. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { get } from "../api/client";
import type { ContextPart, ContextView } from "../api/types";
import { compact, grouped } from "../parts/numbers";
import { Follower } from "./follow";
import { path, type Session } from "./state";
import { oneLine } from "./text";

/** Parts listed at first, and while the hand moves. */
const SHOWN = 150;
const MOVING = 40;

export function ContextTab({ s }: { s: Session }): JSX.Element {
    const view = useSignal<ContextView | null>(null);
    const shown = useSignal(SHOWN);
    const follower = useRef<Follower<ContextView> | null>(null);
    follower.current ??= new Follower(
        (key) => get<ContextView>(path(s.id, `/context/at/${key}`)),
        ({ value }) => (view.value = value),
    );
    const until = s.until.value;
    useEffect(() => follower.current?.want(String(until)), [until]);
    const told = view.value;
    if (!told) return <div class="tab-body" aria-busy="true" />;
    const most = s.moving.value ? MOVING : shown.value;
    const kept = told.parts.filter((part) => !part.new).length;
    return (
        <div class={`tab-body context ${told.seq === until ? "" : "late"}`} tabIndex={0} role="region" aria-label="Context as sent">
            <header>
                <h3>Context at step {s.seenSeq.value}</h3>
                <span class={`chip ${told.measured ? "" : "outline"}`}>{told.measured ? `measured, ${grouped(told.used)}` : told.used ? `≈ estimated, ${grouped(told.used)}` : "not told"}</span>
                {told.rebuilt && <span class="chip outline">rebuilt from the log</span>}
            </header>
            <Scale told={told} />
            <Parts told={told} />
            <table class="list parts">
                <thead>
                    <tr>
                        <th scope="col" aria-label="kept or new" />
                        <th scope="col">Part</th>
                        <th scope="col">In the order sent</th>
                        <th scope="col">Share</th>
                        <th scope="col" class="num">
                            Tokens
                        </th>
                        <th scope="col">Billed as</th>
                        <th scope="col" class="num">
                            Step
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {told.parts.length > most && (
                        <tr>
                            <td colSpan={7}>
                                <button type="button" onClick={() => (shown.value += 1000)}>
                                    show {grouped(Math.min(1000, told.parts.length - most))} of {grouped(told.parts.length - most)} earlier parts
                                </button>
                            </td>
                        </tr>
                    )}
                    {told.parts.slice(-most).map((part, k) => (
                        <Part key={k} s={s} part={part} most={mostOf(told)} sign={part.new ? "+" : "="} />
                    ))}
                    {told.answer && <Part s={s} part={told.answer} most={mostOf(told)} sign="→" />}
                </tbody>
            </table>
            <p class="sum">
                <span>
                    <b class="plus">+ {told.parts.length - kept} new</b> = {kept} unchanged
                </span>
                <span>
                    sizes of single parts are <i class="estimated">≈ estimated</i>
                    {told.measured ? ", their sum is measured" : ", and so is their sum"}
                </span>
            </p>
        </div>
    );
}

function mostOf(told: ContextView): number {
    return Math.max(1, ...told.parts.map((part) => part.tokens), told.answer?.tokens ?? 0);
}

/** The used part of the window, with the mark where the agent compacts by itself. */
function Scale({ told }: { told: ContextView }): JSX.Element {
    const window = Math.max(told.window ?? 0, told.used, told.compact_at ?? 0, 1);
    const share = (value: number): string => `${Math.min(100, (value / window) * 100)}%`;
    return (
        <div class="window-of">
            <div class={`meter ${told.rebuilt || !told.measured ? "hatched" : ""}`} role="img" aria-label={`${grouped(told.used)} of ${told.window ? grouped(told.window) : "an unknown window of"} tokens`}>
                <i style={{ width: share(told.used) }} />
                {told.compact_at !== null && <b style={{ left: share(told.compact_at) }} />}
            </div>
            <p class="meta">
                <span style={{ marginLeft: share(Math.min(told.used, window * 0.5)) }}>
                    {compact(told.used)} sent{told.window ? `, ${compact(Math.max(0, told.window - told.used))} free` : ""}
                </span>
                <span class="ends">
                    {told.compact_at !== null && <span>auto-compact {compact(told.compact_at)}</span>} <span>{told.window ? compact(told.window) : "window not known"}</span>
                </span>
            </p>
            <svg class="wedge" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                <path d={`M0 0L${Math.max(1, (told.used / window) * 100)} 0L100 10L0 10z`} />
            </svg>
        </div>
    );
}

/** The used part opened into its parts; what is too narrow to see is joined. */
function Parts({ told }: { told: ContextView }): JSX.Element {
    const sum = Math.max(1, told.parts.reduce((all, part) => all + part.tokens, 0) + (told.answer?.tokens ?? 0));
    const joined: { tone: string; title: string; tokens: number }[] = [];
    for (const part of [...told.parts, ...(told.answer ? [told.answer] : [])]) {
        const tone = toneOf(part);
        const before = joined[joined.length - 1];
        if (before && (before.tone === tone || part.tokens / sum < 0.003)) before.tokens += part.tokens;
        else joined.push({ tone, title: titleOf(part), tokens: part.tokens });
    }
    return (
        <div class={`parts-bar ${told.rebuilt ? "hatched" : ""}`} aria-hidden="true">
            {joined.map((part, k) => (
                <i key={k} class={part.tone} style={{ flexGrow: String(Math.max(0.001, part.tokens / sum)) }} title={`${part.title} ${compact(part.tokens)}`}>
                    {part.tokens / sum > 0.09 ? part.title : ""}
                </i>
            ))}
        </div>
    );
}

function toneOf(part: ContextPart): string {
    if (part.summary) return "c-summary";
    if (part.role === "assistant") return /reason|think/.test(part.kind) ? "c-thinking" : "c-assistant";
    if (part.role === "user") return "c-user";
    if (part.role === "tool") return "c-tool";
    return "c-system";
}

function titleOf(part: ContextPart): string {
    if (part.summary) return "Summary";
    const words: Record<string, string> = { user: "You", assistant: "Assistant", tool: "Tool result", system: "System" };
    if (/reason|think/.test(part.kind)) return "Thinking";
    if (part.role === "user" && /inject|attach|context/.test(part.kind)) return "Attachment";
    return words[part.role] ?? part.role;
}

const BILLED: Record<string, string> = { read: "cache read", write: "cache write", input: "input", output: "output" };

function Part({ s, part, most, sign }: { s: Session; part: ContextPart; most: number; sign: string }): JSX.Element {
    return (
        <tr class={sign === "+" ? "new" : sign === "→" ? "answer" : ""}>
            <td class="s">{sign}</td>
            <th scope="row">
                <i class={`key ${toneOf(part)}`} />
                {sign === "→" ? "Answer" : titleOf(part)}
            </th>
            <td class="what">{oneLine(part.title, 160)}</td>
            <td class="share">
                <i class={`b-${part.billed ?? "none"}`} style={{ width: `${Math.max(1.5, (part.tokens / most) * 100)}%` }} />
            </td>
            <td class="num">{compact(part.tokens)}</td>
            <td class="second">{part.billed ? BILLED[part.billed] : "—"}</td>
            <td class="num">
                {part.seq === null ? (
                    "—"
                ) : (
                    <button type="button" onClick={() => s.moveTo(part.seq as number)}>
                        {part.seq}
                    </button>
                )}
            </td>
        </tr>
    );
}
