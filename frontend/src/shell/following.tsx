/** Whether the agents are followed, and when one of them wrote last. */
import type { JSX } from "preact";
import { connection, retry } from "../api/live";
import { clock, exact, span } from "../parts/times";
import { following, tick } from "./state";

export function FollowingState(): JSX.Element | null {
    const link = connection.value;
    const told = following.value;
    if (link.state === "lost" || told?.following === false) {
        const since = link.state === "lost" ? link.lostAt : (told?.since ?? null);
        const why = link.state === "lost" ? "reenact does not answer" : (told?.error ?? "");
        return (
            <span class="following lost" title={why}>
                <Dot />
                <span class="words">
                    not following{since !== null && ` since ${clock(new Date(since))}`},{" "}
                    <button type="button" class="link" onClick={retry}>
                        retry
                    </button>
                </span>
            </span>
        );
    }
    if (!told) return null;
    const last = told.last_write_at;
    const ago = last === null ? null : Math.max(0, tick.value - last);
    return (
        <span class={`following${told.count ? "" : " calm"}`}>
            <Dot />
            <span class="words" title={last === null ? undefined : `last write ${exact(new Date(last))}`}>
                following {told.count}
                {ago !== null && <span class="wide"> · last write {span(Math.floor(ago / 1000) * 1000 || ago)} ago</span>}
            </span>
        </span>
    );
}

const Dot = (): JSX.Element => (
    <svg class="dot" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
        <circle class="ring" cx="7" cy="7" r="6" />
        <circle class="disc" cx="7" cy="7" r="4" />
    </svg>
);
