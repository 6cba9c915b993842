/** `Request` and `Response` (https://fetch.spec.whatwg.org). The SDK has `fetch`. */
import { AbortController, AbortSignal } from "./abort.ts";
import { Body, type BodyInit } from "./body.ts";
import { expose, inspected, need, usv } from "./define.ts";
import { Headers, type HeadersInit } from "./headers.ts";
import { isReadableStream } from "./lazy.ts";
import { URL } from "./url.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit | null;
  signal?: AbortSignal | null;
  duplex?: "half";
  mode?: string;
  credentials?: string;
  cache?: string;
  redirect?: string;
  referrer?: string;
  referrerPolicy?: string;
  integrity?: string;
  keepalive?: boolean;
}

/** The members of `RequestInit` that are only stored, and their defaults. */
const STORED = {
  mode: "cors",
  credentials: "same-origin",
  cache: "default",
  redirect: "follow",
  referrer: "about:client",
  referrerPolicy: "",
  integrity: "",
  keepalive: false,
};

function methodOf(method: unknown): string {
  const text = String(method);
  if (!TOKEN.test(text)) throw new TypeError(`\`${text}\` is not a valid method`);
  const upper = text.toUpperCase();
  if (["CONNECT", "TRACE", "TRACK"].includes(upper))
    throw new TypeError(`a Request must not have the method \`${text}\``);
  return ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"].includes(upper) ? upper : text;
}

export class Request extends Body {
  readonly #url: string;
  readonly #method: string;
  readonly #headers: Headers;
  readonly #signal: AbortSignal;
  readonly #stored: typeof STORED;

  constructor(input: string | URL | Request, init: RequestInit = {}) {
    need(1, arguments.length, "new Request");
    super();
    init ??= {};
    const from = input instanceof Request ? input : undefined;
    if (from === undefined) {
      const url = new URL(usv(input));
      if (url.username !== "" || url.password !== "") {
        throw new TypeError(
          `\`${input}\` has a user name or a password; send them in the header Authorization`,
        );
      }
      this.#url = url.href;
    } else this.#url = from.#url;
    this.#method = init.method === undefined ? (from?.method ?? "GET") : methodOf(init.method);
    this.#headers = new Headers(init.headers ?? from?.headers);
    this.#stored = { ...(from === undefined ? STORED : from.#stored) };
    for (const name of Object.keys(STORED) as (keyof typeof STORED)[]) {
      if (init[name] !== undefined) (this.#stored as Record<string, unknown>)[name] = init[name];
    }
    const signal = init.signal === undefined ? from?.signal : init.signal;
    if (signal !== undefined && signal !== null && !(signal instanceof AbortSignal)) {
      throw new TypeError("the signal of a Request is not an AbortSignal; give one, or null");
    }
    this.#signal = signal ? AbortSignal.any([signal]) : new AbortController().signal;
    const body = init.body;
    const has = body !== undefined && body !== null;
    if ((has || (from !== undefined && from.body !== null)) && ["GET", "HEAD"].includes(this.#method)) {
      throw new TypeError(`a Request with the method ${this.#method} must not have a body`);
    }
    if (isReadableStream(body) && init.duplex === undefined) {
      throw new TypeError('a Request with a stream as body needs the option `duplex: "half"`');
    }
    if (has) Body.set(this, body);
    else if (from !== undefined) Body.move(from, this);
  }

  get method(): string {
    return this.#method;
  }
  get url(): string {
    return this.#url;
  }
  override get headers(): Headers {
    return this.#headers;
  }
  get signal(): AbortSignal {
    return this.#signal;
  }
  get destination(): string {
    return "";
  }
  get mode(): string {
    return this.#stored.mode;
  }
  get credentials(): string {
    return this.#stored.credentials;
  }
  get cache(): string {
    return this.#stored.cache;
  }
  get redirect(): string {
    return this.#stored.redirect;
  }
  get referrer(): string {
    return this.#stored.referrer;
  }
  get referrerPolicy(): string {
    return this.#stored.referrerPolicy;
  }
  get integrity(): string {
    return this.#stored.integrity;
  }
  get keepalive(): boolean {
    return this.#stored.keepalive;
  }
  get duplex(): string {
    return "half";
  }

  clone(): Request {
    const { method, headers, signal } = this;
    const copy = new Request(this.#url, { ...this.#stored, method, headers, signal });
    Body.copy(this, copy);
    return copy;
  }

  static {
    Object.defineProperty(Request.prototype, inspected, {
      value(this: Request, depth: number, _: unknown, inspect: (value: unknown) => string) {
        const { method, url, headers, bodyUsed } = this;
        return depth < 0 ? "[Request]" : `Request ${inspect({ method, url, headers, bodyUsed })}`;
      },
    });
  }
}

export interface ResponseInit {
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
}

/** Statuses of replies without a body. */
const EMPTY = [101, 103, 204, 205, 304];

export class Response extends Body {
  #status = 200;
  #statusText = "";
  #type = "default";
  readonly #headers: Headers;

  constructor(body: BodyInit | null = null, init: ResponseInit = {}) {
    super();
    init ??= {};
    if (init.status !== undefined) {
      // As in Web IDL, a number is rounded to zero and taken modulo 2^16.
      const status = Number(init.status) & 0xffff;
      if (!(status >= 200 && status <= 599)) {
        throw new RangeError(`the status \`${init.status}\` of a Response is not from 200 to 599`);
      }
      this.#status = status;
    }
    if (init.statusText !== undefined) {
      const text = String(init.statusText);
      if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(text))
        throw new TypeError(`\`${text}\` is not a valid status text`);
      this.#statusText = text;
    }
    this.#headers = new Headers(init.headers);
    if (body === null || body === undefined) return;
    if (EMPTY.includes(this.#status))
      throw new TypeError(`a Response with the status ${this.#status} must not have a body`);
    Body.set(this, body);
  }

  static error(): Response {
    const response = new Response();
    response.#type = "error";
    response.#status = 0;
    return response;
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    need(1, arguments.length, "Response.json");
    const text: string | undefined = JSON.stringify(data);
    if (text === undefined)
      throw new TypeError("the value has no JSON; give an object, an array or a primitive");
    const headers = new Headers(init?.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return new Response(text, { ...init, headers });
  }

  static redirect(url: string | URL, status: number = 302): Response {
    need(1, arguments.length, "Response.redirect");
    const location = new URL(usv(url)).href;
    if (![301, 302, 303, 307, 308].includes(Number(status))) {
      throw new RangeError(
        `the status \`${status}\` is not one of a redirect; use 301, 302, 303, 307 or 308`,
      );
    }
    return new Response(null, { status, headers: { location } });
  }

  get type(): string {
    return this.#type;
  }
  get url(): string {
    return "";
  }
  get redirected(): boolean {
    return false;
  }
  get status(): number {
    return this.#status;
  }
  get ok(): boolean {
    return this.#status >= 200 && this.#status <= 299;
  }
  get statusText(): string {
    return this.#statusText;
  }
  override get headers(): Headers {
    return this.#headers;
  }

  clone(): Response {
    const copy = new Response(null, { headers: this.#headers });
    copy.#status = this.#status;
    copy.#statusText = this.#statusText;
    copy.#type = this.#type;
    Body.copy(this, copy);
    return copy;
  }

  static {
    Object.defineProperty(Response.prototype, inspected, {
      value(this: Response, depth: number, _: unknown, inspect: (value: unknown) => string) {
        const { status, statusText, headers, bodyUsed } = this;
        return depth < 0 ? "[Response]" : `Response ${inspect({ status, statusText, headers, bodyUsed })}`;
      },
    });
  }
}

expose({ Request, Response });
// Both classes have the members of a body themselves.
for (const type of [Request, Response]) {
  for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(Body.prototype))) {
    if (name !== "constructor") Object.defineProperty(type.prototype, name, { ...member, enumerable: true });
  }
}
