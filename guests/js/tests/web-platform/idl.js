/** The members of Web APIs as their IDL declares them, from the package `@webref/idl`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "webidl2";

/** The interfaces that a server can use, by specification. */
const INTERFACES = {
  FileAPI: "Blob File",
  compression: "CompressionStream DecompressionStream",
  console: "console",
  dom: "AbortController AbortSignal CustomEvent Event EventTarget",
  encoding: "TextDecoder TextDecoderStream TextEncoder TextEncoderStream",
  fetch: "Headers Request Response",
  "hr-time": "Performance",
  html: "ErrorEvent MessageChannel MessageEvent MessagePort PromiseRejectionEvent",
  streams:
    "ByteLengthQueuingStrategy CountQueuingStrategy ReadableByteStreamController ReadableStream ReadableStreamBYOBReader " +
    "ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader TransformStream " +
    "TransformStreamDefaultController WritableStream WritableStreamDefaultController WritableStreamDefaultWriter",
  url: "URL URLSearchParams",
  urlpattern: "URLPattern",
  webcrypto: "Crypto CryptoKey SubtleCrypto",
  webidl: "DOMException",
  xhr: "FormData",
};
const GLOBALS = "WindowOrWorkerGlobalScope";
/** Members of browsers: URLs of blobs, images, databases, and others. */
const BROWSER =
  /^(createObjectURL|revokeObjectURL|createImageBitmap|origin|isSecureContext|crossOriginIsolated|indexedDB|caches|trustedTypes|scheduler|reportError|fetchLater|onmessageerror)$/;

const has = (item, name) => item.extAttrs.some((attribute) => attribute.name === name);
/** Whether something is only for documents. */
const isForWindow = (item) =>
  item.extAttrs.some(({ name, rhs }) => name === "Exposed" && rhs?.value === "Window");

const required = (args) => args.filter(({ optional, variadic }) => !optional && !variadic).length;

function* described(owner, item, inherited) {
  const onClass = (item.special === "static") !== (inherited === "namespace");
  const on = onClass || owner === "globalThis" ? "object" : "prototype";
  const at = owner === "globalThis" ? "" : on === "prototype" ? `${owner}.prototype.` : `${owner}.`;
  switch (item.type) {
    case "attribute":
      if (item.special === "stringifier") {
        yield { kind: "operation", member: "toString", owner, on, length: 0, at };
      }
      yield {
        kind: "attribute",
        member: item.name,
        owner,
        on,
        readonly: item.readonly && !has(item, "PutForwards"),
        at,
      };
      return;
    case "operation": {
      const member = item.name || (item.special === "stringifier" ? "toString" : "");
      if (member !== "") yield { kind: "operation", member, owner, on, length: required(item.arguments), at };
      return;
    }
    case "const":
      yield { kind: "constant", member: item.name, owner, on: "object", value: Number(item.value.value), at };
      return;
    case "iterable": {
      yield { kind: "iterable", member: item.async ? "asyncIterator" : "iterator", owner, at };
      if (item.async) {
        yield { kind: "operation", member: "values", owner, on, length: 0, at };
        return;
      }
      for (const [member, length] of Object.entries({ entries: 0, keys: 0, values: 0, forEach: 1 })) {
        yield { kind: "operation", member, owner, on, length, at };
      }
    }
  }
}

/** Returns the members of all interfaces as cases. */
export function members(folder) {
  const items = Object.keys(INTERFACES).flatMap((name) =>
    parse(readFileSync(join(folder, `${name}.idl`), "utf8")),
  );
  const mixins = new Map();
  for (const { type, target, includes } of items) {
    if (type === "includes") mixins.set(includes, [...(mixins.get(includes) ?? []), target]);
  }
  const wanted = new Set(Object.values(INTERFACES).flatMap((names) => names.split(" ")));
  const cases = new Map();
  const add = ({ at, ...item }) => {
    const { kind, member, owner } = item;
    const name = kind === "iterable" ? `${at}[Symbol.${member}]` : `${at}${member ?? owner}`;
    const known = cases.get(name);
    // Overloads: the shortest one counts.
    if (known?.kind === "operation") known.length = Math.min(known.length, item.length);
    else cases.set(name, { name, ...item });
  };
  for (const item of items) {
    const owners =
      item.type === "interface mixin"
        ? item.name === GLOBALS
          ? ["globalThis"]
          : (mixins.get(item.name) ?? [])
        : [item.name];
    for (const owner of owners) {
      if (owner !== "globalThis" && !wanted.has(owner)) continue;
      if (!["interface", "interface mixin", "namespace"].includes(item.type) || isForWindow(item)) continue;
      if (item.type === "namespace") add({ kind: "namespace", owner, at: "" });
      else if (item.type === "interface" && !item.partial) {
        const constructors = item.members.filter(({ type }) => type === "constructor");
        const length = Math.min(...constructors.map((made) => required(made.arguments)));
        add({
          kind: "interface",
          owner,
          length,
          parent: item.inheritance,
          abstract: constructors.length === 0,
          at: "",
        });
      }
      for (const member of item.members) {
        if (isForWindow(member) || has(member, "LegacyUnforgeable") || BROWSER.test(member.name)) continue;
        for (const found of described(owner, member, item.type)) add(found);
      }
    }
  }
  return [...cases.values()];
}
