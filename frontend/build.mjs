// Bundles the page: `node build.mjs [OUT]` (usual place: src/reenact/web/static). Nothing here reaches the network.
import { build } from "esbuild";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { licences } from "./licences.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "src", "reenact", "web", "static");

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const result = await build({
    absWorkingDir: here,
    entryPoints: { main: "src/main.tsx", page: "src/page.css" },
    outdir: out,
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2022", "chrome123", "firefox120", "safari17.5"],
    // light-dark() needs browsers of 2024 and later; esbuild leaves it as it stands.
    minify: true,
    legalComments: "none", // every licence stands in licences.txt
    jsx: "automatic",
    jsxImportSource: "preact",
    chunkNames: "chunk-[hash]",
    metafile: true,
    logLevel: "warning",
});
// Runs before the first paint, so it is a classic script of its own.
await build({
    absWorkingDir: here,
    entryPoints: { early: "src/early.ts" },
    outdir: out,
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: true,
    logLevel: "warning",
});
await cp(join(here, "index.html"), join(out, "index.html"));
await cp(join(here, "mark.svg"), join(out, "mark.svg"));
await writeFile(join(out, "licences.txt"), await licences(here, Object.keys(result.metafile.inputs)));
const main = await readFile(join(out, "main.js"));
console.log(`page: ${relative(process.cwd(), out) || "."} (main.js ${Math.round(main.length / 1024)} KB)`);
