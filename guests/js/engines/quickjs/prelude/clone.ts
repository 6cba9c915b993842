/** `structuredClone` (https://html.spec.whatwg.org/multipage/structured-data.html). */
import { kind } from "spikard:natives/values";
import { Blob, File } from "./blob.ts";
import { define, need } from "./define.ts";
import { inspect } from "./inspect.ts";
import { Kind } from "./kind.ts";

const ERRORS: Readonly<Record<string, new (message?: string) => Error>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

function fail(value: unknown): never {
  throw new DOMException(`${inspect(value, { depth: 0 })} could not be cloned`, "DataCloneError");
}

type Copies = Map<object, unknown>;

/** Maximum number of levels of nested objects. The stack has room for them. */
const DEEPEST = 1000;
let level = 0;

function clone(value: unknown, copies: Copies): unknown {
  if (level === DEEPEST) throw new RangeError(`the value has more than ${DEEPEST} levels of nested objects`);
  level++;
  try {
    return copyOf(value, copies);
  } finally {
    level--;
  }
}

function copyOf(value: unknown, copies: Copies): unknown {
  if (typeof value === "symbol") fail(value);
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  const keep = <T>(copy: T): T => {
    copies.set(value, copy);
    return copy;
  };
  switch (kind(value)) {
    case Kind.Array: {
      const array = keep([] as unknown[]);
      array.length = (value as unknown[]).length;
      return members(value, array, copies);
    }
    case Kind.Date:
      return keep(new Date(Date.prototype.getTime.call(value)));
    case Kind.RegExp:
      return keep(new RegExp((value as RegExp).source, (value as RegExp).flags));
    case Kind.Map: {
      const map = keep(new Map());
      for (const [key, item] of Array.from(value as Map<unknown, unknown>))
        map.set(clone(key, copies), clone(item, copies));
      return map;
    }
    case Kind.Set: {
      const set = keep(new Set());
      for (const item of Array.from(value as Set<unknown>)) set.add(clone(item, copies));
      return set;
    }
    case Kind.Error:
      return error(value as Error, keep, copies);
    case Kind.ArrayBuffer: {
      const buffer = value as ArrayBuffer;
      if (buffer.detached) fail(value);
      if (!buffer.resizable) return keep(buffer.slice(0));
      const copy = keep(new ArrayBuffer(buffer.byteLength, { maxByteLength: buffer.maxByteLength }));
      new Uint8Array(copy).set(new Uint8Array(buffer));
      return copy;
    }
    case Kind.TypedArray:
      return keep(
        view(
          value as Uint8Array,
          (value as unknown as Record<symbol, string>)[Symbol.toStringTag] as string,
          copies,
        ),
      );
    case Kind.Other:
      return other(value, keep, copies);
  }
  return fail(value);
}

function error(value: Error, keep: <T>(copy: T) => T, copies: Copies): Error {
  const type = ERRORS[String(value.name)] ?? Error;
  const message = Object.getOwnPropertyDescriptor(value, "message");
  const copy = keep(new type());
  const set = (name: string, data: unknown): void => {
    Object.defineProperty(copy, name, { value: data, writable: true, configurable: true });
  };
  if (message !== undefined && "value" in message) set("message", `${message.value}`);
  set("stack", String(value.stack ?? ""));
  if (Object.hasOwn(value, "cause")) set("cause", clone(value.cause, copies));
  return copy;
}

function view(value: Uint8Array, name: string, copies: Copies): unknown {
  const buffer = clone(value.buffer, copies);
  const type = (globalThis as unknown as Record<string, unknown>)[name] as typeof Uint8Array;
  const size = value.byteLength / (value.BYTES_PER_ELEMENT ?? 1);
  return new type(buffer as ArrayBuffer, value.byteOffset, size);
}

function other(value: object, keep: <T>(copy: T) => T, copies: Copies): unknown {
  if (ArrayBuffer.isView(value)) return keep(view(value as Uint8Array, "DataView", copies));
  if (value instanceof DOMException) return keep(new DOMException(value.message, value.name));
  if (value instanceof File) {
    const { name, type, lastModified } = value;
    return keep(new File([value], name, { type, lastModified }));
  }
  if (value instanceof Blob) return keep(value.slice(0, value.size, value.type));
  for (const type of [Boolean, Number, String, BigInt]) {
    try {
      return keep(Object((type.prototype.valueOf as () => unknown).call(value)) as object);
    } catch {
      // It is an object of another class.
    }
  }
  if (Object.prototype.toString.call(value) === "[object Symbol]") fail(value);
  return members(value, keep({}), copies);
}

/** Copies the own enumerable properties with strings as keys. */
function members(from: object, to: object, copies: Copies): object {
  for (const key of Object.keys(from)) {
    if (!Object.hasOwn(from, key)) continue;
    const value = clone((from as Record<string, unknown>)[key], copies);
    Object.defineProperty(to, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return to;
}

function structuredClone(value: unknown, options?: { transfer?: Iterable<ArrayBuffer> }): unknown {
  need(1, arguments.length, "structuredClone");
  const copies: Copies = new Map();
  const transfer = new Set(options?.transfer ?? []);
  for (const buffer of transfer) {
    if (kind(buffer) !== Kind.ArrayBuffer || buffer.detached) {
      throw new DOMException(
        "an item of `transfer` is not an ArrayBuffer that can be transferred",
        "DataCloneError",
      );
    }
  }
  // The buffers are moved at the end, so that an error leaves them as they are.
  const moved = Array.from(transfer, (buffer) => {
    const copy = buffer.slice(0);
    copies.set(buffer, copy);
    return buffer;
  });
  const copy = clone(value, copies);
  for (const buffer of moved) buffer.transfer(0);
  return copy;
}

Object.defineProperty(structuredClone, "length", { value: 1 });
define({ structuredClone });
