/** A tool call with its result, as a card: what it did, to what, how it ended. */
import type { ComponentChildren, JSX } from "preact";
import type { StreamRow, Text, ToolView } from "../api/types";
import { bytes, grouped } from "../parts/numbers";
import { span } from "../parts/times";
import { Code, DiffView, Images, Json, More, Terminal, Todos, usePages } from "./bodies";
import { useFold } from "./folds";
import { Glyph, glyphOf } from "./glyphs";
import { Plain } from "./plain";
import type { Session } from "./state";
import { oneLine } from "./text";

export interface ToolCardProps {
    s: Session;
    row: StreamRow;
    tool: ToolView;
    wide: boolean;
    compact: boolean;
}

/** What a card says of the result without being opened. */
export function resultOf(tool: ToolView): { text: string; tone: string } | null {
    if (tool.denied) return { text: "denied", tone: "bad" };
    if (tool.exit_code !== null) return { text: `exit ${tool.exit_code}`, tone: tool.exit_code === 0 ? "" : "bad" };
    if (tool.ok === false) return { text: tool.tool_kind === "file_read" ? "not found" : "failed", tone: "bad" };
    if (tool.open) return { text: "no result recorded", tone: "quiet" };
    return null;
}

function isFoldedAtFirst(tool: ToolView): boolean {
    if (tool.ok === false || (tool.exit_code ?? 0) !== 0) return false;
    if (tool.tool_kind === "shell") return (tool.output?.lines ?? 0) > 6;
    return !(tool.tool_kind === "file_edit" || tool.todos.length > 0 || tool.images.length > 0);
}

export function ToolCard({ s, row, tool, wide, compact }: ToolCardProps): JSX.Element {
    const hasBody = !!(tool.output || tool.error || tool.diffs.length || tool.todos.length || tool.images.length || tool.input);
    const [isOpen, toggle] = useFold(s, `${row.seq}`, hasBody && !compact && !isFoldedAtFirst(tool));
    const result = resultOf(tool);
    const isRunning = tool.open && s.steps.value?.isOpen === true;
    const title = tool.todos.length ? "To-dos" : toolName(tool);
    return (
        <div class={`card tool ${tool.open ? "noresult" : ""} ${isRunning ? "running" : ""}`}>
            <button type="button" class="head" aria-expanded={hasBody ? isOpen : undefined} onClick={toggle}>
                <Glyph name={tool.todos.length ? "todos" : tool.images.length ? "image" : glyphOf(tool.tool_kind, tool.effect)} tone={tool.effect} />
                <span class="name">
                    <Plain text={title} />
                </span>
                <span class="arg">
                    {tool.todos.length
                        ? `${tool.todos.filter((todo) => todo.status === "completed").length} of ${tool.todos.length} done`
                        : oneLine(tool.argument)}
                </span>
                <span class="result">
                    {told(tool, result).map((part, k) => (
                        <span key={k}>
                            {k > 0 && " · "}
                            {part}
                        </span>
                    ))}
                </span>
            </button>
            {isOpen && hasBody && <Body s={s} row={row} tool={tool} wide={wide} />}
        </div>
    );
}

function toolName(tool: ToolView): string {
    const parts = tool.name.split("__");
    return parts[0] === "mcp" && parts.length > 2 ? parts.slice(2).join("__") : tool.name;
}

/** Result, changed lines, duration, size: what is told of them. */
function told(tool: ToolView, result: ReturnType<typeof resultOf>): ComponentChildren[] {
    const size = sizeOf(tool);
    return [
        result && <b class={result.tone}>{result.text}</b>,
        counts(tool),
        tool.duration_ms !== null && span(tool.duration_ms),
        size,
    ].filter((part) => part !== null && part !== false && part !== "");
}

function counts(tool: ToolView): JSX.Element | null {
    const plus = tool.diffs.reduce((sum, diff) => sum + (diff.plus ?? 0), 0);
    const minus = tool.diffs.reduce((sum, diff) => sum + (diff.minus ?? 0), 0);
    if (!plus && !minus) return null;
    return (
        <>
            {plus > 0 && <i class="plus">+{grouped(plus)}</i>} {minus > 0 && <i class="minus">−{grouped(minus)}</i>}
        </>
    );
}

function sizeOf(tool: ToolView): string {
    const { output, images } = tool;
    const isLarge = output !== null && (output.more || output.size > 20_000);
    const image = images[0] ? `${images[0].media_type === "image/*" ? "image" : images[0].media_type} · ${bytes(images[0].bytes)}` : "";
    if (isLarge) return image ? `${bytes(output.size)} · ${image}` : bytes(output.size);
    if (image || tool.diffs.length || !output?.lines) return image;
    return `${grouped(output.lines)} ${output.lines === 1 ? "line" : "lines"}`;
}

function Body({ s, row, tool, wide }: Omit<ToolCardProps, "compact">): JSX.Element {
    const hasDiff = tool.diffs.some((diff) => diff.patch);
    return (
        <div class="body">
            {tool.server && <p class="server">{`${tool.server} (MCP)`}</p>}
            {tool.permission && <p class="server">{`permission: ${tool.permission}`}</p>}
            {tool.diffs.map((diff, k) => (
                <DiffView key={k} diff={diff} session={s.id} wide={wide} />
            ))}
            {tool.todos.length > 0 && <Todos todos={tool.todos} />}
            <Images images={tool.images} />
            {tool.error && !isSaid(tool.error, tool.output?.text) && (
                <div class="term stderr">
                    <pre>
                        <Plain text={tool.error} />
                    </pre>
                </div>
            )}
            {!hasDiff && !tool.todos.length && !isPicture(tool) && <Output s={s} row={row} tool={tool} />}
            {tool.truncated && <p class="untold">The agent kept only a part of the output.</p>}
        </div>
    );
}

/** Whether all that came back is what the image shows. */
function isPicture(tool: ToolView): boolean {
    return tool.images.length > 0 && /^\s*(\[image\]\s*)*$/.test(tool.output?.text ?? "");
}

/** Whether the output tells the error already. */
function isSaid(error: string, output: string | undefined): boolean {
    const words = (text: string): string => text.replace(/\s+/g, " ").trim();
    return output !== undefined && words(output.slice(0, 20_000)).includes(words(error).slice(0, 200));
}

function Output({ s, row, tool }: { s: Session; row: StreamRow; tool: ToolView }): JSX.Element {
    const showsInput = tool.tool_kind === "other" || tool.tool_kind === "web" || tool.tool_kind === "sub_agent" || !tool.output;
    return (
        <>
            {showsInput && tool.input && <Paged s={s} seq={row.seq} text={tool.input} how="json" />}
            {tool.stderr && tool.stderr.text && !isSaid(tool.stderr.text, tool.output?.text) && <Paged s={s} seq={tool.result_seq ?? row.seq} text={tool.stderr} how="error" />}
            {tool.output && <Paged s={s} seq={tool.result_seq ?? row.seq} text={tool.output} how={howOf(tool)} hits={tool.tool_kind === "search" ? tool.argument : null} />}
        </>
    );
}

type How = "terminal" | "error" | "code" | "json";

function howOf(tool: ToolView): How {
    if (tool.tool_kind === "shell") return "terminal";
    if (tool.ok === false) return "error";
    if (tool.output_is_json) return "json";
    return tool.tool_kind === "file_read" || tool.tool_kind === "search" ? "code" : "terminal";
}

export function Paged({ s, seq, text, how, hits = null }: { s: Session; seq: number; text: Text; how: How; hits?: string | null }): JSX.Element {
    const pages = usePages(s.id, seq, text);
    return (
        <>
            {how === "json" ? (
                <Json text={pages.shown} />
            ) : how === "code" ? (
                <Code text={pages.shown} hits={hits} />
            ) : (
                <Terminal text={pages.shown} isError={how === "error"} />
            )}
            <More session={s.id} seq={seq} text={text} pages={pages} />
        </>
    );
}
