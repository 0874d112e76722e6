/** Columns with what a live session added: steps from a position on are replaced. */
import type { Columns } from "../api/types";

const EACH = [
    "seq", "end", "ts", "begin", "took", "kind", "act", "effect", "ok", "loop", "turn", "context", "cached", "cost", "tokens",
    "files", "plus", "minus", "todos", "todos_done",
] as const;

/** Gives the columns before `from` with `news` behind them. */
export function merged(known: Columns, news: Columns, from: number): Columns {
    const cut = known.seq.findIndex((seq) => seq >= from);
    const keep = cut < 0 ? known.seq.length : cut;
    const first = news.seq.findIndex((seq) => seq >= from);
    const skip = first < 0 ? news.seq.length : first;
    const found: Columns = { ...known, ...news };
    const grown = found as unknown as Record<string, unknown[]>;
    for (const name of EACH)
        grown[name] = [...(known[name] as unknown[]).slice(0, keep), ...(news[name] as unknown[]).slice(skip)];
    const label = news.label && known.label ? [...known.label.slice(0, keep), ...news.label.slice(skip)] : null;
    return {
        ...found,
        label: label && label.length === found.seq.length ? label : null,
        marks: [...known.marks.filter((mark) => mark.seq < from), ...news.marks.filter((mark) => mark.seq >= from)],
        from_seq: known.from_seq,
    };
}
