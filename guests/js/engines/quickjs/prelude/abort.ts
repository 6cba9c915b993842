/** `AbortController` and `AbortSignal` (https://dom.spec.whatwg.org/#aborting-ongoing-activities). */
import { quietTimeout } from "spikard:natives";
import { expose, need } from "./define.ts";
import { Event, EventTarget, handlerProperty } from "./event.ts";

/** Only this file can create a signal. */
const KEY = Symbol();

let abort: (signal: AbortSignal, reason: unknown) => void;
let follow: (signal: AbortSignal, source: AbortSignal) => void;

const aborted = (): DOMException => new DOMException("This operation was aborted", "AbortError");

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown = undefined;
  /** The signals of `AbortSignal.any` that depend on this one. */
  #dependents: AbortSignal[] | undefined;
  /** The signals that this one depends on, none of which does so itself. */
  #sources: AbortSignal[] | undefined;

  constructor(key?: symbol) {
    super();
    if (key !== KEY)
      throw new TypeError("AbortSignal has no constructor; use `new AbortController().signal`");
  }

  static {
    abort = (signal, reason) => {
      if (signal.#aborted) return;
      const all = [signal, ...(signal.#dependents ?? []).filter((dependent) => !dependent.#aborted)];
      for (const each of all) {
        each.#aborted = true;
        each.#reason = reason;
      }
      for (const each of all) {
        for (const source of each.#sources ?? []) {
          if (source !== signal) source.#dependents = source.#dependents?.filter((own) => own !== each);
        }
        each.#sources = undefined;
      }
      signal.#dependents = undefined;
      for (const each of all) each.dispatchEvent(new Event("abort"));
    };
    follow = (signal, source) => {
      for (const root of source.#sources ?? [source]) {
        signal.#sources ??= [];
        if (signal.#sources.includes(root)) continue;
        signal.#sources.push(root);
        root.#dependents ??= [];
        root.#dependents.push(signal);
      }
    };
  }

  static abort(reason: unknown = aborted()): AbortSignal {
    const signal = new AbortSignal(KEY);
    signal.#aborted = true;
    signal.#reason = reason;
    return signal;
  }

  static timeout(milliseconds: number): AbortSignal {
    need(1, arguments.length, "AbortSignal.timeout");
    const delay = Number(milliseconds);
    if (!(delay >= 0 && delay <= Number.MAX_SAFE_INTEGER)) {
      throw new TypeError(`\`${milliseconds}\` is not a number of milliseconds; give one from 0 to 2^53 - 1`);
    }
    const signal = new AbortSignal(KEY);
    const reason = (): DOMException =>
      new DOMException("The operation was aborted due to timeout", "TimeoutError");
    quietTimeout(() => abort(signal, reason()), Math.min(delay, 0x7fffffff));
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    need(1, arguments.length, "AbortSignal.any");
    const sources = Array.from(signals);
    for (const source of sources) {
      if (!(source instanceof AbortSignal))
        throw new TypeError("an item is not an AbortSignal; give a list of them");
    }
    const first = sources.find((source) => source.aborted);
    if (first !== undefined) return AbortSignal.abort(first.reason);
    const signal = new AbortSignal(KEY);
    for (const source of sources) follow(signal, source);
    return signal;
  }

  get aborted(): boolean {
    return this.#aborted;
  }
  get reason(): unknown {
    return this.#reason;
  }
  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }
}
handlerProperty(AbortSignal, "abort");

export class AbortController {
  readonly #signal = new AbortSignal(KEY);

  get signal(): AbortSignal {
    return this.#signal;
  }
  abort(reason: unknown = aborted()): void {
    abort(this.#signal, reason);
  }
}

expose({ AbortController, AbortSignal });
