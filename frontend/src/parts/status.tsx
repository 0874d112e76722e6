/** Marks that stand for a session: its status and its agent. Shape and letters say it too, not colour alone. */
import type { JSX } from "preact";

export type Status = "working" | "waiting" | "completed" | "failed" | "interrupted" | "aborted" | "stale" | "unknown";

const NAMES: Record<Status, string> = {
    working: "working",
    waiting: "waiting for you",
    completed: "completed",
    failed: "failed",
    interrupted: "interrupted",
    aborted: "aborted",
    stale: "stale",
    unknown: "status unknown",
};

function known(status: string): Status {
    return status in NAMES ? (status as Status) : "unknown";
}

/** The mark of a status, with its name for those who do not see it. */
export function StatusMark({ status }: { status: string }): JSX.Element {
    const kind = known(status);
    return (
        <svg class={`status ${kind}`} viewBox="0 0 14 14" width="14" height="14" role="img" aria-label={NAMES[kind]}>
            <title>{NAMES[kind]}</title>
            {SHAPES[kind]}
        </svg>
    );
}

const STROKED = (
    <>
        <circle cx="7" cy="7" r="3.8" />
        <path d="M4.5 9.5 9.5 4.5" />
    </>
);

const SHAPES: Record<Status, JSX.Element> = {
    working: (
        <>
            <circle class="ring" cx="7" cy="7" r="6" />
            <circle class="disc" cx="7" cy="7" r="4" />
        </>
    ),
    waiting: <circle cx="7" cy="7" r="3.2" />,
    completed: <circle class="disc" cx="7" cy="7" r="2.8" />,
    failed: <path class="disc" d="M7 2.4 11.6 7 7 11.6 2.4 7z" />,
    interrupted: STROKED,
    aborted: STROKED,
    stale: <circle cx="7" cy="7" r="3.8" />,
    unknown: <circle class="disc" cx="7" cy="7" r="1.6" />,
};

/** Two letters and a colour for each agent; others get their first two letters. */
const AGENTS: Record<string, readonly [letters: string, name: string, colour: string]> = {
    claude_code: ["CC", "Claude Code", "s6"],
    codex: ["CX", "Codex", "s1"],
    gemini: ["GM", "Gemini CLI", "main"],
    copilot: ["CP", "Copilot CLI", "s2"],
    opencode: ["OC", "OpenCode", "s3"],
};

/** The name of an agent as people write it. */
export const agentName = (agent: string): string => AGENTS[agent]?.[1] ?? agent;

/** The two letters of an agent. */
export const agentLetters = (agent: string): string =>
    AGENTS[agent]?.[0] ?? (agent.replace(/[^a-z0-9]/gi, "").slice(0, 2).toUpperCase() || "?");

/** The agent's tag. */
export function AgentTag({ agent }: { agent: string }): JSX.Element {
    const name = agentName(agent);
    return (
        <abbr class={`agent c-${AGENTS[agent]?.[2] ?? "ink2"}`} title={name} aria-label={name}>
            {agentLetters(agent)}
        </abbr>
    );
}
