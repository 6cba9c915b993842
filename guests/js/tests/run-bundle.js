/**
 * Runs an app in a separate Node.js process, with a stand-in for the host that is as strict as the engines' bindings:
 * an argument of the wrong type or a malformed string ends the process. For StarlingMonkey it runs the bundle in
 * Node.js, which has the same globals; for QuickJS it runs the component.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundle } from "../dist/build/bundle.js";
import { componentize } from "../dist/build/componentize.js";

/** Replaces the host's modules, so that Node.js can load the bundle. */
const HOOKS = `
const texts = "const { text, optional, now } = globalThis.hostTypes;";
const modules = {
  "spikard:handler/request@0.1.0": texts + "export const method = () => 'GET', path = () => '/of/' + now(), query = () => 'of=' + now(), header = (name) => { text(name); return 'header of ' + now(); }, headers = () => [], cookie = (name) => { text(name); return null; }, cookies = () => [], peer = () => 'peer', id = () => 'id of ' + now(), rawBody = () => new Uint8Array(), file = (part) => { if (part >>> 0 !== part) process.exit(101); return new Uint8Array([1]); };",
  "spikard:handler/failure@0.1.0": texts + "export const report = (message, detail) => { globalThis.reported = text(message); text(detail); };",
  "spikard:handler/local-context@0.1.0": texts + "const values = new Map(); export const get = (key) => values.get(text(key) + now()) ?? null, set = (key, value) => { values.set(text(key) + now(), optional(value)); };",
  "spikard:handler/global-context@0.1.0": texts + "const values = new Map(); export const get = (key) => values.get(text(key)) ?? null, set = (key, value) => { values.set(text(key), optional(value)); }, swap = (key, was, is) => { text(key), optional(was), optional(is); return true; }, add = (key, delta) => (text(key), 1000 + Number(delta));",
  "spikard:handler/io@0.1.0": "export const { task, submit, call, abandon, reply, fail, select } = globalThis.hostTypes.io;",
  "spikard:handler/reply@0.1.0": "export const body = () => ({ tag: 'empty' });",
};
export async function resolve(name, context, next) {
  return name in modules ? { url: "data:text/javascript," + encodeURIComponent(modules[name]), shortCircuit: true } : next(name, context);
}
`;

/** Calls each route once, in order: its hooks, then its handler. */
const RUN = `
import { readFileSync, writeFileSync } from "node:fs";
import { register } from "node:module";
const [fakeHost, kinds, hooksUrl, bundleUrl, callsFile, repliesFile] = process.argv.slice(2);
const { FakeHost } = await import(fakeHost);
const { default: operations } = await import(kinds);
let route = 0;
const trap = (value) => { console.error("trap at", value); process.exit(101); };
const text = (value) => (typeof value === "string" && value.isWellFormed() ? value : trap(value));
const host = new FakeHost(operations, true);
globalThis.hostTypes = { text, optional: (value) => (value === undefined ? value : text(value)), now: () => route, io: host.io };
register(hooksUrl);
const { handler, definition, hooks, resumable } = await import(bundleUrl);
host.instance = resumable;
/** Begins a call, whose promise is one of \`false\` if the host gets the reply later. */
const begin = (run) => host.begin(() => {
  const value = run();
  if (typeof value?.then !== "function") return value && { status: value[0], headers: value[1], content: value[2] };
  const task = host.now;
  value.then((reply) => {
    if (reply !== false) host.answer(task, reply && { status: reply[0], headers: reply[1], content: reply[2] });
  });
  return { status: 0 };
}).reply;
const early = (reply) => (reply === undefined || reply.status === 0 ? undefined : reply);
const replies = [];
for (const { params, body } of JSON.parse(readFileSync(callsFile, "utf8")) ?? definition.describe().routes.map(() => ({}))) {
  globalThis.reported = undefined;
  const reply = early(await begin(() => hooks.preHandler(route, params ?? ""))) ?? await begin(() => handler.handle(route, params ?? "", body ?? { tag: "empty" }));
  const { status, headers, content, reported } = reply;
  text(headers);
  if (content.tag === "json" || content.tag === "text") text(content.val);
  else if (content.tag !== "empty" && !(content.val instanceof Uint8Array)) trap(content.val);
  const body_ = content.tag === "bytes" ? new TextDecoder().decode(content.val) : content.val;
  replies.push({ status, headers, body: body_, reported: globalThis.reported ?? reported });
  route += 1;
}
writeFileSync(repliesFile, JSON.stringify(replies));
process.exit();
`;

/** The same for a component on QuickJS. */
const RUN_QUICKJS = `
import { readFileSync, writeFileSync } from "node:fs";
const [fakeHost, kinds, quickjsHost, componentFile, callsFile, repliesFile] = process.argv.slice(2);
const { FakeHost } = await import(fakeHost);
const { default: operations } = await import(kinds);
const { Instance, moduleOf } = await import(quickjsHost);
let route = 0;
let reported;
const [local, global] = [new Map(), new Map()];
const host = new FakeHost(operations);
const instance = new Instance(moduleOf(readFileSync(componentFile)), {
  io: host.io,
  request: {
    method: () => "GET", path: () => "/of/" + route, query: () => "of=" + route, header: () => "header of " + route, headers: () => [],
    cookie: () => undefined, cookies: () => [], peer: () => "peer", id: () => "id of " + route, "raw-body": () => new Uint8Array(),
    file: () => new Uint8Array([1]),
  },
  failure: { report: (message) => { reported = message; } },
  "local-context": { get: (key) => local.get(key + route), set: (key, value) => { local.set(key + route, value); } },
  "global-context": {
    get: (key) => global.get(key), set: (key, value) => { global.set(key, value); }, swap: () => true, add: (_, delta) => 1000n + delta,
  },
  reply: { body: () => ({ tag: "empty" }) },
});
host.instance = instance;
const early = (reply) => (reply === undefined || reply.status === 0 ? undefined : reply);
const replies = [];
for (const { params, body } of JSON.parse(readFileSync(callsFile, "utf8")) ?? instance.describe().routes.map(() => ({}))) {
  reported = undefined;
  const reply = early(await host.begin(() => instance.preHandler(route, params)).reply) ?? await host.handle(route, params, body);
  const { status, headers, content } = reply;
  replies.push({ status, headers, body: content.tag === "bytes" ? new TextDecoder().decode(content.val) : content.val, reported: reported ?? reply.reported });
  route += 1;
}
writeFileSync(repliesFile, JSON.stringify(replies));
`;

/**
 * Bundles the module `app` for an engine and calls each of its routes once, in order. `calls` has the arguments of
 * each call: `{ params, body }`. `kinds` is a module whose default export has the operations of the host (`fake-host.js`).
 */
export async function runBundle(app, engine, calls = null, kinds = "export default {};") {
  // The folder is inside the package, so that the app can import the package by its name.
  const folder = mkdtempSync(fileURLToPath(new URL("tmp-", import.meta.url)));
  try {
    const file = (name, text) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const built = await bundle(file("app.js", app), engine);
    const kindsUrl = pathToFileURL(file("kinds.mjs", kinds)).href;
    const files = [file("calls.json", JSON.stringify(calls)), file("replies.json", "[]")];
    const args =
      engine === "quickjs"
        ? [
            file("run.mjs", RUN_QUICKJS),
            new URL("fake-host.js", import.meta.url).href,
            kindsUrl,
            new URL("quickjs-host.js", import.meta.url).href,
            file("app.wasm", await componentize(built, engine)),
            ...files,
          ]
        : [
            file("run.mjs", RUN),
            new URL("fake-host.js", import.meta.url).href,
            kindsUrl,
            pathToFileURL(file("hooks.mjs", HOOKS)).href,
            pathToFileURL(file("bundle.mjs", built.code)).href,
            ...files,
          ];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`the bundle ended with ${status}: ${stderr}`);
    const replies = JSON.parse(readFileSync(join(folder, "replies.json"), "utf8"));
    return { output: stdout, errors: stderr, replies };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
