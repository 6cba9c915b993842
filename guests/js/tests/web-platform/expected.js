/**
 * The expected failures, in `expected.json`: cases by engine, suite and reason. `BLESS=1` rewrites the file: a new
 * failure gets its description as the reason, and the other reasons stay.
 */
import { readFileSync, writeFileSync } from "node:fs";

const FILE = new URL("expected.json", import.meta.url);
const BATCH = 500;

/** Runs suites with `send`, which passes a batch to the app and returns its reply. Returns the failures by suite. */
export async function results(suites, send) {
  const found = {};
  for (const { name, check, cases } of suites) {
    found[name] = {};
    for (let start = 0; start < cases.length; start += BATCH) {
      const batch = cases.slice(start, start + BATCH);
      for (const [at, wrong] of await send({ check, cases: batch })) found[name][batch[at].name] = wrong;
    }
  }
  return found;
}

/** Returns the reason of each case. */
function reasonsOf(suite = {}) {
  return Object.fromEntries(
    Object.entries(suite).flatMap(([why, cases]) => cases.map((name) => [name, why])),
  );
}

function bless(all, engine, found) {
  const blessed = {};
  for (const [suite, failures] of Object.entries(found)) {
    const reasons = reasonsOf(all[engine]?.[suite]);
    const byReason = {};
    for (const [name, wrong] of Object.entries(failures)) {
      const why = reasons[name] ?? wrong.replaceAll(`\`${name}\``, "it");
      byReason[why] ??= [];
      byReason[why].push(name);
    }
    if (Object.keys(byReason).length > 0) blessed[suite] = byReason;
  }
  writeFileSync(FILE, `${JSON.stringify({ ...all, [engine]: blessed }, null, 2)}\n`);
}

/** Compares failures with the expected ones, and returns a line for each difference. */
export function differences(engine, found) {
  const all = JSON.parse(readFileSync(FILE, "utf8"));
  if (process.env.BLESS === "1") {
    bless(all, engine, found);
    return [];
  }
  const lines = [];
  const expected = all[engine] ?? {};
  for (const suite of new Set([...Object.keys(found), ...Object.keys(expected)])) {
    const [failures, reasons] = [found[suite] ?? {}, reasonsOf(expected[suite])];
    for (const [name, wrong] of Object.entries(failures)) {
      if (!Object.hasOwn(reasons, name))
        lines.push(`${suite}: \`${name}\` failed, and was expected to pass: ${wrong}`);
    }
    for (const name of Object.keys(reasons)) {
      if (!Object.hasOwn(failures, name))
        lines.push(`${suite}: \`${name}\` passed, and was expected to fail`);
    }
  }
  return lines;
}

/** The remedy for differences. */
export const REMEDY =
  "fix the engine, or check each difference and run the command again with `BLESS=1` to accept it";
