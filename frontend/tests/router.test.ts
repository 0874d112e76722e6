import assert from "node:assert/strict";
import { test } from "node:test";
import { href, parse } from "../src/router";

test("an address of a step is read and written the same", () => {
    const route = parse("#/s/a%2Fb/at/38?tab=files");
    assert.equal(route.view, "session");
    assert.equal(route.id, "a/b");
    assert.equal(route.at, 38);
    assert.equal(route.params.get("tab"), "files");
    assert.equal(href({ view: "session", id: "a/b", at: 38, params: { tab: "files" } }), "#/s/a%2Fb/at/38?tab=files");
});

test("a query survives its way through the address", () => {
    const q = 'agent:codex cost:>0.05 "magic & number"';
    assert.equal(parse(href({ view: "home", params: { q } })).params.get("q"), q);
});

test("what the address does not name is home, and a broken escape is no error", () => {
    assert.equal(parse("").view, "home");
    assert.equal(parse("#/nowhere").view, "home");
    assert.equal(parse("#/s/%E0%A4%A/at/x").at, null);
});
