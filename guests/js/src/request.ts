/**
 * The request in progress, including the parts that its route does not declare.
 */
import { host } from "#host";
import { latin1, ownBytes } from "./bytes.js";
import { type Call, inCall } from "./call.js";
import type { Host } from "./host/types.js";
import { signalOf } from "./signals.js";
import { textArgument } from "./text.js";

/** The decoded parameters of a query string. */
export class QueryParams {
  private readonly values = new Map<string, string[]>();

  constructor(text: string) {
    for (const part of text.split("&")) {
      if (part === "") continue;
      const at = part.indexOf("=");
      const name = decode(at < 0 ? part : part.slice(0, at));
      const value = at < 0 ? "" : decode(part.slice(at + 1));
      const known = this.values.get(name);
      if (known === undefined) this.values.set(name, [value]);
      else known.push(value);
    }
  }

  /** Returns the first value of a name. */
  get(name: string): string | undefined {
    return this.values.get(name)?.[0];
  }

  /** Returns all values of a name, in order. */
  getAll(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  /** Returns true if a name occurs. */
  has(name: string): boolean {
    return this.values.has(name);
  }

  /** Returns the names, in order. */
  names(): string[] {
    return [...this.values.keys()];
  }
}

/** Decodes a part of a query string. A part with an invalid escape stays encoded. */
function decode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** Decodes the bytes of a header as UTF-8, or as ISO 8859-1 if they are not UTF-8. */
function headerText(bytes: Uint8Array): string {
  const latin = latin1(bytes);
  if (!/[\x80-\xff]/.test(latin)) return latin;
  try {
    return decodeURIComponent(
      latin.replace(/[^!-$&-~]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`),
    );
  } catch {
    return latin;
  }
}

/**
 * The request in progress. Each member is fetched from the host on access, and throws after the handler or hook that
 * got the request has ended.
 */
export class Request {
  private parsedQuery: QueryParams | undefined;
  private readonly call: Call;

  constructor(call: Call) {
    this.call = call;
  }

  /** The method, in upper case. */
  get method(): string {
    return this.host.method();
  }

  /** The path as sent, percent-encoded, without the query. */
  get path(): string {
    return this.host.path();
  }

  /** The query as sent, percent-encoded, without the `?`. */
  get queryString(): string {
    return this.host.query();
  }

  /** All query parameters, decoded, whether declared or not. */
  get query(): QueryParams {
    this.parsedQuery ??= new QueryParams(this.host.query());
    return this.parsedQuery;
  }

  /** Returns the value of a header. Names are case-insensitive; several values are joined with `, `. */
  header(name: string): string | undefined {
    return this.host.header(textArgument(name, "the name of a header")) ?? undefined;
  }

  /** All headers in order, with names in lower case. */
  get headers(): [name: string, value: string][] {
    return this.host.headers().map(([name, value]) => [name, headerText(value)]);
  }

  /** All headers in order, with values as bytes. */
  get rawHeaders(): [name: string, value: Uint8Array][] {
    return this.host.headers().map(([name, value]) => [name, ownBytes(value)]);
  }

  /** Returns the value of a cookie. */
  cookie(name: string): string | undefined {
    return this.host.cookie(textArgument(name, "the name of a cookie")) ?? undefined;
  }

  /** All cookies in order. */
  get cookies(): [name: string, value: string][] {
    return this.host.cookies();
  }

  /** The client's address and port. */
  get peer(): string {
    return this.host.peer();
  }

  /** The id of the request, which is also in the host's log. */
  get id(): string {
    return this.host.id();
  }

  /**
   * Aborts when the host cancels the call: its client has disconnected, or its time is up. Operations in progress reject
   * then, with an `AbortError`.
   */
  get signal(): AbortSignal {
    return signalOf(this.call);
  }

  /** Returns the body as sent. */
  rawBody(): Uint8Array {
    return ownBytes(this.host.rawBody());
  }

  /** The host; throws if it no longer answers for this request. */
  private get host(): Host {
    inCall(this.call, "the request");
    return host;
  }
}
