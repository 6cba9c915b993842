/**
 * Fuzzes the QuickJS engine: makes random apps from parts of JavaScript, loads each into the engine and calls it.
 *
 *   node quickjs.js [SECONDS] [SEED]
 *
 * A finding is a trap of the engine, or a reply that the host would refuse; the script prints the app and exits with 1.
 * An app that does not end within two seconds is skipped.
 */
import { readFileSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { brotliDecompressSync } from "node:zlib";
import { Instance, moduleOf } from "../quickjs-host.js";

const ENGINE = new URL("../../engines/quickjs/engine.wasm.br", import.meta.url);
const PATIENCE = 2000;

/** A generator of random numbers (mulberry32), so that a seed repeats a run. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const VALUES =
  `undefined;null;0;-0;NaN;1e21;2**31;-1;9007199254740993n;"";"a";"\\ud800";"\\ufeffü";"x".repeat(300);true;Symbol.iterator;
[];[1,,3];{};{a:1};{__proto__:null};{then:1};{toJSON(){return this}};new Map([[1,2]]);new Set("ab");new Date(NaN);/a(?<n>b)?/gu;
new Error("e",{cause:1});new Uint8Array(8);new DataView(new ArrayBuffer(3));new Proxy({},{});function(){};()=>{};async()=>1;
function*(){yield 1};class{static #p=1};Promise.resolve(1);Promise.reject(2);new Promise(()=>{});new URL("http://a/b?c#d");
new URLSearchParams("a=1&b");new Headers({a:"b"});new Request("http://a/",{method:"POST",body:"x"});new Response("y");new Blob(["z"]);
new File(["q"],"n");new FormData();new AbortController();new Event("e");new EventTarget();new TextEncoder();new TextDecoder("utf-16le");
new ReadableStream({start(c){c.enqueue("a");c.close()}});crypto;crypto.subtle;console;performance;globalThis;Math;JSON;Reflect;Intl;v;w;
params;body;new ArrayBuffer(8,{maxByteLength:16});new WeakRef({});new FinalizationRegistry(()=>{});structuredClone({a:new Map()})`
    .split(/;\s*/)
    .map((value) => `(${value})`);

const MEMBERS =
  `length;name;constructor;prototype;then;toString;valueOf;toJSON;message;stack;buffer;byteLength;size;searchParams;href;
headers;body;signal;subtle;x;0;-1`.split(/;\s*/);

const CALLS =
  `toString();valueOf();slice(1);map(f);at(-1);concat(w);sort(f);flat(9);fill(w);splice(0,1);push(w);join(w);
replace(/./g,f);replaceAll("a",f);split("");normalize("NFKD");padStart(40,w);match(/(.)\\1*/);toWellFormed();
get(w);set(w,v);has(w);delete(w);append("k",w);forEach(f);entries();keys();next();return(w);throw(w);
then(f,f);catch(f);finally(f);text();json();arrayBuffer();bytes();blob();formData();clone();stream();getReader();
tee();pipeThrough(new TextDecoderStream());abort(w);dispatchEvent(new Event("e"));addEventListener("e",f);encode(w);decode(w,{stream:true});
digest("SHA-256",new Uint8Array(3));importKey("raw",new Uint8Array(8),{name:"HMAC",hash:"SHA-256"},true,["sign"]);
getRandomValues(w);randomUUID();log(w);table(w);dir(w);group(w);time(w);timeEnd(w);now();resize(4);transfer();setUint8(0,w);
call(v,w);apply(v,[w]);bind(v,w);exec(w);test(w);toFixed(3);toString(36);getTime();toISOString();sort()`
    .split(/;\s*/)
    .filter((call) => call !== "");

const STATEMENTS = [
  (e) => `v = ${e()};`,
  (e) => `w = ${e()};`,
  (e) => `await ${e()};`,
  (e) => `throw ${e()};`,
  (e) => `return ${e()};`,
  (e) => `setTimeout(f, ${e()}, w);`,
  (e) => `queueMicrotask(() => { ${e()}; });`,
  (e) => `for (const a of ${e()}) { w = a; if (n++ > 20) break; }`,
  (e) => `for await (const a of ${e()}) { w = a; if (n++ > 20) break; }`,
  (e) => `for (const a in ${e()}) { v[a] = w; if (n++ > 20) break; }`,
  (e) => `try { ${e()}; } catch (error) { w = error; } finally { v = w; }`,
  (e) => `if (${e()}) { v = ${e()}; } else { w = ${e()}; }`,
  (e) => `({ x: v, ...w } = ${e()});`,
  (e) => `[v, ...w] = ${e()};`,
  (e) =>
    `class A extends ${e()} { #x = ${e()}; static { v = this; } get y() { return this.#x; } } w = new A();`,
  (e) => `v = function* () { const r = yield ${e()}; yield* ${e()}; return r; }(); w = [...v];`,
  () => `Object.defineProperty(v, "x", { get: f, set: f, configurable: true });`,
  (e) => `v = \`\${${e()}}-\${w}\`;`,
  (e) => `w = JSON.parse(JSON.stringify(${e()}), f);`,
  (e) => `w = new Function("a", "return a")(${e()});`,
  (e) => `w = new RegExp(${e()}, "gv");`,
  () => `v = () => v(); try { v(); } catch (error) { w = error; }`,
  () => `v = { toString() { return \`\${this}\`; } }; try { w = \`\${v}\`; } catch (error) { w = error; }`,
];

/** Returns the source of a random app. */
export function app(random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const expression = (depth = 3) => {
    if (depth === 0 || random() < 0.3) return pick(VALUES);
    const inner = () => expression(depth - 1);
    switch (Math.floor(random() * 6)) {
      case 0:
        return `${inner()}?.[${JSON.stringify(pick(MEMBERS))}]`;
      case 1:
      case 2:
        return `${inner()}.${pick(CALLS)}`;
      case 3:
        return `(${inner()} ${pick(["+", "-", "*", "**", "==", "<", "in", "instanceof", "??", "&&", ",", ">>>", "%"])} ${inner()})`;
      case 4:
        return `[${inner()}, ...[${inner()}]]`;
      default:
        return `f(${inner()}, ${inner()})`;
    }
  };
  const statements = Array.from({ length: 1 + Math.floor(random() * 8) }, () => pick(STATEMENTS)(expression));
  // An error of one statement does not stop the next.
  const lines = statements.map((line) =>
    random() < 0.6 && !/^(return|throw)/.test(line) ? `try { ${line} } catch {}` : line,
  );
  const async_ = random() < 0.7 ? "async " : "";
  const code =
    async_ === "" ? lines.map((line) => line.replace(/for await/g, "for").replace(/\bawait /g, "")) : lines;
  return `import * as requests from "spikard:handler/request@0.1.0";
let v = {}, w = [], n = 0;
const f = (a, b) => { if (n++ < 50) { v = a; return b ?? a; } };
const lower = (value) => {
  switch (typeof value) {
    case "string": return [200, "", { tag: "text", val: value }];
    case "undefined": return [204, "", { tag: "empty" }];
    default: return value instanceof Uint8Array ? [200, "", { tag: "bytes", val: value }] : [200, "", { tag: "json", val: JSON.stringify(value) }];
  }
};
${async_}function run(params, body) { ${code.join("\n  ")} }
export const definition = { describe: () => ({ name: "f", version: "", settings: "", routes: [] }) };
export const handler = { handle(route, params, body) {
  const value = run(params, body);
  return typeof value?.then === "function" && ${random() < 0.5} ? Promise.resolve(value).then(lower) : ${random() < 0.3 ? "value" : "lower(value)"};
} };
`;
}

const FAILED = [1, '{"code":"invalid","message":"not in this host"}', { tag: "empty" }];

/** A host whose lines of the log and timers end at once, and whose other operations fail. */
const HOST = {
  failure: { report() {} },
  io: {
    task: () => 1,
    submit: (_task, _op, kind) => (kind === "log" || kind === "sleep" ? [200, "", { tag: "empty" }] : FAILED),
    call: () => FAILED,
    abandon() {},
    reply() {},
    fail() {},
    select: () => true,
  },
  request: { method: () => "GET" },
};

function load(module, source) {
  const instance = new Instance(module, HOST, false);
  const text = new TextEncoder().encode(source);
  const start = instance.exports.engine_allocate(text.length);
  new Uint8Array(instance.exports.memory.buffer, start, text.length).set(text);
  return { instance, loaded: instance.exports.engine_load(start, text.length) === 0 };
}

/** The thread that runs apps: posts each app before it runs it. */
function work({ seed }) {
  const module = moduleOf(brotliDecompressSync(readFileSync(ENGINE)));
  const random = generator(seed);
  for (;;) {
    const source = app(random);
    parentPort.postMessage({ source });
    try {
      const { instance, loaded } = load(module, source);
      if (loaded) parentPort.postMessage({ loaded });
      for (const body of [
        { tag: "empty" },
        { tag: "json", val: '{"a":[1,2]}' },
        { tag: "bytes", val: new Uint8Array(5) },
      ]) {
        instance.handle(0, '{"id":1}', body);
      }
    } catch (error) {
      parentPort.postMessage({ source, finding: error.stack });
      return;
    }
  }
}

async function main(seconds, first) {
  const end = Date.now() + seconds * 1000;
  let [count, loaded, skipped, seed] = [0, 0, 0, first];
  while (Date.now() < end) {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { seed: seed++ },
      resourceLimits: { stackSizeMb: 16 },
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    let last = Date.now();
    const finding = await new Promise((resolve) => {
      const timer = setInterval(() => {
        if (Date.now() < end && Date.now() - last < PATIENCE) return;
        if (Date.now() < end) skipped++;
        clearInterval(timer);
        resolve(undefined);
      }, 100);
      const stop = (value) => {
        clearInterval(timer);
        resolve(value);
      };
      worker.on("message", (message) => {
        last = Date.now();
        if (message.finding !== undefined) stop(message);
        else if (message.loaded) loaded++;
        else count++;
      });
      worker.on("error", (error) => stop({ source: "(the last app)", finding: error.stack }));
    });
    await worker.terminate();
    if (finding !== undefined) {
      console.error(
        `error: the engine failed on an app (seed ${seed - 1}):\n${finding.finding}\n\n${finding.source}`,
      );
      return 1;
    }
  }
  console.log(
    `${count} apps in ${seconds} s, ${loaded} loaded, ${skipped} did not end within ${PATIENCE / 1000} s; no finding`,
  );
  return 0;
}

if (isMainThread) {
  const [seconds = "60", seed = String(Date.now())] = process.argv.slice(2);
  process.exitCode = await main(Number(seconds), Number(seed));
} else {
  work(workerData);
}
