/** The server's answers, as its own tests keep them, through what the page makes of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Groups, Home, SessionList, Tapes, UsageView } from "../src/api/types";
import { shades } from "../src/home/heatmap";
import { layout, ROW, withNow } from "../src/home/layout";
import { costOf } from "../src/parts/money";
import { runs } from "../src/parts/runs";
import { fromIsoDay, isoDay } from "../src/parts/times";
import { stack } from "../src/usage/stack";
import { rowTitle } from "../src/usage/titles";
import type { By } from "../src/usage/period";

const view = <T>(name: string): T => JSON.parse(readFileSync(join(process.env.REENACT_DATA!, "views", `${name}.json`), "utf8")) as T;

test("every session of the list has one line, under the groups that count them", () => {
    const list = view<SessionList>("sessions");
    const { groups } = view<Groups>("groups");
    const told = withNow(groups, list.rows);
    const lines = layout(list.matched, told, new Map());
    assert.equal(told.reduce((sum, group) => sum + group.count, 0), list.matched);
    assert.equal([...lines.kind.subarray(0, lines.count)].filter((kind) => kind === ROW).length, list.matched);
    for (const [row, line] of [...lines.line].entries()) assert.equal(lines.ref[line], row);
});

test("where nothing fits each part of the query is told", () => {
    const none = view<SessionList>("sessions-none");
    assert.equal(none.matched, 0);
    assert.ok(none.parts && none.parts.length > 0);
});

test("every session's cost is a number with its quality or is unknown, never nothing by mistake", () => {
    for (const row of view<SessionList>("sessions").rows) {
        const cost = costOf(row.cost_total_usd, row.cost_total_known_usd, row.usage_total.quality);
        if (row.cost_total_usd === null) assert.notEqual(cost.quality, "measured");
        else assert.deepEqual(cost, { value: row.cost_total_usd, quality: row.usage_total.quality });
    }
});

test("a tape has as many buckets as it says, and all of them are drawn", () => {
    const { tapes } = view<Tapes>("tapes");
    assert.ok(Object.keys(tapes).length > 0);
    for (const tape of Object.values(tapes)) {
        assert.ok(tape.used <= tape.width);
        assert.equal(tape.model.length, tape.used);
        assert.equal(tape.tools.length, tape.used);
        const drawn = runs(tape.model, "0").reduce((sum, [, count]) => sum + count, 0);
        assert.equal(drawn, [...tape.model].filter((digit) => digit !== "0").length);
    }
});

test("the days of the calendar are days, each with a shade", () => {
    const { heatmap, today } = view<Home>("home");
    const shade = shades(heatmap.map((day) => day.cost_known));
    for (const day of heatmap) {
        assert.equal(isoDay(fromIsoDay(day.day)), day.day);
        assert.ok(day.day <= today);
        assert.ok(shade(day.cost_known) >= (day.cost_known > 0 ? 1 : 0));
    }
});

test("the bars of usage add up to its rows, and its rows to its totals", () => {
    const usage = view<UsageView>("usage");
    const made = stack(usage.rows, "tokens", (key) => key);
    for (const bar of made.bars) assert.equal(bar.sum, bar.row.sum.usage.total);
    assert.equal(made.bars.reduce((sum, bar) => sum + bar.sum, 0), usage.totals.sum.usage.total);
    const cost = stack(usage.rows, "cost", (key) => key);
    for (const bar of cost.bars) assert.ok(Math.abs(bar.sum - bar.row.sum.cost_known_usd) < 1e-6);
    for (const row of usage.rows) assert.match(rowTitle(row, usage.by as By), /^\w/);
});
