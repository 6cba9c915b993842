/** Builds the app, serves it, and sends requests. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const HOST = process.env.SPIKARD_WASM_BIN ?? path("../../../target/release/spikard-wasm");
const ENGINES = (process.env.ENGINES ?? "quickjs").split(",");
/** How long the host may take to compile a component, in milliseconds. */
const START = 300_000;

/** Serves a component, and returns its origin. */
function serve(component) {
  const child = spawn(HOST, ["serve", component, "--port", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  const origin = new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk) => {
      output += chunk;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the host ended with ${code}: ${output}`)));
    setTimeout(() => reject(new Error(`the host did not start: ${output}`)), START).unref();
  });
  return { child, origin };
}

for (const engine of ENGINES) {
  test(`the app on ${engine}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "hono-"));
    const component = join(folder, "app.wasm");
    execFileSync(HOST, ["build", path(".."), "--engine", engine, "-o", component], { stdio: "pipe" });
    const { child, origin } = serve(component);
    try {
      const send = async (path, init) => fetch(`${await origin}${path}`, init);
      assert.equal(await (await send("/")).text(), "Hello from Hono!");

      const hello = await send("/api/hello/%C3%84nn?x=1", { headers: { origin: "https://a.example" } });
      assert.deepEqual(await hello.json(), { message: "Hello, Änn!" });
      assert.equal(hello.headers.get("access-control-allow-origin"), "*");

      const preflight = await send("/api/echo", {
        method: "OPTIONS",
        headers: { origin: "https://a.example", "access-control-request-method": "POST" },
      });
      assert.equal(preflight.status, 204);

      const json = { list: [1, "ü"] };
      const echo = await send("/api/echo", { method: "POST", body: JSON.stringify(json) });
      assert.deepEqual([echo.status, await echo.json()], [201, json]);

      const bytes = Uint8Array.of(0, 255, 128, 10);
      const sent = await send("/api/bytes", { method: "PUT", body: bytes });
      assert.deepEqual(new Uint8Array(await sent.arrayBuffer()), bytes);

      assert.equal(await (await send("/count")).text(), "1\n2\n3\n");
      assert.equal((await send("/", { method: "HEAD" })).status, 200);
      const teapot = await send("/teapot");
      assert.deepEqual([teapot.status, await teapot.text()], [418, "tea"]);
      assert.deepEqual([(await send("/none")).status, (await send("/none", { method: "DELETE" })).status], [404, 404]);
    } finally {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
