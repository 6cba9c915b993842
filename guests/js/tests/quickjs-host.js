/**
 * A host for components on QuickJS in Node.js. It calls the exports and answers the imports in the canonical ABI
 * (https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md), and is as strict as the real
 * host: an invalid tag, address or text throws.
 */
import assert from "node:assert/strict";
import { imports as wasi } from "../dist/build/imports.js";
import { sections } from "../dist/build/wasm.js";

const CORE_MODULE = 1;
const CONTENT = ["empty", "json", "text", "bytes"];
const BODY = ["empty", "json", "text", "form", "bytes"];
const METHODS = ["get", "head", "post", "put", "patch", "delete", "options", "trace"];
const ROUTE_SIZE = 52;
const STREAMS = { "[resource-drop]output-stream": () => {} };

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The core module of a component. */
export function moduleOf(component) {
  return new WebAssembly.Module(sections(component).find(({ id }) => id === CORE_MODULE).content);
}

/**
 * An instance. `host` has the functions of the imports by interface: `{ request: { method: () => "GET" } }`. With false as
 * `prints`, the app's output is dropped; a function gets its text.
 */
export class Instance {
  constructor(module, host, prints = true) {
    const provided = wasi(() => this.exports);
    const dropped = {
      "[method]output-stream.blocking-write-and-flush": (_, start, size, result) => {
        if (prints) prints(strict.decode(this.bytes(start, size)));
        this.view.setUint8(result, 0);
      },
    };
    const functions = (name) => {
      const [, face] = /^spikard:handler\/([^@]*)@/.exec(name) ?? [];
      if (face === undefined)
        return prints === true || !/streams/.test(name) ? provided[name] : { ...STREAMS, ...dropped };
      return new Proxy({}, { get: (_, field) => this.lowered(face, field, host[face]?.[field]) });
    };
    const { exports } = new WebAssembly.Instance(
      module,
      new Proxy({}, { get: (_, name) => functions(name) }),
    );
    this.exports = exports;
  }

  get view() {
    return new DataView(this.exports.memory.buffer);
  }

  bytes(start, size) {
    assert.ok(start + size <= this.exports.memory.buffer.byteLength, "an address outside of the memory");
    return new Uint8Array(this.exports.memory.buffer, start, size).slice();
  }

  text(at) {
    return strict.decode(this.list(at));
  }

  list(at) {
    return this.bytes(this.view.getUint32(at, true), this.view.getUint32(at + 4, true));
  }

  /** Allocates memory in the instance, and returns its address and size. */
  put(value) {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    const start = this.exports.cabi_realloc(0, 0, 1, bytes.length);
    new Uint8Array(this.exports.memory.buffer, start, bytes.length).set(bytes);
    return [start, bytes.length];
  }

  write(at, value) {
    const [start, size] = this.put(value);
    this.view.setUint32(at, start, true);
    this.view.setUint32(at + 4, size, true);
  }

  optional(at, value) {
    this.view.setUint8(at, value === undefined || value === null ? 0 : 1);
    if (value !== undefined && value !== null) this.write(at + 4, value);
  }

  /** Reads an optional text in three arguments. */
  maybe(some, start, size) {
    assert.ok(some === 0 || some === 1);
    return some === 0 ? undefined : strict.decode(this.bytes(start, size));
  }

  /** Writes a `result`, whose error is a thrown string. `payload` is the address of the value and of the error. */
  result(at, payload, call, write = () => {}) {
    try {
      const value = call();
      this.view.setUint8(at, 0);
      write(value);
    } catch (message) {
      if (typeof message !== "string") throw message;
      this.view.setUint8(at, 1);
      this.write(payload, message);
    }
  }

  /** Wraps a function of the host. */
  lowered(face, field, call) {
    const text = (start, size) => strict.decode(this.bytes(start, size));
    switch (`${face}.${field}`) {
      case "request.method":
      case "request.path":
      case "request.query":
      case "request.peer":
      case "request.id":
      case "request.raw-body":
        return (result) => this.write(result, call());
      case "request.header":
      case "request.cookie":
      case "local-context.get":
      case "global-context.get":
        return (start, size, result) => this.optional(result, call(text(start, size)));
      case "request.headers":
      case "request.cookies":
        return (result) => {
          const pairs = call();
          const start = this.exports.cabi_realloc(0, 0, 4, 16 * pairs.length);
          pairs.forEach(([name, value], at) => {
            this.write(start + 16 * at, name);
            this.write(start + 16 * at + 8, value);
          });
          this.view.setUint32(result, start, true);
          this.view.setUint32(result + 4, pairs.length, true);
        };
      case "request.file":
        return (part, result) => this.optional(result, call(part >>> 0));
      case "failure.report":
        return (start, size, detail, detailSize) => call(text(start, size), text(detail, detailSize));
      case "local-context.set":
      case "global-context.set":
        return (start, size, some, value, valueSize, result) => {
          const key = text(start, size);
          this.result(result, result + 4, () => call(key, this.maybe(some, value, valueSize)));
        };
      case "global-context.swap":
        return (start, size, some, was, wasSize, some2, is, isSize, result) => {
          const key = text(start, size);
          const values = [this.maybe(some, was, wasSize), this.maybe(some2, is, isSize)];
          this.result(
            result,
            result + 4,
            () => call(key, ...values),
            (swapped) => this.view.setUint8(result + 4, Number(swapped)),
          );
        };
      case "global-context.add":
        return (start, size, delta, result) => {
          const key = text(start, size);
          this.result(
            result,
            result + 8,
            () => call(key, delta),
            (sum) => this.view.setBigInt64(result + 8, BigInt(sum), true),
          );
        };
      case "reply.body":
        return (result) => {
          const { tag, val } = call();
          this.view.setUint8(result, CONTENT.indexOf(tag));
          if (tag !== "empty") this.write(result + 4, val);
        };
      case "io.task":
        return () => call();
      case "io.submit":
        return (task, op, kind, kindSize, head, headSize, tag, body, bodySize, result) => {
          const content = this.argument(tag, body, bodySize);
          const [status, resultHead, resultBody] = call(
            task >>> 0,
            op >>> 0,
            text(kind, kindSize),
            text(head, headSize),
            content,
          );
          this.outcome(result, status, resultHead, resultBody);
        };
      case "io.call":
        return (kind, kindSize, head, headSize, tag, body, bodySize, result) => {
          const content = this.argument(tag, body, bodySize);
          this.outcome(result, ...call(text(kind, kindSize), text(head, headSize), content));
        };
      case "io.abandon":
        return (op) => call(op >>> 0);
      case "io.reply":
        return (task, status, headers, headersSize, some, tag, body, bodySize) => {
          assert.ok(some === 0 || some === 1);
          const content = some === 0 ? undefined : this.argument(tag, body, bodySize);
          call(task >>> 0, status, text(headers, headersSize), content);
        };
      case "io.fail":
        return (task, start, size, detail, detailSize) =>
          call(task >>> 0, text(start, size), text(detail, detailSize));
      case "io.select":
        return (task) => Number(call(task >>> 0));
      default:
        throw new Error(`the engine imports \`${face}.${field}\`, which this host does not have`);
    }
  }

  /** Reads content in three arguments. */
  argument(tag, start, size) {
    const name = CONTENT[tag];
    assert.ok(name !== undefined, "an unknown content");
    if (name === "empty") return { tag: name };
    const bytes = this.bytes(start, size);
    return { tag: name, val: name === "bytes" ? bytes : strict.decode(bytes) };
  }

  /** Writes the result of an operation. */
  outcome(at, status, head = "", body = { tag: "empty" }) {
    this.view.setUint16(at, status, true);
    this.write(at + 4, head);
    this.view.setUint8(at + 12, CONTENT.indexOf(body.tag));
    if (body.tag !== "empty") this.write(at + 16, body.val);
  }

  content(at) {
    const tag = CONTENT[this.view.getUint8(at)];
    assert.ok(tag !== undefined, "an unknown content");
    if (tag === "empty") return { tag };
    return { tag, val: tag === "bytes" ? this.list(at + 4) : this.text(at + 4) };
  }

  reply(at) {
    return {
      status: this.view.getUint16(at, true),
      headers: this.text(at + 4),
      content: this.content(at + 12),
    };
  }

  describe() {
    const at = this.exports["spikard:handler/definition@0.1.0#describe"]();
    if (this.view.getUint8(at) === 1) throw this.text(at + 4);
    const start = this.view.getUint32(at + 20, true);
    const routes = Array.from({ length: this.view.getUint32(at + 24, true) }, (_, index) => {
      const route = start + ROUTE_SIZE * index;
      const [path, name, parameters, body, replies, settings] = [4, 12, 20, 28, 36, 44].map((offset) =>
        this.text(route + offset),
      );
      return { method: METHODS[this.view.getUint8(route)], path, name, parameters, body, replies, settings };
    });
    return { name: this.text(at + 4), version: this.text(at + 12), routes, settings: this.text(at + 28) };
  }

  handle(route, params = "", body = { tag: "empty" }) {
    const tag = BODY.indexOf(body.tag);
    const [start, size] = this.put(params);
    const [bodyStart, bodySize] = tag === 0 ? [0, 0] : this.put(body.val);
    const handle = this.exports["spikard:handler/handler@0.1.0#handle"];
    return this.reply(handle(route, start, size, tag, bodyStart, bodySize));
  }

  /** Delivers the result of an operation. */
  resume(op, status, head = "", body = { tag: "empty" }) {
    const [start, size] = this.put(head);
    const [bodyStart, bodySize] = body.tag === "empty" ? [0, 0] : this.put(body.val);
    const tag = CONTENT.indexOf(body.tag);
    this.exports["spikard:handler/resumable@0.1.0#resume"](op, status, start, size, tag, bodyStart, bodySize);
  }

  cancel(task) {
    this.exports["spikard:handler/resumable@0.1.0#cancel"](task);
  }

  /** Runs the hook `pre-handler`, and returns its reply, or `undefined`. */
  preHandler(route, params = "") {
    const at = this.exports["spikard:handler/hooks@0.1.0#pre-handler"](route, ...this.put(params));
    return this.view.getUint8(at) === 0 ? undefined : this.reply(at + 4);
  }

  /** Runs the hook `on-response`, and returns the changed reply, or `undefined`. */
  onResponse(route, status, headers) {
    const hook = this.exports["spikard:handler/hooks@0.1.0#on-response"];
    const at = hook(route, status, ...this.put(headers));
    if (this.view.getUint8(at) === 0) return undefined;
    return {
      status: this.view.getUint16(at + 4, true),
      headers: this.text(at + 8),
      content: this.view.getUint8(at + 16) === 0 ? undefined : this.content(at + 20),
    };
  }
}
