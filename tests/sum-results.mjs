// Sums the .trx files of a folder into the closing line of a test run.
//
//   node tests/sum-results.mjs FOLDER [--passed N] [--failed N]
//
// --passed and --failed add the steps that are not test projects (the demo's check). Prints each failed and each skipped test with its
// reason, then "N passed, N failed, N skipped". Exit code: 0 when nothing failed and something passed, 1 otherwise.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { passed: { type: "string", default: "0" }, failed: { type: "string", default: "0" } },
});
const folder = positionals[0];
if (!folder) {
  console.error("usage: sum-results.mjs FOLDER [--passed N] [--failed N]");
  process.exit(2);
}

const unescape = (text) =>
  text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&#x([0-9A-F]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16))).replace(/&amp;/g, "&");
const oneLine = (text) => unescape(text ?? "").replace(/\s+/g, " ").trim().slice(0, 200);

let passed = Number(values.passed);
let failed = Number(values.failed);
let skipped = 0;
for (const name of readdirSync(folder).filter((file) => file.endsWith(".trx")).sort()) {
  const trx = readFileSync(join(folder, name), "utf8");
  // A result is written <UnitTestResult … /> when it has nothing to say, <UnitTestResult …>…</UnitTestResult> when it has.
  for (const [, attributes, body] of trx.matchAll(/<UnitTestResult\b([^>]*?)(?:\/>|>([\s\S]*?)<\/UnitTestResult>)/g)) {
    const test = unescape(/\btestName="([^"]*)"/.exec(attributes)?.[1] ?? "?");
    const outcome = /\boutcome="([^"]*)"/.exec(attributes)?.[1];
    const reason = oneLine(/<Message>([\s\S]*?)<\/Message>/.exec(body ?? "")?.[1] ?? /<StdOut>([\s\S]*?)<\/StdOut>/.exec(body ?? "")?.[1]);
    if (outcome === "Passed") {
      passed += 1;
    } else if (outcome === "NotExecuted") {
      skipped += 1;
      console.log(`skipped: ${test}: ${reason}`);
    } else {
      failed += 1;
      console.log(`FAILED:  ${test}: ${reason}`);
    }
  }
}

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
