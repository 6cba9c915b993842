/** `Event`, `CustomEvent` and `EventTarget` (https://dom.spec.whatwg.org/#events), without a tree of targets. */
import { now } from "spikard:natives/clock";
import { logUncaught } from "./console.ts";
import { expose, need } from "./define.ts";

export interface EventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
}

/** The private state of an event, which `EventTarget` uses. */
interface Dispatch {
  target: EventTarget | null;
  current: EventTarget | null;
  active: boolean;
  /** Whether `stopPropagation` or `stopImmediatePropagation` was called. */
  stopped: boolean;
  stoppedNow: boolean;
  passive: boolean;
  canceled: boolean;
}

let dispatchOf: (event: Event) => Dispatch;

export class Event {
  static readonly NONE = 0;
  static readonly CAPTURING_PHASE = 1;
  static readonly AT_TARGET = 2;
  static readonly BUBBLING_PHASE = 3;
  declare readonly NONE: number;
  declare readonly CAPTURING_PHASE: number;
  declare readonly AT_TARGET: number;
  declare readonly BUBBLING_PHASE: number;

  readonly #type: string;
  readonly #init: EventInit;
  readonly #time = now();
  readonly #dispatch: Dispatch = {
    target: null,
    current: null,
    active: false,
    stopped: false,
    stoppedNow: false,
    passive: false,
    canceled: false,
  };

  constructor(type: string, init?: EventInit) {
    need(1, arguments.length, "new Event");
    this.#type = String(type);
    const { bubbles, cancelable, composed } = init ?? {};
    this.#init = { bubbles: Boolean(bubbles), cancelable: Boolean(cancelable), composed: Boolean(composed) };
  }

  static {
    dispatchOf = (event) => event.#dispatch;
  }

  get type(): string {
    return this.#type;
  }
  get target(): EventTarget | null {
    return this.#dispatch.target;
  }
  get srcElement(): EventTarget | null {
    return this.#dispatch.target;
  }
  get currentTarget(): EventTarget | null {
    return this.#dispatch.current;
  }
  get eventPhase(): number {
    return this.#dispatch.active ? 2 : 0;
  }
  get bubbles(): boolean {
    return this.#init.bubbles as boolean;
  }
  get cancelable(): boolean {
    return this.#init.cancelable as boolean;
  }
  get composed(): boolean {
    return this.#init.composed as boolean;
  }
  get defaultPrevented(): boolean {
    return this.#dispatch.canceled;
  }
  get timeStamp(): number {
    return this.#time;
  }
  get isTrusted(): boolean {
    return false;
  }
  get cancelBubble(): boolean {
    return this.#dispatch.stopped;
  }
  set cancelBubble(value: boolean) {
    if (value) this.stopPropagation();
  }
  get returnValue(): boolean {
    return !this.#dispatch.canceled;
  }
  set returnValue(value: boolean) {
    if (!value) this.preventDefault();
  }

  composedPath(): EventTarget[] {
    return this.#dispatch.current === null ? [] : [this.#dispatch.current];
  }
  preventDefault(): void {
    if (this.#init.cancelable && !this.#dispatch.passive) this.#dispatch.canceled = true;
  }
  stopPropagation(): void {
    this.#dispatch.stopped = true;
  }
  stopImmediatePropagation(): void {
    this.#dispatch.stopped = true;
    this.#dispatch.stoppedNow = true;
  }
}
for (const [at, name] of ["NONE", "CAPTURING_PHASE", "AT_TARGET", "BUBBLING_PHASE"].entries()) {
  Object.defineProperty(Event.prototype, name, { value: at, enumerable: true });
  Object.defineProperty(Event, name, { writable: false });
}

export class CustomEvent extends Event {
  readonly #detail: unknown;

  constructor(type: string, init?: EventInit & { detail?: unknown }) {
    need(1, arguments.length, "new CustomEvent");
    super(type, init);
    this.#detail = init?.detail ?? null;
  }

  get detail(): unknown {
    return this.#detail;
  }
}

type Callback = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };

interface Listener {
  readonly type: string;
  readonly callback: Callback;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  removed: boolean;
}

export interface ListenerOptions {
  capture?: boolean;
  once?: boolean;
  passive?: boolean;
  signal?: EventTarget & { readonly aborted: boolean };
}

export class EventTarget {
  /** Most targets have no listeners. */
  #listeners: Listener[] | undefined;

  addEventListener(type: string, callback: Callback | null, options?: ListenerOptions | boolean): void {
    need(2, arguments.length, "addEventListener");
    const { capture, once, passive, signal } = typeof options === "object" && options !== null ? options : {};
    const captures = typeof options === "boolean" ? options : Boolean(capture);
    if (callback === null || callback === undefined) return;
    if (typeof callback !== "function" && typeof callback !== "object") {
      throw new TypeError("the listener is not a function; give a function, or an object with `handleEvent`");
    }
    if (signal?.aborted) return;
    const name = String(type);
    this.#listeners ??= [];
    if (
      this.#listeners.some(
        (own) => own.type === name && own.callback === callback && own.capture === captures,
      )
    )
      return;
    this.#listeners.push({
      type: name,
      callback,
      capture: captures,
      once: Boolean(once),
      passive: Boolean(passive),
      removed: false,
    });
    signal?.addEventListener("abort", () => this.removeEventListener(name, callback, captures), {
      once: true,
    });
  }

  removeEventListener(type: string, callback: Callback | null, options?: ListenerOptions | boolean): void {
    need(2, arguments.length, "removeEventListener");
    const capture =
      typeof options === "object" && options !== null ? Boolean(options.capture) : Boolean(options);
    this.#remove((own) => own.type === String(type) && own.callback === callback && own.capture === capture);
  }

  #remove(matches: (listener: Listener) => boolean): void {
    this.#listeners = this.#listeners?.filter((listener) => {
      if (!matches(listener)) return true;
      listener.removed = true;
      return false;
    });
  }

  dispatchEvent(event: Event): boolean {
    need(1, arguments.length, "dispatchEvent");
    if (!(event instanceof Event)) throw new TypeError("the argument is not an Event; give one");
    const dispatch = dispatchOf(event);
    if (dispatch.active) throw new DOMException("the event is being dispatched already", "InvalidStateError");
    dispatch.active = true;
    dispatch.target = this;
    dispatch.current = this;
    const list = this.#listeners?.filter(({ type }) => type === event.type) ?? [];
    // Listeners that capture run first.
    for (const listener of [...list.filter((own) => own.capture), ...list.filter((own) => !own.capture)]) {
      if (listener.removed) continue;
      if (listener.once) this.#remove((own) => own === listener);
      dispatch.passive = listener.passive;
      try {
        const { callback } = listener;
        if (typeof callback === "function") callback.call(this, event);
        else callback.handleEvent(event);
      } catch (error) {
        logUncaught("an event listener", error);
      }
      dispatch.passive = false;
      if (dispatch.stoppedNow) break;
    }
    dispatch.active = false;
    dispatch.current = null;
    dispatch.stopped = false;
    dispatch.stoppedNow = false;
    return !dispatch.canceled;
  }
}

/** Defines the property of a class with an event's handler, such as `onabort`. */
export function handlerProperty(type: { prototype: object }, event: string): void {
  const handlers = new WeakMap<object, { value: unknown }>();
  Object.defineProperty(type.prototype, `on${event}`, {
    get(this: EventTarget): unknown {
      return handlers.get(this)?.value ?? null;
    },
    set(this: EventTarget, value: unknown) {
      const handler = handlers.get(this);
      const next =
        typeof value === "function" || (typeof value === "object" && value !== null) ? value : null;
      if (handler !== undefined) {
        handler.value = next;
        return;
      }
      const own = { value: next as unknown };
      handlers.set(this, own);
      this.addEventListener(event, function (this: EventTarget, fired) {
        if (typeof own.value === "function") own.value.call(this, fired);
      });
    },
    enumerable: true,
    configurable: true,
  });
}

expose(
  { Event, CustomEvent, EventTarget },
  { Event: 1, CustomEvent: 1, addEventListener: 2, removeEventListener: 2 },
);
