/**
 * Web APIs that the StarlingMonkey of componentize-js 0.23.0 does not have, or implements incorrectly.
 */
import { TextDecoderStream, TextEncoderStream } from "./text-streams.js";

/** Sets properties that are not enumerable, like those of built-in objects. */
function define(target: object, members: Readonly<Record<PropertyKey, unknown>>): void {
  for (const key of Reflect.ownKeys(members)) {
    const value = members[key as string];
    Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false });
  }
}

/** Same as `define`, but skips properties that the target already has. */
function add(target: object, members: Readonly<Record<PropertyKey, unknown>>): void {
  for (const key of Reflect.ownKeys(members))
    if (!(key in target)) define(target, { [key]: members[key as string] });
}

/** Adds `canParse`, and the tags by which libraries recognize the class of an object. */
export function addUrlsAndTags(): void {
  add(URL, {
    canParse(url: string, base?: string): boolean {
      try {
        new URL(url, base);
        return true;
      } catch {
        return false;
      }
    },
  });
  const classes = { AbortController, AbortSignal, EventTarget, FormData, Headers, URL, URLSearchParams };
  for (const [name, { prototype }] of Object.entries(classes))
    if (!Object.hasOwn(prototype, Symbol.toStringTag)) define(prototype, { [Symbol.toStringTag]: name });
}

/** Static members of `AbortSignal`: the engine's `any` loses the reason, and its `abort` requires an argument. */
export const abortMembers = {
  abort(reason?: unknown): AbortSignal {
    const controller = new AbortController();
    controller.abort(reason);
    return controller.signal;
  },
  any(signals: Iterable<AbortSignal>): AbortSignal {
    const list = Array.from(signals);
    for (const signal of list) {
      if (!(signal instanceof AbortSignal))
        throw new TypeError("an item is not an AbortSignal: give a list of them");
    }
    const controller = new AbortController();
    const follow = (signal: AbortSignal) => (): void => controller.abort(signal.reason);
    const aborted = list.find((signal) => signal.aborted);
    if (aborted !== undefined) follow(aborted)();
    else for (const signal of list) signal.addEventListener("abort", follow(signal), { once: true });
    return controller.signal;
  },
};

type Class = new (...args: unknown[]) => object;

/** `CustomEvent`: the engine's class requires the second argument, and a value for `detail`. */
export function withOptionalInit<C extends Class>(type: C): C {
  return new Proxy(type, {
    construct(target, args, newTarget) {
      const [name, init] = args as [unknown, { detail?: unknown } | undefined];
      const complete = args.length === 0 || init?.detail !== undefined;
      return Reflect.construct(target, complete ? args : [name, { ...init, detail: null }], newTarget);
    },
  });
}

/** A stream of any values. */
interface Stream {
  getReader(): {
    read(): Promise<{ done: boolean; value?: unknown }>;
    cancel(reason?: unknown): Promise<void>;
    releaseLock(): void;
  };
}

/** The iterator of a stream: `for await (const chunk of stream)`. */
export function values(this: Stream, options?: { preventCancel?: boolean }): AsyncIterableIterator<unknown> {
  const reader = this.getReader();
  const preventCancel = Boolean(options?.preventCancel);
  let ended = false;
  return {
    async next() {
      if (ended) return { done: true, value: undefined };
      try {
        const { done, value } = await reader.read();
        if (!done) return { done, value };
      } catch (error) {
        ended = true;
        reader.releaseLock();
        throw error;
      }
      ended = true;
      reader.releaseLock();
      return { done: true, value: undefined };
    },
    async return(value) {
      if (!ended) {
        ended = true;
        if (!preventCancel) await reader.cancel(value);
        reader.releaseLock();
      }
      return { done: true, value };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Returns `atob` or `btoa` with the errors of the standard. */
export function withDomException(convert: (text: string) => string): (text: string) => string {
  return (...args: string[]) => {
    if (args.length === 0) throw new TypeError(`${convert.name} got no argument: give a text`);
    try {
      return convert(...(args as [string]));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new DOMException("The text has an invalid character.", "InvalidCharacterError");
    }
  };
}

/** Returns `FormData.prototype.set`. The engine's function keeps further entries of the name. */
export function setterOf(set: FormData["set"]): FormData["set"] {
  return function (this: FormData, name: string, ...value: [string]): void {
    set.call(this, name, ...value);
    const first = this.get(name);
    if (this.getAll(name).length < 2) return;
    const entries = [...this].filter(([other], at, all) => {
      return other !== name || all.findIndex(([each]) => each === name) === at;
    });
    for (const other of new Set([...this.keys()])) this.delete(other);
    for (const [other, each] of entries)
      this.append(other, other === name ? (first as never) : (each as never));
  } as FormData["set"];
}

type ImportKey = (...values: [unknown, unknown, unknown, unknown, unknown]) => Promise<unknown>;

/** Returns `crypto.subtle.importKey` for symmetric keys. In the engine's function, other keys trap. */
export function symmetricOnly(original: ImportKey): ImportKey {
  return async function importKey(this: unknown, format, data, algorithm, extractable, usages) {
    const name = typeof algorithm === "string" ? algorithm : (algorithm as { name?: unknown } | null)?.name;
    const text = String(name);
    if (/^(?:RSA|EC|Ed|X25519)/i.test(text)) {
      throw new DOMException(
        `keys of \`${text}\` do not work in a component: use HMAC, or let the host check tokens`,
        "NotSupportedError",
      );
    }
    // A getter could return another name to the engine.
    const fixed = typeof algorithm === "object" ? { ...algorithm, name: text } : text;
    return original.call(this, format, data, fixed, extractable, usages);
  };
}

/** Installs all additions and corrections. */
export function installMissing(): void {
  addUrlsAndTags();
  define(AbortSignal, abortMembers);
  define(FormData.prototype, { set: setterOf(FormData.prototype.set) });
  const globals = globalThis as unknown as Record<string, never> & { ReadableStream: { prototype: object } };
  add(globals.ReadableStream.prototype, { values, [Symbol.asyncIterator]: values });
  add(globals, { TextDecoderStream, TextEncoderStream });
  const { CustomEvent } = globals;
  if (CustomEvent !== undefined) define(globals, { CustomEvent: withOptionalInit(CustomEvent) });
  const subtle = Object.getPrototypeOf(crypto.subtle) as { importKey: ImportKey };
  define(subtle, { importKey: symmetricOnly(subtle.importKey) });
  define(globals, { atob: withDomException(atob), btoa: withDomException(btoa) });
}
