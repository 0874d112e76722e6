/** JSON as lines of a tree, folded below a depth; written out in full where it is not JSON after all. */

export type Piece = { text: string; tone: "key" | "text" | "number" | "word" | "plain" };

export interface JsonLine {
    depth: number;
    pieces: Piece[];
    /** Where a value is folded: its path, to unfold it. */
    fold: string | null;
    isOpen: boolean;
}

export function parsed(text: string): unknown {
    try {
        return JSON.parse(text) as unknown;
    } catch {
        return undefined;
    }
}

/** Gives the lines; `toggled` holds the paths whose fold is not as the depth says. */
export function jsonLines(value: unknown, openDepth: number, toggled: ReadonlySet<string>, most = 2000): JsonLine[] {
    const lines: JsonLine[] = [];
    add(lines, value, { key: null, path: "$", depth: 0, comma: "" }, { openDepth, toggled, most });
    return lines;
}

interface Place {
    key: string | null;
    path: string;
    depth: number;
    comma: string;
}
interface Rules {
    openDepth: number;
    toggled: ReadonlySet<string>;
    most: number;
}

function add(lines: JsonLine[], value: unknown, place: Place, rules: Rules): void {
    if (lines.length >= rules.most) return;
    const head: Piece[] = place.key === null ? [] : [{ text: `${JSON.stringify(place.key)}: `, tone: "key" }];
    if (value === null || typeof value !== "object") {
        lines.push({ depth: place.depth, pieces: [...head, scalar(value), plain(place.comma)], fold: null, isOpen: true });
        return;
    }
    const isList = Array.isArray(value);
    const entries: [string, unknown][] = isList ? value.map((item, k) => [String(k), item]) : Object.entries(value);
    const [open, close] = isList ? ["[", "]"] : ["{", "}"];
    if (!entries.length) {
        lines.push({ depth: place.depth, pieces: [...head, plain(open + close + place.comma)], fold: null, isOpen: true });
        return;
    }
    const isOpen = place.depth < rules.openDepth !== rules.toggled.has(place.path);
    if (!isOpen) {
        const told = isList ? `${entries.length} items` : `${entries.length} keys`;
        lines.push({ depth: place.depth, pieces: [...head, plain(`${open} ${told} ${close}${place.comma}`)], fold: place.path, isOpen });
        return;
    }
    lines.push({ depth: place.depth, pieces: [...head, plain(open)], fold: place.path, isOpen });
    entries.forEach(([key, item], k) => {
        const comma = k + 1 < entries.length ? "," : "";
        add(lines, item, { key: isList ? null : key, path: `${place.path}/${key}`, depth: place.depth + 1, comma }, rules);
    });
    lines.push({ depth: place.depth, pieces: [plain(close + place.comma)], fold: null, isOpen: true });
}

function plain(text: string): Piece {
    return { text, tone: "plain" };
}

function scalar(value: unknown): Piece {
    if (typeof value === "string") return { text: JSON.stringify(value), tone: "text" };
    if (typeof value === "number") return { text: String(value), tone: "number" };
    return { text: String(value), tone: "word" };
}
