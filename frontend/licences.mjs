// The licences of every library whose code is in the bundle, read from the packages themselves.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Text of licences.txt: one part for each package of which the bundle holds a file. */
export async function licences(root, inputs) {
    const names = new Set();
    for (const input of inputs) {
        const found = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
        if (found) names.add(found[1]);
    }
    const parts = [];
    for (const name of [...names].sort()) {
        const folder = join(root, "node_modules", name);
        const meta = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
        const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
        if (!files.length) throw new Error(`${name} is in the bundle and brings no licence text`);
        const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
        parts.push(`${name} ${meta.version} (${meta.license})\n\n${texts.map((text) => text.trim()).join("\n\n")}\n`);
    }
    const head = "This page is part of reenact (Apache-2.0) and holds code of the libraries below, under their own licences.\n";
    return [head, ...parts].join(`\n${"-".repeat(80)}\n\n`);
}
