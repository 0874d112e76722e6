/** Rows of buckets, one letter each, as runs of what is equal. */

/** A run of equal buckets: from, how many, what. */
export type Run = readonly [from: number, count: number, what: string];

/** The runs of equal letters of a row of buckets; those that are empty are left out. */
export function runs(row: string, empty: string): Run[] {
    const found: Run[] = [];
    let from = 0;
    for (let at = 1; at <= row.length; at += 1) {
        if (at < row.length && row[at] === row[from]) continue;
        if (row[from] !== empty) found.push([from, at - from, row[from]!]);
        from = at;
    }
    return found;
}
