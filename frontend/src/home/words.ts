/** The query language as the search line knows it: its fields, what they ask for, and how a query is coloured. */

export interface Field {
    name: string;
    asks: string;
    /** Values that never change, with what they mean. */
    values?: readonly (readonly [value: string, means: string])[];
    /** Whether the archive can tell which values there are. */
    told?: boolean;
}

export const FIELDS: readonly Field[] = [
    { name: "agent", asks: "which agent", told: true },
    { name: "project", asks: "the project, or the end of its path", told: true },
    { name: "model", asks: "a model that was used", told: true },
    {
        name: "is",
        asks: "a kind of session",
        told: true,
        values: [
            ["error", "a tool, a request or the session itself failed"],
            ["subagent", "sessions started by another session"],
            ["live", "written to in the last minute"],
            ["fork", "shares its beginning with another session"],
        ],
    },
    { name: "tool", asks: "a tool that was called", told: true },
    {
        name: "cost",
        asks: "dollars: >0.50, <=2",
        values: [
            [">0.05", "more than 5 cents"],
            [">1", "more than a dollar"],
            [">10", "more than 10 dollars"],
        ],
    },
    {
        name: "tokens",
        asks: "tokens: >20k, <=1M",
        values: [
            [">20k", "more than 20,000"],
            [">1M", "more than a million"],
        ],
    },
    {
        name: "since",
        asks: "not before a day or a time",
        values: [
            ["today", "since midnight"],
            ["yesterday", "since yesterday's midnight"],
            ["7d", "the last 7 days"],
            ["30d", "the last 30 days"],
        ],
    },
    {
        name: "until",
        asks: "not after a day or a time",
        values: [
            ["today", "until midnight"],
            ["yesterday", "until yesterday's end"],
            ["7d", "7 days ago and before"],
        ],
    },
    { name: "branch", asks: "the branch", told: true },
    { name: "tag", asks: "a tag that was put on it", told: true },
    { name: "file", asks: "a path that is named" },
    { name: "command", asks: "words of a command" },
    {
        name: "role",
        asks: "who speaks",
        values: [
            ["user", "you, and what was put in your mouth"],
            ["assistant", "the model"],
            ["system", "the agent's instructions"],
            ["tool", "results of tools"],
        ],
    },
    { name: "kind", asks: "a kind of event", told: true },
];

export type TokenKind = "field" | "value" | "phrase" | "minus" | "word" | "sign" | "space";

export interface Token {
    kind: TokenKind;
    text: string;
    from: number;
}

const NAMES = FIELDS.map((field) => field.name).join("|");
const LEXER = new RegExp(
    `(?<space>\\s+)|(?<minus>-(?=\\S))|(?<sign>[()])|(?<field>(?:${NAMES}):)(?<value>"[^"]*"?\\*?|[^\\s()]*)|(?<phrase>"[^"]*"?\\*?)|(?<word>[^\\s()"]+)`,
    "giy",
);

/** A query in pieces, for its colours. It never refuses: what is wrong is told by the server. */
export function lex(text: string): Token[] {
    const tokens: Token[] = [];
    LEXER.lastIndex = 0;
    for (let found = LEXER.exec(text); found; found = LEXER.exec(text)) {
        const from = found.index;
        for (const [kind, piece] of Object.entries(found.groups ?? {})) {
            if (!piece) continue;
            const at = kind === "value" ? from + (found.groups!.field?.length ?? 0) : from;
            tokens.push({ kind: kind as TokenKind, text: piece, from: at });
        }
    }
    return tokens;
}

/** What is being typed at the caret: the start of a field's name, or a field with the start of a value. */
export interface Typed {
    field: string | null;
    prefix: string;
    /** Where what is typed begins and ends in the text. */
    from: number;
    to: number;
}

/** What stands at the caret, or null where nothing can be suggested. */
export function typedAt(text: string, caret: number): Typed | null {
    const tokens = lex(text);
    for (const [index, token] of tokens.entries()) {
        const end = token.from + token.text.length;
        if (caret <= token.from || caret > end) continue;
        if (token.kind === "value") {
            const field = tokens[index - 1]!.text.slice(0, -1).toLowerCase();
            return { field, prefix: text.slice(token.from, caret), from: token.from, to: end };
        }
        if (token.kind === "field") {
            const next = tokens[index + 1];
            const value = next?.kind === "value" && next.from === end ? next : null;
            return caret === end ? { field: token.text.slice(0, -1).toLowerCase(), prefix: "", from: end, to: value ? end + value.text.length : end } : null;
        }
        if (token.kind === "word") return { field: null, prefix: text.slice(token.from, caret), from: token.from, to: end };
        if (token.kind === "phrase") return null;
    }
    return { field: null, prefix: "", from: caret, to: caret };
}

/** The fields whose name begins so. */
export const fieldsFor = (prefix: string): readonly Field[] =>
    FIELDS.filter((field) => field.name.startsWith(prefix.toLowerCase()) && field.name !== prefix.toLowerCase());

/** A value as a query writes it: quoted where it holds what would end it. */
export const quoted = (value: string): string => (/^[^\s()"]+$/.test(value) ? value : `"${value.replaceAll('"', "")}"`);

/** The text with what was typed replaced, and where the caret then stands. */
export function inserted(text: string, typed: Typed, piece: string): { text: string; caret: number } {
    const after = text.slice(typed.to);
    const space = piece.endsWith(":") || after.startsWith(" ") ? "" : " ";
    return { text: text.slice(0, typed.from) + piece + space + after, caret: typed.from + piece.length + space.length };
}
