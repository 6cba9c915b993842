// The SDK that the host embeds is this package.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const path = (file) => fileURLToPath(new URL(file, import.meta.url));

test("the SDK in the host is the present one", () => {
  const folder = mkdtempSync(join(tmpdir(), "spikard-wasm-"));
  try {
    const output = join(folder, "sdk.js");
    execFileSync(process.execPath, [path("../scripts/sdk.mjs"), output]);
    assert.ok(
      readFileSync(output, "utf8") === readFileSync(path("../../../host/cli/assets/sdk.js"), "utf8"),
      "host/cli/assets/sdk.js is of another version of the SDK: run `node guests/js/scripts/sdk.mjs host/cli/assets/sdk.js` in the repository, and commit the file",
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
