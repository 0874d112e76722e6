/** What a tool did, as a small stroke drawing in the colour of its effect. */
import type { JSX } from "preact";

const PATHS: Record<string, string> = {
    run: "M4.5 3l4 4-4 4",
    edit: "M7 2.6v5M4.5 5.1h5M4.5 10.4h5",
    write: "M2.8 11.2l.6-2.4 6-6 1.8 1.8-6 6zM8.2 4l1.8 1.8",
    read: "M3 3.2h8M3 5.8h8M3 8.4h8M3 11h5",
    search: "M6 2.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6M8.8 8.8 12 12",
    reach: "M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2M2 7h10M7 2c-3 3.2-3 6.8 0 10M7 2c3 3.2 3 6.8 0 10",
    spawn: "M4 2v10M10 2v10M7 4v6",
    todos: "M2.8 2.8h8.4v8.4H2.8zM4.8 7l1.7 1.7 3-3.4",
    image: "M2.4 3.2h9.2v7.6H2.4zM2.6 9.6l2.6-2.4 2 1.6 2-2 2.2 2",
    human: "M7 2.2a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4M2.8 12c.4-2.6 2-3.8 4.2-3.8s3.8 1.2 4.2 3.8",
    model: "M3 4h8M3 7h8M3 10h5",
    thinking: "M7 6.8v.4",
    other: "M7 4.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2",
    error: "M3.5 3.5l7 7M10.5 3.5l-7 7",
    system: "M3 7h8",
};

/** The drawing for a tool, by what it is and what it does. */
export function glyphOf(toolKind: string, effect: string): string {
    if (toolKind === "shell") return "run";
    if (toolKind === "file_edit" || toolKind === "notebook") return "edit";
    if (toolKind === "file_write") return "write";
    if (toolKind === "file_read") return "read";
    if (toolKind === "search") return "search";
    if (toolKind === "sub_agent") return "spawn";
    if (toolKind === "web") return "reach";
    return { look: "read", change: "edit", run: "run", reach: "reach", spawn: "spawn" }[effect] ?? "other";
}

export function Glyph({ name, tone }: { name: string; tone?: string | undefined }): JSX.Element {
    return (
        <svg class={`icon glyph t-${tone ?? "none"}`} viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
            <path d={PATHS[name] ?? PATHS.other} />
        </svg>
    );
}
