import assert from "node:assert/strict";
import { test } from "node:test";
import type { Columns } from "../src/api/types";
import { bandAt, bandsOf, heightOf } from "../src/deck/bands";
import { bucketed, isDense } from "../src/deck/buckets";
import { type Pen, paintTape } from "../src/deck/paint";
import type { Palette } from "../src/deck/palette";
import { advance, faster, pauseAfter } from "../src/deck/play";
import { clock, ticksOf } from "../src/deck/ruler";
import { fold, msAt, nearest, onLane, panned, revealed, scaleOf, switched, xOfIndex, xOfTime, zoomed } from "../src/deck/scale";
import { byGroup, byMark, rowOf, seek, type Steps, stepsOf, timesOf } from "../src/deck/steps";

const ACTS: Columns["acts"] = ["other", "human", "model", "tool", "system"];
const EFFECTS: Columns["effects"] = ["none", "look", "change", "run", "reach", "spawn", "other"];

interface Row {
    ts: number | null;
    took?: number;
    act?: number;
    effect?: number;
    ok?: number;
    context?: number;
    cost?: number;
    loop?: number;
    turn?: number;
}

function columnsOf(rows: Row[], more: Partial<Columns> = {}): Columns {
    const count = rows.length;
    const zeros = rows.map(() => 0);
    return {
        session: "s", steps: count, partial: false, bucketed: false, from_seq: 1, to_seq: count * 2, kinds: ["message"], acts: ACTS, effects: EFFECTS,
        seq: rows.map((_, i) => 1 + 2 * i), end: rows.map((_, i) => 2 + 2 * i), ts: rows.map((row) => row.ts), begin: rows.map((row) => row.ts),
        took: rows.map((row) => row.took ?? null), kind: zeros, act: rows.map((row) => row.act ?? 2), effect: rows.map((row) => row.effect ?? 0),
        ok: rows.map((row) => row.ok ?? 1), loop: rows.map((row) => row.loop ?? 1), turn: rows.map((row) => row.turn ?? 1),
        context: rows.map((row) => row.context ?? 0), cached: zeros, cost: rows.map((row) => row.cost ?? 0), tokens: zeros, files: zeros,
        plus: zeros, minus: zeros, todos: zeros, todos_done: zeros, label: null, marks: [], waits: [], lanes: [], window: null,
        compact_at: null, cost_total: 0, quality: "measured", ...more,
    };
}

const plain = (rows: Row[], more: Partial<Columns> = {}): Steps => stepsOf(columnsOf(rows, more), false);
/** Ten seconds of work, four minutes of nothing, ten seconds of work. */
const waited = (): Steps => plain([{ ts: 1000 }, { ts: 6000 }, { ts: 11_000 }, { ts: 251_000 }, { ts: 256_000 }, { ts: 261_000 }]);

test("a number between two rows belongs to the row before it", () => {
    const seqs = Int32Array.from([1, 3, 8]);
    assert.deepEqual([0, 1, 2, 3, 7, 8, 99].map((seq) => rowOf(seqs, seq)), [0, 0, 0, 1, 1, 2, 2]);
});

test("times never fall, whatever the clock of the agent said", () => {
    const { start, end, place } = timesOf({ ts: [5, 3, null, 9], begin: [5, 3, null, 9], took: [1, null, null, 2] }, 5);
    assert.deepEqual([...start], [0, 0, 0, 4]);
    assert.deepEqual([...end], [1, 0, 0, 6]);
    assert.deepEqual([...place], [0, 0, 0, 6]);
});

test("a wait over thirty seconds is folded to eight pixels and the rest is drawn to scale", () => {
    const steps = waited();
    const folded = fold(steps);
    assert.deepEqual(folded.gaps, [{ from: 10_000, to: 250_000 }]);
    const scale = scaleOf(steps, folded, "time", 208);
    assert.equal(xOfIndex(scale, 0), 0);
    assert.equal(xOfIndex(scale, 2), 100);
    assert.equal(xOfIndex(scale, 3), 108);
    assert.equal(xOfIndex(scale, 5), 208);
});

test("a wait of thirty seconds is not folded, and a sub-agent's work is no wait", () => {
    assert.equal(fold(plain([{ ts: 0 }, { ts: 30_000 }])).gaps.length, 0);
    const lanes = [{ index: 1, session: "c", title: "c", spawn_seq: 1, return_seq: 3, spans: [[0, 90_000, "model"]] as [number, number, string][] }];
    assert.equal(fold(plain([{ ts: 0 }, { ts: 100_000 }], { lanes })).gaps.length, 0);
});

test("a pixel and its moment are each other's inverse, at any zoom", () => {
    const steps = waited();
    const fitted = scaleOf(steps, fold(steps), "time", 300);
    for (const scale of [fitted, zoomed(fitted, 3, 200), panned(zoomed(fitted, 4, 10), 77)])
        for (const ms of [0, 4000, 10_000, 100_000, 250_000, 257_000, 260_000])
            assert.ok(Math.abs(msAt(scale, xOfTime(scale, ms)) - ms) < 1e-3, String(ms));
});

test("in step mode every step has the same width", () => {
    const steps = waited();
    const scale = scaleOf(steps, fold(steps), "step", 600);
    assert.deepEqual([0, 1, 5].map((i) => xOfIndex(scale, i)), [100, 200, 600]);
});

test("switching the mode keeps the step in place on screen", () => {
    const steps = plain(Array.from({ length: 50 }, (_, i) => ({ ts: i * i * 10 })));
    const scale = zoomed(scaleOf(steps, fold(steps), "time", 500), 4, 250);
    const i = nearest(scale, 250);
    const other = switched(scale, "step", i);
    assert.ok(Math.abs(xOfIndex(other, i) - xOfIndex(scale, i)) < 1e-6);
});

test("zooming keeps what lies under the pointer, and never leaves the tape", () => {
    const steps = waited();
    const scale = scaleOf(steps, fold(steps), "step", 600);
    const near = zoomed(scale, 2, 150);
    assert.ok(Math.abs(xOfIndex(near, 0) - (100 * 2 - near.offset)) < 1e-9);
    assert.equal(near.offset, 150);
    assert.equal(zoomed(near, 0.001, 0).zoom, 1);
    assert.equal(panned(near, 1e9).offset, 600);
    assert.equal(revealed(panned(near, -1e9), 5).offset, 600);
});

test("the nearest step of the lane under the pointer is found, of steps at one moment the last", () => {
    const steps = plain([{ ts: 0, act: 1 }, { ts: 1000, act: 3, effect: 1 }, { ts: 1000 }, { ts: 3000, act: 3, effect: 3 }]);
    const scale = scaleOf(steps, fold(steps), "time", 300);
    assert.equal(nearest(scale, 110), 2);
    assert.equal(nearest(scale, 110, onLane(steps, "tools")), 1);
    assert.equal(nearest(scale, 290, onLane(steps, "main")), 2);
    assert.equal(nearest(scale, -50), 0);
    assert.equal(nearest(scale, 290, onLane(steps, "marks")), 3);
});

test("a pixel that holds an error shows the error, and the largest context", () => {
    const rows = Array.from({ length: 4000 }, (_, i) => ({ ts: i * 10, act: 3, effect: 1, ok: i === 2001 ? 2 : 1, context: i === 1999 ? 9e5 : i }));
    const steps = plain(rows);
    const scale = scaleOf(steps, fold(steps), "step", 400);
    assert.ok(isDense(scale));
    const buckets = bucketed(scale);
    assert.deepEqual([...buckets.failed.keys()].filter((x) => buckets.failed[x]), [200]);
    assert.equal(Math.max(...buckets.context), 9e5);
    assert.equal(isDense(zoomed(scale, 20, 200)), false);
});

test("of the effects in one pixel the weightiest is shown", () => {
    const steps = plain(Array.from({ length: 100 }, (_, i) => ({ ts: i, act: 3, effect: i === 50 ? 2 : 1 })));
    const buckets = bucketed(scaleOf(steps, fold(steps), "step", 10));
    assert.deepEqual([...buckets.effect], [1, 1, 1, 1, 1, 2, 1, 1, 1, 1]);
});

test("ticks are round moments, never inside a wait, and the wait is named by its length", () => {
    const steps = waited();
    const ticks = ticksOf(scaleOf(steps, fold(steps), "time", 800));
    assert.deepEqual(ticks.filter((tick) => tick.isWait).map((tick) => tick.label), ["// 4 m"]);
    assert.equal(ticks[0]?.label, "0:00");
    assert.ok(ticks.some((tick) => tick.label === "4:14"));
    assert.ok(!ticks.some((tick) => tick.label === "1:00"));
    assert.deepEqual([0, 65_000, 3_725_000, 90_000_000].map((ms) => clock(ms)), ["0:00", "1:05", "1:02:05", "1 d 1:00"]);
});

test("playing takes recorded time by speed and three tenths of a second for a wait", () => {
    const steps = waited();
    const folded = fold(steps);
    assert.equal(pauseAfter(steps, folded, 0, 1), 5000);
    assert.equal(pauseAfter(steps, folded, 0, 20), 250);
    assert.equal(pauseAfter(steps, folded, 2, 1), 300 + 40);
    assert.equal(pauseAfter(steps, folded, 5, 1), Infinity);
    const played = advance(steps, folded, { i: 0, spare: 0, speed: 4 }, 3000);
    assert.deepEqual([played.i, played.isAtEnd], [3, false]);
    assert.equal(advance(steps, folded, { i: 0, spare: 0, speed: 20 }, 1e6).isAtEnd, true);
    const stopped = advance(steps, folded, { i: 0, spare: 0, speed: 20 }, 1e6, (i) => i === 2);
    assert.deepEqual([stopped.i, stopped.isStopped], [2, true]);
    assert.deepEqual([faster(1, 1), faster(20, 1), faster(0.5, -1)], [4, 20, 0.5]);
});

test("keys find turns, loops, marks", () => {
    const group = Int32Array.from([1, 1, 2, 2, 2, 3]);
    assert.deepEqual([byGroup(group, 0, 1), byGroup(group, 3, 1), byGroup(group, 5, 1)], [2, 5, 5]);
    assert.deepEqual([byGroup(group, 4, -1), byGroup(group, 2, -1), byGroup(group, 0, -1)], [2, 0, 0]);
    const marks = [1, 4].map((i) => ({ i, seq: i, kind: "error" as const, text: "" }));
    assert.deepEqual([byMark(marks, "error", 0, 1), byMark(marks, "error", 4, 1), byMark(marks, "error", 4, -1)], [1, 4, 1]);
    assert.equal(seek(6, 0, 1, (i) => i === 9), 0);
});

test("more than five sub-agents fold into one line that opens", () => {
    const lanes = Array.from({ length: 7 }, (_, k) => ({ index: k + 1, session: "", title: `a${k}`, spawn: 0, back: 0, start: new Float64Array(), end: new Float64Array(), what: new Uint8Array() }));
    const folded = bandsOf({ lanes, isZoomed: false, isNarrow: false, isUnfolded: false });
    assert.equal(folded.filter((band) => band.id === "child").length, 4);
    assert.equal(folded.find((band) => band.id === "more")?.label, "+3");
    const unfolded = bandsOf({ lanes, isZoomed: true, isNarrow: false, isUnfolded: true });
    assert.equal(unfolded.filter((band) => band.id === "child").length, 7);
    const tools = folded.find((band) => band.id === "tools");
    assert.equal(bandAt(folded, (tools?.y ?? 0) + 3)?.id, "tools");
    assert.equal(bandAt(folded, 1e4)?.id, "marks");
    assert.ok(heightOf(bandsOf({ lanes: lanes.slice(0, 2), isZoomed: false, isNarrow: true, isUnfolded: false })) <= 100);
});

test("the tape draws a bounded number of strokes, however many steps there are", () => {
    const calls: string[] = [];
    const pen = new Proxy({} as Record<string, unknown>, {
        get: (_, name) => (...given: unknown[]) => {
            calls.push(String(name));
            assert.ok(given.every((value) => typeof value !== "number" || Number.isFinite(value)), `${String(name)} ${given.join()}`);
            return name === "measureText" ? { width: 20 } : name === "createLinearGradient" ? { addColorStop: () => undefined } : undefined;
        },
        set: () => true,
    }) as unknown as Pen;
    const ink = "#000000";
    const inks = { effects: Array(7).fill(ink), lane: () => ink, font: "x" } as unknown as Palette;
    const rows = Array.from({ length: 100_000 }, (_, i) => ({ ts: i * 100, act: i % 2 ? 3 : 2, effect: i % 2, cost: i, context: i }));
    const marks = rows.filter((_, i) => i % 7 === 0).map((_, k) => ({ seq: 1 + 14 * k, ts: null, kind: "error" as const, text: "" }));
    const steps = stepsOf(columnsOf(rows, { marks }), true);
    const bands = bandsOf({ lanes: [], isZoomed: false, isNarrow: false, isUnfolded: false });
    for (const mode of ["time", "step"] as const) {
        calls.length = 0;
        paintTape(pen, { scale: scaleOf(steps, fold(steps), mode, 1300), bands, height: heightOf(bands), margin: 14, solo: null }, inks);
        assert.ok(calls.length > 100 && calls.length < 40_000, String(calls.length));
    }
});

test("a session without a single time or step is drawn and played without harm", () => {
    const empty = plain([]);
    const scale = scaleOf(empty, fold(empty), "time", 100);
    assert.equal(nearest(scale, 50), 0);
    assert.deepEqual(ticksOf(scale).map((tick) => tick.label), ["0:00"]);
    const timeless = plain([{ ts: null }, { ts: null }]);
    assert.equal(xOfIndex(scaleOf(timeless, fold(timeless), "time", 100), 1), 0);
});
