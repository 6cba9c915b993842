/**
 * Web APIs and syntax of the QuickJS engine against published test data. `scripts/web-platform` does the same for both
 * engines in the host.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { bundle } from "../dist/build/bundle.js";
import { componentize } from "../dist/build/componentize.js";
import { Instance, moduleOf } from "./quickjs-host.js";
import { suites } from "./web-platform/data.js";
import { differences, REMEDY, results } from "./web-platform/expected.js";

test("exactly the expected cases of published test data fail on QuickJS", async () => {
  const app = fileURLToPath(new URL("web-platform/app.js", import.meta.url));
  const component = await componentize(await bundle(app, "quickjs"), "quickjs");
  const failures = [];
  const instance = new Instance(moduleOf(component), {
    failure: { report: (...text) => failures.push(text) },
  });
  const found = await results(suites(), (batch) => {
    const { status, content } = instance.handle(0, "", { tag: "text", val: JSON.stringify(batch) });
    assert.equal(status, 200, failures.join("\n"));
    return JSON.parse(content.val);
  });
  const lines = differences("quickjs", found);
  assert.equal(lines.length, 0, `${lines.slice(0, 50).join("\n")}\n${lines.length} differences: ${REMEDY}`);
});
