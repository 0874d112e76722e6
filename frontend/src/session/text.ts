/** Recorded text as the page may show it: what would hide, reorder or control is written out as an escape. */

/* C0 without tab and line feed, DEL and C1, marks and overrides of direction, invisible joiners, lone surrogates. */
const HIDDEN =
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Writes one hidden character out: \x1b, \u202e. */
export function escaped(character: string): string {
    const code = character.charCodeAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Gives the text with line ends of one kind: a carriage return that ends a line is no hidden character. */
function lined(text: string): string {
    return text.includes("\r") ? text.replace(/\r\n/g, "\n") : text;
}

/** Gives the text with every hidden character written out. */
export function visible(text: string): string {
    return lined(text).replace(HIDDEN, escaped);
}

export interface Piece {
    text: string;
    isEscape: boolean;
}

/** Gives the text in pieces, so that what is written out can be told from what was written. */
export function pieces(text: string): Piece[] {
    const found: Piece[] = [];
    const whole = lined(text);
    let from = 0;
    for (const match of whole.matchAll(HIDDEN)) {
        if (match.index > from) found.push({ text: whole.slice(from, match.index), isEscape: false });
        found.push({ text: escaped(match[0]), isEscape: true });
        from = match.index + match[0].length;
    }
    if (from < whole.length) found.push({ text: whole.slice(from), isEscape: false });
    return found;
}

/** Gives the first line, cut to a length. */
export function oneLine(text: string, most = 300): string {
    const line = text.slice(0, most * 2).replace(/\s+/g, " ").trim();
    return visible(line.length > most ? `${line.slice(0, most)}…` : line);
}

/** Lines without the end of the last one. */
export function linesOf(text: string): string[] {
    const lines = lined(text).split("\n");
    if (lines.length > 1 && lines[lines.length - 1] === "") lines.pop();
    return lines;
}
