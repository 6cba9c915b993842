/**
 * The engine QuickJS (`engines/quickjs`), which has promises, timers and the other globals itself, runs handlers without
 * JavaScript of this package, and answers calls that wait. Import this module first, as the `spikard-wasm-js` command does.
 */
import { call, hold, release, serve, start, stop } from "spikard:engine";
import { fetch, type ResponseBody } from "../fetch.js";
import { engine } from "./engine.js";

engine.int64 = (integer) => integer;
engine.serve = serve;
engine.settings = new Map();
engine.io = { start, stop, call, hold, release };
// The engine ends the call when its promise has settled.
engine.settle = (value, succeed, fail) => Promise.resolve(value).then(succeed, fail);
// `Response` of the engine takes such a body; see `engines/quickjs/prelude/body.ts`.
const incoming = Symbol.for("spikard.incoming");
engine.incoming = (body) => ({ [incoming]: body }) as unknown as ResponseBody;

Object.defineProperty(globalThis, "fetch", { value: fetch, writable: true, configurable: true });
