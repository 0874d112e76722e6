// Runs the page's own tests with Node's runner: each tests/*.test.ts is bundled, then `node --test` reads the bundles.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const tests = (await readdir(join(here, "tests"))).filter((name) => name.endsWith(".test.ts") || name.endsWith(".test.tsx"));
const out = await mkdtemp(join(here, "node_modules", ".tests-"));
try {
    await build({
        absWorkingDir: here,
        entryPoints: tests.map((name) => join("tests", name)),
        outdir: out,
        outExtension: { ".js": ".mjs" },
        bundle: true,
        platform: "node",
        format: "esm",
        target: "node20",
        jsx: "automatic",
        jsxImportSource: "preact",
        sourcemap: "inline",
        logLevel: "warning",
    });
    const files = (await readdir(out)).map((name) => join(out, name));
    const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=dot", ...files], {
        stdio: "inherit",
        env: { ...process.env, TZ: "UTC", REENACT_DATA: join(here, "..", "tests", "data") },
    });
    process.exitCode = run.status ?? 1;
} finally {
    await rm(out, { recursive: true, force: true });
}
