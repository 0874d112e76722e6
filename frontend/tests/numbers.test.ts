import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, compact, grouped, money, percent, sumQuality } from "../src/parts/numbers";

test("tokens are written in little room without losing their order of magnitude", () => {
    const cases: [number, string][] = [
        [0, "0"], [950, "950"], [6100, "6.1k"], [143_000, "143.0k"], [999_949, "999.9k"],
        [999_950, "1.00M"], [3_920_000, "3.92M"], [1_240_000_000, "1.24B"],
    ];
    for (const [value, text] of cases) assert.equal(compact(value), text);
});

test("money under a cent keeps two digits that count and is never written as nothing", () => {
    const cases: [number, string][] = [[0, "$0.00"], [3.424, "$3.42"], [1204.5, "$1,204.50"], [0.0042, "$0.0042"], [0.00012, "$0.00012"], [0.000001, "$0.000001"]];
    for (const [value, text] of cases) assert.equal(money(value), text);
});

test("a sum with an unknown or partial part is a lower bound, else an estimate where a part is one", () => {
    assert.equal(sumQuality(["measured", "estimated", "unknown"]), "partial");
    assert.equal(sumQuality(["measured", "partial"]), "partial");
    assert.equal(sumQuality(["measured", "estimated"]), "estimated");
    assert.equal(sumQuality([]), "measured");
});

test("a share is never rounded into nothing or into all", () => {
    assert.equal(percent(1, 1000), "<1 %");
    assert.equal(percent(999, 1000), ">99 %");
    assert.equal(percent(0, 10), "0 %");
    assert.equal(percent(10, 10), "100 %");
    assert.equal(percent(1, 0), "—");
});

test("bytes and counts are grouped for reading", () => {
    assert.equal(bytes(812), "812 B");
    assert.equal(bytes(1_900_000_000), "1.9 GB");
    assert.equal(bytes(999_700), "1.0 MB");
    assert.equal(grouped(9605196), "9,605,196");
});
