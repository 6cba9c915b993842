/** Helpers to define globals and classes as Web IDL (https://webidl.spec.whatwg.org) does. */
import { kind } from "spikard:natives/values";
import { Kind } from "./kind.ts";

/** Any class, including one with a private constructor. */
// biome-ignore lint/complexity/noBannedTypes: classes have different constructors
type Class = Function & { readonly prototype: object };

/** Sets globals that are not enumerable. */
export function define(globals: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

/**
 * Makes the members of classes enumerable, gives the classes their tags, and sets them as globals. The `length` of a
 * function does not count optional parameters in Web IDL: `lengths` has those that differ, by class or member.
 */
export function expose(
  classes: Readonly<Record<string, Class>>,
  lengths: Readonly<Record<string, number>> = {},
): void {
  for (const [name, type] of Object.entries(classes)) {
    for (const target of [type, type.prototype]) {
      const hidden = target === type ? ["prototype", "name", "length"] : ["constructor"];
      for (const key of Object.getOwnPropertyNames(target)) {
        if (hidden.includes(key)) continue;
        const { value } = Object.getOwnPropertyDescriptor(target, key) as PropertyDescriptor;
        if (typeof value === "function" && Object.hasOwn(lengths, key)) {
          Object.defineProperty(value, "length", { value: lengths[key] });
        }
        Object.defineProperty(target, key, { enumerable: true });
      }
    }
    if (Object.hasOwn(lengths, name)) Object.defineProperty(type, "length", { value: lengths[name] });
    Object.defineProperty(type, "name", { value: name });
    Object.defineProperty(type.prototype, Symbol.toStringTag, { value: name, configurable: true });
  }
  define(classes);
}

/** Throws unless a function got enough arguments. */
export function need(count: number, got: number, name: string): void {
  if (got < count) {
    throw new TypeError(`\`${name}\` got ${got} arguments; give at least ${count}`);
  }
}

/** Converts to a string without lone surrogates, as the type `USVString` of Web IDL. */
export function usv(value: unknown): string {
  return `${value as string}`.toWellFormed();
}

/** A buffer or a view of one, as `BufferSource` of Web IDL. */
export type BufferSource = ArrayBuffer | ArrayBufferView;

export function isBufferSource(value: unknown): value is BufferSource {
  return ArrayBuffer.isView(value) || kind(value) === Kind.ArrayBuffer;
}

/** Returns the bytes of a buffer or a view, without a copy. */
export function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  }
  if (kind(value) === Kind.ArrayBuffer) return new Uint8Array(value as ArrayBuffer);
  throw new TypeError("the value has no bytes; give an ArrayBuffer, a typed array or a DataView");
}

/** Returns a new buffer with the bytes of an array. */
export function bufferOf(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  return buffer.slice(byteOffset, byteOffset + byteLength);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The method with which an object chooses how `console` shows it. Node.js has the same symbol. */
export const inspected: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;
