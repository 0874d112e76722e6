import assert from "node:assert/strict";
import { test } from "node:test";
import type { Columns, OutlineRow } from "../src/api/types";
import { contrast, readable, runsOf } from "../src/session/ansi";
import { Follower } from "../src/session/follow";
import { Heights } from "../src/session/heights";
import { jsonLines } from "../src/session/json";
import { merged } from "../src/session/merge";
import { besides, rowsOf } from "../src/session/patch";
import { linesOf, oneLine, pieces, visible } from "../src/session/text";
import { branchAt, branchesOf, childrenOf } from "../src/session/tree";

test("what hides, reorders or controls is written out, and nothing else", () => {
    assert.equal(visible("a\u202eb\u0007\u200b\u0000\u009b"), "a\\u202eb\\x07\\u200b\\x00\\x9b");
    assert.equal(visible("tab\tand\nline, Zoë, 日本, 👩‍🔬 \r\n"), "tab\tand\nline, Zoë, 日本, 👩‍🔬 \n");
    assert.equal(visible("lone \ud83d and \udc69, whole 👩"), "lone \\ud83d and \\udc69, whole 👩");
    assert.deepEqual(pieces("a\u202eb").map((piece) => [piece.text, piece.isEscape]), [["a", false], ["\\u202e", true], ["b", false]]);
    assert.equal(oneLine("  a\n\n b  "), "a b");
    assert.deepEqual(linesOf("a\r\nb\n"), ["a", "b"]);
});

test("colours of a terminal become runs; addresses and moves of the cursor become nothing", () => {
    const runs = runsOf("\u001b[1;31mred\u001b[0m plain \u001b[38;2;1;2;3mown\u001b[0m");
    assert.deepEqual(runs.map((run) => [run.text, run.fg, run.bold]), [["red", "red", true], [" plain ", null, false], ["own", [1, 2, 3], false]]);
    const linked = runsOf("\u001b]8;;javascript:alert(1)\u0007<b>click</b>\u001b]8;;\u0007");
    assert.ok(linked.every((run) => !run.text.includes("javascript")));
    assert.deepEqual(runsOf(""), []);
});

test("a colour of its own is kept where it can be read, else moved until it can", () => {
    assert.deepEqual(readable([180, 0, 0], [251, 251, 249]), [180, 0, 0]);
    for (const ground of [[251, 251, 249], [12, 15, 18]] as const)
        for (const colour of [[255, 255, 0], [10, 10, 10], [128, 128, 128]] as const)
            assert.ok(contrast(readable(colour, ground), ground) >= 4.5);
});

test("a patch is numbered on both sides and the words that changed are marked", () => {
    const rows = rowsOf("--- a\n+++ b\n@@ -1,3 +1,3 @@\n def f():\n-    return a - b\n+    return a + b\n \n\\ No newline at end of file");
    assert.deepEqual(rows.map((row) => [row.sign, row.before, row.after]), [["@", null, null], [" ", 1, 1], ["-", 2, null], ["+", null, 2], [" ", 3, 3]]);
    assert.deepEqual(rows[2]?.words.filter((word) => word.changed).map((word) => word.text.trim()), ["-"]);
    assert.deepEqual(rows[3]?.words.filter((word) => word.changed).map((word) => word.text.trim()), ["+"]);
    assert.deepEqual(besides(rows).map(({ left, right }) => [left?.sign, right?.sign]), [["@", "@"], [" ", " "], ["-", "+"], [" ", " "]]);
});

test("a line that begins with two signs is a line, not the name of a file", () => {
    const rows = rowsOf("@@ -1 +1 @@\n--- old\n+++ new");
    assert.deepEqual(rows.map((row) => row.words.map((word) => word.text).join("")), ["@@ -1 +1 @@", "-- old", "++ new"]);
});

test("heights find any row, guessed or measured", () => {
    const heights = new Heights(new Float32Array(1000).fill(10));
    assert.equal(heights.total, 10_000);
    assert.equal(heights.set(500, 110), true);
    assert.equal(heights.set(500, 110.2), false);
    assert.equal(heights.top(501), 5110);
    for (const [y, row] of [[0, 0], [4999, 499], [5000, 500], [5109, 500], [5110, 501], [1e9, 999]] as const) assert.equal(heights.at(y), row, String(y));
    const more = heights.resized(new Float32Array(1002).fill(20));
    assert.equal(more.total, 10_100 + 40);
});

const outlineRow = (index: number, descendants: number, seq: number, kind: OutlineRow["kind"] = "step"): OutlineRow => ({
    index, depth: 0, descendants, kind, seq, last: seq, title: "", detail: null, right: null, what: "", act: "other", effect: "none", ok: 0, errors: index % 2, session: null, lane: null, number: null, live: true,
});

test("the outline shows what is unfolded, in runs of a hundred above two hundred children", () => {
    const rows = [outlineRow(0, 3, 1, "loop"), outlineRow(1, 2, 1, "turn"), outlineRow(2, 0, 1), outlineRow(3, 0, 4), outlineRow(4, 0, 9, "loop")];
    const children = childrenOf(rows);
    assert.deepEqual([...children].map(([parent, list]) => [parent, list.map((row) => row.index)]), [[-1, [0, 4]], [0, [1]], [1, [2, 3]]]);
    assert.equal(branchesOf(children, new Set()).length, 2);
    const open = branchesOf(children, new Set(["0", "1"]));
    assert.deepEqual(open.map((branch) => [branch.key, branch.depth]), [["0", 0], ["1", 1], ["2", 2], ["3", 2], ["4", 0]]);
    assert.deepEqual([1, 3, 4, 8, 9].map((seq) => open[branchAt(open, seq)]?.key), ["2", "2", "3", "3", "4"]);
    const many = childrenOf(Array.from({ length: 250 }, (_, k) => outlineRow(k, 0, k + 1)));
    const runs = branchesOf(many, new Set(["-1:1"]));
    assert.deepEqual(runs.filter((branch) => branch.run).map((branch) => [branch.run?.from, branch.run?.to, branch.run?.errors]), [[1, 100, 50], [101, 200, 50], [201, 250, 25]]);
    assert.equal(runs.length, 103);
});

test("JSON is two levels open, and a path unfolds", () => {
    const value = { a: { b: { c: 1 } }, d: [], e: "x" };
    const text = (toggled: string[]): string => jsonLines(value, 2, new Set(toggled)).map((line) => line.pieces.map((piece) => piece.text).join("")).join("|");
    assert.equal(text([]), '{|"a": {|"b": { 1 keys }|},|"d": [],|"e": "x"|}');
    assert.equal(text(["$/a/b"]), '{|"a": {|"b": {|"c": 1|}|},|"d": [],|"e": "x"|}');
});

test("the newest request wins and those between are never sent", async () => {
    const sent: string[] = [];
    const waiting: (() => void)[] = [];
    const shown: string[] = [];
    const follower = new Follower<string>(
        (key) => new Promise((done) => (sent.push(key), waiting.push(() => done(`value ${key}`)))),
        ({ key, value }) => void (value === `value ${key}` && shown.push(key)),
    );
    for (const key of ["1", "2", "3"]) follower.want(key);
    assert.deepEqual(sent, ["1"]);
    waiting.shift()?.();
    await new Promise((done) => setImmediate(done));
    assert.deepEqual(sent, ["1", "3"]);
    waiting.shift()?.();
    await new Promise((done) => setImmediate(done));
    assert.equal(shown.at(-1), "3");
    follower.want("1");
    assert.equal(shown.at(-1), "1");
    assert.deepEqual(sent, ["1", "3"]);
});

test("what a live session adds replaces its tail", () => {
    const columns = (seqs: number[]): Columns =>
        new Proxy({ seq: seqs, label: seqs.map(String), marks: seqs.map((seq) => ({ seq, ts: null, kind: "error", text: "" })), from_seq: seqs[0] } as unknown as Columns, {
            get: (held, name) => Reflect.get(held, name) ?? seqs.map(() => 0),
        });
    const known = { ...columns([1, 2, 3]), ...Object.fromEntries(["end", "ts", "begin", "took", "kind", "act", "effect", "ok", "loop", "turn", "context", "cached", "cost", "tokens", "files", "plus", "minus", "todos", "todos_done"].map((name) => [name, [0, 0, 0]])) } as Columns;
    const grown = merged(known, columns([3, 5]), 3);
    assert.deepEqual(grown.seq, [1, 2, 3, 5]);
    assert.deepEqual(grown.label, ["1", "2", "3", "5"]);
    assert.deepEqual(grown.marks.map((mark) => mark.seq), [1, 2, 3, 5]);
    assert.equal(grown.cost.length, 4);
    assert.equal(grown.from_seq, 1);
});
