/**
 * Runs the suites on both engines through the host, prints a table, and compares with the expected failures.
 * `scripts/web-platform` runs it.
 *
 *   node table.js HOST QUICKJS.wasm STARLINGMONKEY.wasm
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { suites } from "./data.js";
import { differences, REMEDY, results } from "./expected.js";

const [host, ...components] = process.argv.slice(2);
const ENGINES = ["QuickJS", "StarlingMonkey"];

/** Serves a component, and returns the failures of the suites. */
async function served(component, all) {
  const flags = ["serve", component, "--port", "0", "--log-level", "error"];
  const server = spawn(host, flags, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => server.on("close", resolve));
  try {
    let address;
    for await (const line of createInterface({ input: server.stdout })) {
      address = /http:\/\/[0-9.:]+/.exec(line)?.[0];
      if (address !== undefined) break;
    }
    if (address === undefined) throw new Error(`the host does not serve \`${component}\`: its log says why`);
    return await results(all, async (batch) => {
      const headers = { "content-type": "text/plain; charset=utf-8" };
      const reply = await fetch(`${address}/run`, { method: "POST", headers, body: JSON.stringify(batch) });
      if (reply.status !== 200) throw new Error(`the host answers ${reply.status}: ${await reply.text()}`);
      return reply.json();
    });
  } finally {
    server.kill();
    await ended;
  }
}

const all = suites();
const found = [];
for (const component of components) found.push(await served(component, all));

const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
row("suite", "cases", ...ENGINES);
row("---", "---:", ...ENGINES.map(() => "---:"));
for (const { name, cases } of all) {
  row(name, cases.length, ...found.map((failures) => cases.length - Object.keys(failures[name]).length));
}

const lines = ENGINES.flatMap((engine, at) =>
  differences(engine.toLowerCase(), found[at]).map((line) => `${engine}: ${line}`),
);
if (lines.length > 0) {
  console.error(`${lines.slice(0, 50).join("\n")}\nerror: ${lines.length} differences: ${REMEDY}`);
  process.exitCode = 1;
}
