import assert from "node:assert/strict";
import { test } from "node:test";
import { shades, weeks } from "../src/home/heatmap";
import { CHILD, GROUP, layout, nextLine, ROW, starts, withNow } from "../src/home/layout";
import { inserted, lex, quoted, typedAt } from "../src/home/words";
import type { Group } from "../src/api/types";
import { lineAtOffset } from "../src/parts/window";
import { isoDay } from "../src/parts/times";

const pieces = (text: string) => lex(text).filter((token) => token.kind !== "space").map((token) => [token.kind, token.text]);

test("a query is coloured by its fields, values, phrases and minus signs", () => {
    assert.deepEqual(pieces('agent:claude_code cost:>0.05 -is:error "magic number" (a or b)'), [
        ["field", "agent:"], ["value", "claude_code"], ["field", "cost:"], ["value", ">0.05"],
        ["minus", "-"], ["field", "is:"], ["value", "error"], ["phrase", '"magic number"'],
        ["sign", "("], ["word", "a"], ["word", "or"], ["word", "b"], ["sign", ")"],
    ]);
});

test("no letter of a query is lost or moved by its colours, whatever is wrong with it", () => {
    for (const text of ['cost:>abc is:', '"not closed', "-", "a-b --", 'x:y agent:"', "((", "file:src/a.py:12", 'a"b"c']) {
        const tokens = lex(text);
        assert.equal(tokens.map((token) => token.text).join(""), text);
        let at = 0;
        for (const token of tokens) {
            assert.equal(token.from, at);
            at += token.text.length;
        }
    }
});

test("at the caret the field and what is typed of its value are known", () => {
    assert.deepEqual(typedAt("tool:Edit is:", 13), { field: "is", prefix: "", from: 13, to: 13 });
    assert.deepEqual(typedAt("tool:Edit is:err", 15), { field: "is", prefix: "er", from: 13, to: 16 });
    assert.deepEqual(typedAt("ag", 2), { field: null, prefix: "ag", from: 0, to: 2 });
    assert.deepEqual(typedAt("a  b", 2), { field: null, prefix: "", from: 2, to: 2 });
    assert.equal(typedAt('"some wo', 8), null);
});

test("a choice takes the place of what was typed, and the caret goes behind it", () => {
    const text = "-is:er cost:>1";
    const next = inserted(text, typedAt(text, 6)!, "error");
    assert.deepEqual(next, { text: "-is:error cost:>1", caret: 9 });
    assert.deepEqual(inserted("ag", typedAt("ag", 2)!, "agent:"), { text: "agent:", caret: 6 });
});

test("a value with a space or a bracket is quoted", () => {
    assert.equal(quoted("claude_code"), "claude_code");
    assert.equal(quoted("my project"), '"my project"');
    assert.equal(quoted("a(b)"), '"a(b)"');
});

const group = (title: string, first: number, count: number): Group => ({
    key: title, title, first, count, cost: 0, cost_known: 0, quality: "measured",
});

test("headings stand before their first session and sub-agents under theirs", () => {
    const lines = layout(4, [group("today", 1, 3), group("now", 0, 1)], new Map([[1, 2], [9, 5]]));
    const found = Array.from({ length: lines.count }, (_, at) => [lines.kind[at], lines.ref[at], lines.sub[at]]);
    assert.deepEqual(found, [
        [GROUP, 1, 0], [ROW, 0, 0], [GROUP, 0, 0], [ROW, 1, 0], [CHILD, 1, 0], [CHILD, 1, 1], [ROW, 2, 0], [ROW, 3, 0],
    ]);
    assert.deepEqual([...lines.line], [1, 3, 6, 7]);
});

test("moving through the list skips headings and stays at its ends", () => {
    const lines = layout(2, [group("a", 0, 1), group("b", 1, 1)], new Map());
    assert.equal(nextLine(lines, -1, 1), 1);
    assert.equal(nextLine(lines, 1, 1), 3);
    assert.equal(nextLine(lines, 3, 1), 3);
    assert.equal(nextLine(lines, 1, -1), 1);
    assert.equal(nextLine(layout(0, [], new Map()), -1, 1), -1);
});

test("a hundred thousand sessions are laid out with every line in its place", () => {
    const lines = layout(100_000, [group("old", 0, 100_000)], new Map([[99_999, 3]]));
    assert.equal(lines.count, 100_004);
    assert.equal(lines.line[99_999], 100_000);
    assert.equal(lines.kind[100_003], CHILD);
});

test("the calendar ends with today's week, begins on Mondays and has no day of the future", () => {
    const columns = weeks(new Date(2026, 10, 19, 9), 26);
    assert.equal(columns.length, 26);
    assert.equal(isoDay(columns[25]![0]!), "2026-11-16");
    assert.equal(isoDay(columns[25]![3]!), "2026-11-19");
    assert.deepEqual(columns[25]!.slice(4), [null, null, null]);
    assert.equal(columns.every((column) => column[0]!.getDay() === 1), true);
    assert.equal(isoDay(columns[0]![0]!), "2026-05-25");
});

test("shades are quarters of the days that are something", () => {
    const shade = shades([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert.deepEqual([0, 1, 3, 4, 6, 8].map(shade), [0, 1, 1, 2, 3, 4]);
    assert.equal(shades([])(0), 0);
    assert.equal(shades([5])(5), 1);
});

test("sessions at work stand above all in a group of their own, and are counted once", () => {
    const rows = (["working", "waiting", "completed", "working"] as const).map((live_status) => ({ live_status }));
    const groups = withNow([group("Today", 0, 1), group("Yesterday", 1, 9)], rows);
    assert.deepEqual(groups.map(({ title, first, count }) => [title, first, count]), [["Now", 0, 2], ["Yesterday", 2, 8]]);
    assert.deepEqual(withNow([group("Today", 0, 4)], rows.slice(2)).map(({ title }) => title), ["Today"]);
    assert.deepEqual(withNow([], rows), []);
});

test("the line at any height is the one that is drawn there", () => {
    const lines = layout(300, [group("a", 0, 100), group("b", 100, 200)], new Map([[5, 2], [250, 3]]));
    const offsets = starts(lines, [26, 36, 30]);
    assert.equal(offsets[lines.count], 2 * 26 + 300 * 36 + 5 * 30);
    for (let at = 0; at < lines.count; at += 1) {
        assert.equal(lineAtOffset(offsets, offsets[at]!), at);
        assert.equal(lineAtOffset(offsets, offsets[at + 1]! - 0.5), at);
    }
    assert.equal(lineAtOffset(offsets, 1e9), lines.count - 1);
    assert.equal(lineAtOffset(starts(layout(0, [], new Map()), [26, 36, 30]), 0), 0);
});
