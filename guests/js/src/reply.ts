/**
 * Replies with a status or headers, and the conversion of replies for the host.
 */
import { bytesOf } from "./bytes.js";
import type { HttpError } from "./errors.js";
import type { HeadersInit } from "./headers.js";
import type { Content, RawReply, Settled } from "./host/types.js";
import { holdsEmpty, replyJson } from "./json-form.js";
import { keep } from "./kept.js";
import { describe, wellFormed, wellFormedJson } from "./text.js";

/** The status and the headers of a reply. */
export interface ReplyInit {
  /** 200 to 599; the route's status by default. */
  readonly status?: number;
  readonly headers?: HeadersInit;
}

/** A reply with a status, headers and a body. The body is anything that a handler can return. */
export class Reply {
  readonly body: unknown;
  readonly status: number | undefined;
  readonly headers: HeadersInit | undefined;

  constructor(body?: unknown, init: ReplyInit = {}) {
    this.body = body;
    this.status = init.status;
    this.headers = init.headers;
  }
}

/** Returns a reply with HTML. */
export function html(text: string, init: ReplyInit = {}): Reply {
  const headers = pairs(init.headers);
  return new Reply(text, { ...init, headers: [["content-type", "text/html; charset=utf-8"], ...headers] });
}

/**
 * Returns a redirect. With status 303, the default, the client fetches `location` with GET. With 307 it repeats the
 * request there, with 308 all later requests too.
 */
export function redirect(location: string, status: 301 | 302 | 303 | 307 | 308 = 303): Reply {
  return new Reply(undefined, { status, headers: [["location", location]] });
}

const EMPTY: Content = { tag: "empty" };
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const LINE_BREAK = /[\r\n\0]/;

/** Converts the return value of a handler or hook to the body of a reply. */
export function content(value: unknown): Content {
  if (value === undefined) return EMPTY;
  if (typeof value === "string") return { tag: "text", val: wellFormed(value) };
  if (value !== null && value.constructor === Object) {
    const text: string | undefined = JSON.stringify(value);
    // `replyJson` explains an object without a JSON form, such as an iterator.
    if (text !== undefined && !holdsEmpty(text)) return { tag: "json", val: wellFormedJson(text) };
  }
  const bytes = bytesOf(value);
  if (bytes !== undefined) return { tag: "bytes", val: bytes };
  return { tag: "json", val: replyJson(value) };
}

/** Converts headers to pairs of strings. */
function pairs(headers: HeadersInit | undefined): [string, string][] {
  if (headers === undefined || headers === null) return [];
  // `Headers` and `Map` are iterable, and `Object.entries` returns nothing for them.
  const entries: Iterable<readonly [string, unknown]> =
    Symbol.iterator in headers ? (headers as Iterable<readonly [string, unknown]>) : Object.entries(headers);
  return Array.from(entries).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, headerValue(name, one)]),
  );
}

/** Converts the value of a header to a string. */
export function headerValue(name: unknown, value: unknown): string {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return String(value);
    default:
      throw new TypeError(
        `the reply's header ${describe(name)} has the value ${describe(value)}; give a string or a number`,
      );
  }
}

/** Headers as the text for the host, by their text: most replies of an app have the same few headers. */
const known = new Map<string, string>();

/** Returns headers as the text for the host. */
function headersOf(headers: HeadersInit | undefined): string {
  if (headers === undefined || headers === null) return "";
  if (!isOfStrings(headers)) return headersText(pairs(headers));
  const key = JSON.stringify(headers);
  return known.get(key) ?? keep(known, key, headersText(pairs(headers)));
}

/** Returns true for headers that their JSON text describes completely: an object or pairs, of strings only. */
function isOfStrings(headers: HeadersInit): boolean {
  if (Array.isArray(headers)) {
    for (const pair of headers) {
      if (!Array.isArray(pair) || pair.length !== 2) return false;
      if (typeof pair[0] !== "string" || typeof pair[1] !== "string") return false;
    }
    return true;
  }
  if (headers.constructor !== Object || Symbol.iterator in headers) return false;
  for (const name in headers) if (typeof headers[name as keyof typeof headers] !== "string") return false;
  return true;
}

export function headersText(headers: [string, string][]): string {
  if (headers.length === 0) return "";
  for (const [name, value] of headers) {
    if (!TOKEN.test(name))
      throw new TypeError(`the reply has a header ${describe(name)}, which is not a valid header name`);
    if (LINE_BREAK.test(value)) {
      throw new TypeError(`the reply's header \`${name}\` has a value with a line break or a NUL in it`);
    }
  }
  return wellFormedJson(JSON.stringify(headers));
}

export function checkedStatus(status: number): number {
  if (Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new RangeError(`the reply has status \`${status}\`: give one from 200 to 599`);
}

/** Converts the return value of a handler or hook to a reply. `status` is the default. */
export function lower(value: unknown, status: number | undefined): RawReply {
  // Check the two most common cases first.
  if (typeof value === "string") return [status ?? 200, "", { tag: "text", val: wellFormed(value) }];
  if (value === undefined) return [status ?? 204, "", EMPTY];
  if (!(value instanceof Reply)) return [status ?? 200, "", content(value)];
  const body = content(value.body);
  const chosen = value.status ?? status;
  const headers = headersOf(value.headers);
  return [chosen === undefined ? (body === EMPTY ? 204 : 200) : checkedStatus(chosen), headers, body];
}

/** Returns true for a `Response` of the Fetch standard, of any realm. */
export function isResponse(value: unknown): value is Response {
  if (typeof value !== "object" || value === null) return false;
  const { arrayBuffer, status, headers } = value as Partial<Response>;
  return typeof arrayBuffer === "function" && typeof status === "number" && typeof headers === "object";
}

/** Same as `lower`, and converts a `Response`, whose body it reads to its end. */
export function lowerAny(value: unknown, status: number | undefined): Settled<RawReply> {
  return isResponse(value) ? lowerResponse(value) : lower(value, status);
}

async function lowerResponse(response: Response): Promise<RawReply> {
  // The host sets the length, and StarlingMonkey one for every body.
  const headers = headersText([...response.headers].filter(([name]) => name !== "content-length"));
  const status = checkedStatus(response.status);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return [status, headers, bytes.length === 0 ? EMPTY : { tag: "bytes", val: bytes }];
}

/** Returns the problem document of an `HttpError`. */
export function problem(error: HttpError): RawReply {
  const headers = pairs(error.headers);
  if (!headers.some(([name]) => name.toLowerCase() === "content-type"))
    headers.unshift(["content-type", "application/problem+json"]);
  return [
    checkedStatus(error.status),
    headersText(headers),
    { tag: "json", val: wellFormedJson(JSON.stringify(error)) },
  ];
}
