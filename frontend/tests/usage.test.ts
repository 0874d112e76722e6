import assert from "node:assert/strict";
import { test } from "node:test";
import type { UsageRow } from "../src/api/types";
import { costOf } from "../src/parts/money";
import { runs } from "../src/parts/runs";
import { asked, daysOf, spanWords } from "../src/usage/period";
import { OTHERS, stack, steps } from "../src/usage/stack";
import { mondayOf, rowTitle } from "../src/usage/titles";

const sum = (cost: number | null, known: number, total: number, quality: "measured" | "partial" | "estimated" = "measured") => ({
    usage: { input: total, cache_read: 0, cache_write: 0, cache_write_5m: null, cache_write_1h: null, output: 0, reasoning: null, total, quality },
    cost_usd: cost,
    cost_known_usd: known,
    responses: 1,
});
const row = (key: string, parts: [string | null, ReturnType<typeof sum>][], own = sum(1, 1, 10)): UsageRow => ({
    key, title: null, sessions: 1, sum: own, measured: 1, partial: 0, estimated: 0, unpriced: 0,
    parts: parts.map(([part, of]) => ({ key: part, sum: of })),
});

test("series are ordered by what they cost over all days, and a day stacks them in that order", () => {
    const made = stack([row("d1", [["a", sum(1, 1, 9)], ["b", sum(2, 2, 1)]]), row("d2", [["a", sum(5, 5, 1)]])], "cost", (key) => key);
    assert.deepEqual(made.series.map((one) => one.key), ["a", "b"]);
    assert.deepEqual(made.bars[0]!.slices.map((slice) => [slice.series.key, slice.value]), [["a", 1], ["b", 2]]);
    assert.equal(made.most, 5);
});

test("more than six series are drawn as five and the rest", () => {
    const parts = Array.from({ length: 9 }, (_, at): [string, ReturnType<typeof sum>] => [`m${at}`, sum(9 - at, 9 - at, 1)]);
    const made = stack([row("d", parts)], "cost", (key) => key);
    assert.equal(made.series.length, 6);
    assert.equal(made.series[5]!.key, OTHERS);
    assert.equal(made.bars[0]!.slices[5]!.value, 4 + 3 + 2 + 1);
    assert.equal(made.bars[0]!.sum, 45);
});

test("what has no price is marked and never counted as nothing", () => {
    const made = stack([row("d", [["priced", sum(1, 1, 5)], ["local", sum(null, 0, 500)]], sum(null, 1, 505))], "cost", (key) => key);
    const [bar] = made.bars;
    assert.equal(made.anyUnpriced, true);
    assert.equal(bar!.unpriced, true);
    assert.deepEqual(bar!.slices.map((slice) => slice.quality), ["measured", "unknown"]);
    assert.deepEqual([bar!.value, bar!.quality], [1, "partial"]);
});

test("a cost of which a part is unknown is a lower bound, and with nothing known it is unknown", () => {
    assert.deepEqual(costOf(null, 2, "measured"), { value: 2, quality: "partial" });
    assert.deepEqual(costOf(null, 0, "measured"), { value: null, quality: "unknown" });
    assert.deepEqual(costOf(3, 3, "estimated"), { value: 3, quality: "estimated" });
});

test("the address says period, split, unit and span; what it says wrongly is the usual", () => {
    const today = new Date(2026, 10, 20, 12);
    const usual = asked(new URLSearchParams(), today);
    assert.deepEqual(usual, { by: "day", split: "model", unit: "cost", since: "2026-10-22", until: null, span: "30d" });
    const wrong = asked(new URLSearchParams("by=hour&split=colour&unit=stones"), today);
    assert.deepEqual(wrong, usual);
    const own = asked(new URLSearchParams("by=week&unit=tokens&since=2026-01-01&until=2026-02-01"), today);
    assert.deepEqual([own.by, own.unit, own.since, own.until, own.span], ["week", "tokens", "2026-01-01", "2026-02-01", null]);
    assert.equal(asked(new URLSearchParams("since=all"), today).since, null);
    assert.equal(spanWords("2026-10-22", null, today), "22 Oct – 20 Nov");
});

test("every day of a span has its place, over the change of clocks too", () => {
    assert.deepEqual(daysOf("2026-10-24", new Date(2026, 9, 27, 12)), ["2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"]);
    assert.equal(daysOf("2026-03-01", new Date(2026, 2, 31, 1)).length, 31);
});

test("weeks and months are called as people call them", () => {
    assert.equal(mondayOf("2026-W01")!.getDate(), 29);
    assert.equal(rowTitle(row("2026-W47", []), "week"), "week of 16 Nov");
    assert.equal(rowTitle(row("2026-11", []), "month"), "Nov 2026");
    assert.equal(rowTitle(row("2026-11-20", []), "day"), "Fri 20 Nov");
});

test("an axis begins at nothing and ends above the most", () => {
    assert.deepEqual(steps(22), [0, 10, 20, 30]);
    assert.deepEqual(steps(0), [0, 1]);
    for (const most of [0.0004, 0.9, 3.3, 99, 12_345]) {
        const scale = steps(most);
        assert.equal(scale[0], 0);
        assert.ok(scale.at(-1)! >= most);
        assert.ok(scale.length <= 6);
    }
});

test("a tape's equal buckets are drawn as one block and its empty ones not at all", () => {
    assert.deepEqual(runs("1122000333", "0"), [[0, 2, "1"], [2, 2, "2"], [7, 3, "3"]]);
    assert.deepEqual(runs("....", "."), []);
    assert.deepEqual(runs("", "."), []);
});
