/**
 * Markdown as pieces of the page. marked reads it; what it reads is drawn element by element, so that nothing
 * recorded ever becomes HTML: tags stay text, links show their address and lead nowhere, images are words.
 */
import { marked, type Token, type Tokens } from "marked";
import type { ComponentChildren, JSX } from "preact";
import { memo } from "./memo";
import { Plain } from "./plain";
import { visible } from "./text";

/** Longer texts are shown as they are: reading them as Markdown would hold the page up. */
const MOST = 40_000;

const cache = new Map<string, Token[]>();

function tokensOf(text: string): Token[] {
    const known = cache.get(text);
    if (known) return known;
    const tokens = marked.lexer(text, { gfm: true });
    if (cache.size > 300) cache.clear();
    cache.set(text, tokens);
    return tokens;
}

export const Markdown = memo(function Markdown({ text }: { text: string }): JSX.Element {
    if (text.length > MOST) {
        return (
            <div class="plain">
                <Plain text={text} />
            </div>
        );
    }
    return <div class="md">{drawn(tokensOf(text), 0)}</div>;
});

/** Deeper nesting than anybody writes is shown as text. */
const DEEPEST = 24;

function drawn(tokens: readonly Token[] | undefined, depth: number): ComponentChildren {
    return tokens?.map((token, k) => <Drawn key={k} token={token as Tokens.Generic} depth={depth} />);
}

function Drawn({ token, depth }: { token: Tokens.Generic; depth: number }): JSX.Element | null {
    const inner = (): ComponentChildren =>
        depth < DEEPEST && token.tokens ? drawn(token.tokens, depth + 1) : visible(String(token.text ?? token.raw));
    switch (token.type) {
        case "space":
        case "def":
            return null;
        case "paragraph":
            return <p>{inner()}</p>;
        case "heading":
            return (
                <p class={`h h${Math.min(4, Number(token.depth) || 1)}`} role="heading" aria-level={Math.min(6, (Number(token.depth) || 1) + 2)}>
                    {inner()}
                </p>
            );
        case "strong":
            return <strong>{inner()}</strong>;
        case "em":
            return <em>{inner()}</em>;
        case "del":
            return <del>{inner()}</del>;
        case "br":
            return <br />;
        case "hr":
            return <hr />;
        case "codespan":
            return <code>{visible(String(token.text))}</code>;
        case "code":
            return <pre tabIndex={0}>{visible(String(token.text))}</pre>;
        case "blockquote":
            return <blockquote>{inner()}</blockquote>;
        case "list":
            return <List token={token as Tokens.List} depth={depth} />;
        case "table":
            return <Table token={token as Tokens.Table} depth={depth} />;
        case "link":
            return <Address text={inner()} href={String(token.href ?? "")} isBare={token.text === token.href} />;
        case "image":
            return <Address text={`image: ${visible(String(token.text || "untitled"))}`} href={String(token.href ?? "")} isBare={false} />;
        case "checkbox":
            return <span class={`box ${token.checked ? "full" : ""}`} role="img" aria-label={token.checked ? "done" : "to do"} />;
        case "text":
        case "escape":
            return <>{token.tokens && depth < DEEPEST ? drawn(token.tokens, depth + 1) : <Plain text={String(token.text)} />}</>;
        default:
            // html and whatever a later marked may know: as it was written
            return <>{visible(String(token.raw))}</>;
    }
}

function List({ token, depth }: { token: Tokens.List; depth: number }): JSX.Element {
    const items = token.items.map((item, k) => (
        <li key={k} class={item.task ? "task" : ""}>
            {item.task && !item.tokens.some((each) => each.type === "checkbox") && (
                <span class={`box ${item.checked ? "full" : ""}`} role="img" aria-label={item.checked ? "done" : "to do"} />
            )}
            {depth < DEEPEST ? drawn(item.tokens, depth + 1) : visible(item.text)}
        </li>
    ));
    return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ token, depth }: { token: Tokens.Table; depth: number }): JSX.Element {
    return (
        <div class="wide" tabIndex={0}>
            <table>
                <thead>
                    <tr>
                        {token.header.map((cell, k) => (
                            <th key={k}>{drawn(cell.tokens, depth + 1)}</th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {token.rows.map((row, k) => (
                        <tr key={k}>
                            {row.map((cell, n) => (
                                <td key={n}>{drawn(cell.tokens, depth + 1)}</td>
                            ))}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

/** An address as text: nothing recorded can be clicked. */
function Address({ text, href, isBare }: { text: ComponentChildren; href: string; isBare: boolean }): JSX.Element {
    return (
        <span class="link">
            {text}
            {!isBare && <span class="href"> ({visible(href.slice(0, 300))})</span>}
        </span>
    );
}
