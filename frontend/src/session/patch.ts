/** A unified diff as rows, with the words that changed. */
import { diffWordsWithSpace } from "diff";

export interface Word {
    text: string;
    changed: boolean;
}

export interface PatchRow {
    sign: " " | "+" | "-" | "@";
    before: number | null;
    after: number | null;
    words: Word[];
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/;
/** Longer lines are not compared by words: it would cost more than it shows. */
const WORDS_MOST = 2000;

/** Gives the rows of a patch; lines before the first hunk (names of the files) are left out. */
export function rowsOf(patch: string): PatchRow[] {
    const rows: PatchRow[] = [];
    let before = 0;
    let after = 0;
    let inside = false;
    for (const line of patch.split("\n")) {
        const hunk = HUNK.exec(line);
        if (hunk) {
            before = Number(hunk[1]);
            after = Number(hunk[3]);
            inside = true;
            rows.push({ sign: "@", before: null, after: null, words: whole(line) });
        } else if (!inside || line.startsWith("\\")) {
            continue;
        } else if (line.startsWith("-")) {
            rows.push({ sign: "-", before: before++, after: null, words: whole(line.slice(1)) });
        } else if (line.startsWith("+")) {
            rows.push({ sign: "+", before: null, after: after++, words: whole(line.slice(1)) });
        } else if (line.startsWith(" ")) {
            rows.push({ sign: " ", before: before++, after: after++, words: whole(line.slice(1)) });
        } else if (line === "") {
            continue;
        }
    }
    mark(rows);
    return rows;
}

function whole(text: string): Word[] {
    return [{ text, changed: false }];
}

/** Compares each removed line with the added one that stands at the same place of its block. */
function mark(rows: PatchRow[]): void {
    let i = 0;
    while (i < rows.length) {
        if ((rows[i] as PatchRow).sign !== "-") {
            i++;
            continue;
        }
        let added = i;
        while (added < rows.length && (rows[added] as PatchRow).sign === "-") added++;
        let end = added;
        while (end < rows.length && (rows[end] as PatchRow).sign === "+") end++;
        const pairs = Math.min(added - i, end - added, 200);
        for (let k = 0; k < pairs; k++) pair(rows[i + k] as PatchRow, rows[added + k] as PatchRow);
        i = Math.max(end, i + 1);
    }
}

function pair(gone: PatchRow, come: PatchRow): void {
    const from = gone.words[0]?.text ?? "";
    const to = come.words[0]?.text ?? "";
    if (from.length > WORDS_MOST || to.length > WORDS_MOST) return;
    const parts = diffWordsWithSpace(from, to);
    const kept = parts.reduce((sum, part) => sum + (part.added || part.removed ? 0 : part.value.trim().length), 0);
    // lines that share hardly anything are other lines, not changed ones
    if (kept * 4 < Math.max(from.trim().length, to.trim().length)) return;
    gone.words = parts.filter((part) => !part.added).map((part) => ({ text: part.value, changed: !!part.removed }));
    come.words = parts.filter((part) => !part.removed).map((part) => ({ text: part.value, changed: !!part.added }));
}

/** Gives rows side by side: what is gone on the left of what came. */
export function besides(rows: readonly PatchRow[]): { left: PatchRow | null; right: PatchRow | null }[] {
    const found: { left: PatchRow | null; right: PatchRow | null }[] = [];
    let i = 0;
    while (i < rows.length) {
        const row = rows[i] as PatchRow;
        if (row.sign === " " || row.sign === "@") {
            found.push({ left: row, right: row });
            i++;
            continue;
        }
        const gone: PatchRow[] = [];
        const come: PatchRow[] = [];
        while (i < rows.length && (rows[i] as PatchRow).sign === "-") gone.push(rows[i++] as PatchRow);
        while (i < rows.length && (rows[i] as PatchRow).sign === "+") come.push(rows[i++] as PatchRow);
        for (let k = 0; k < Math.max(gone.length, come.length); k++)
            found.push({ left: gone[k] ?? null, right: come[k] ?? null });
    }
    return found;
}
