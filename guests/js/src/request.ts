/**
 * The request in progress, beyond what its route declared.
 */
import { host } from "#host";
import { ownBytes } from "./bytes.js";
import { inCall } from "./call.js";
import type { Host } from "./host/types.js";
import { textArgument } from "./text.js";

/** A name's values, of a query string. */
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

  /** The first value of a name. */
  get(name: string): string | undefined {
    return this.values.get(name)?.[0];
  }

  /** All values of a name, in order. */
  getAll(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  /** Whether a name occurs. */
  has(name: string): boolean {
    return this.values.has(name);
  }

  /** The names, in order. */
  names(): string[] {
    return [...this.values.keys()];
  }
}

/** Decodes a part of a query string; one that is not well encoded stays as it is. */
function decode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** A header's bytes as text, where they are UTF-8, and as ISO 8859-1 where they are not. */
function headerText(bytes: Uint8Array): string {
  let latin = "";
  let ascii = true;
  for (const byte of bytes) {
    if (byte > 127) ascii = false;
    latin += String.fromCharCode(byte);
  }
  if (ascii) return latin;
  try {
    return decodeURIComponent(
      latin.replace(/[^!-$&-~]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`),
    );
  } catch {
    return latin;
  }
}

/**
 * The request. Nothing is fetched from the host before it is asked for, so it throws when it is asked after the
 * handler or the hook it was given to has ended.
 */
export class Request {
  private parsedQuery: QueryParams | undefined;
  private readonly call: number;

  constructor(number: number) {
    this.call = number;
  }

  /** The method, in upper case. */
  get method(): string {
    return this.host.method();
  }

  /** The path as the client sent it, without the query. */
  get path(): string {
    return this.host.path();
  }

  /** The query as the client sent it, without the `?`. */
  get queryString(): string {
    return this.host.query();
  }

  /** The query's names and values, all of them, declared or not. */
  get query(): QueryParams {
    this.parsedQuery ??= new QueryParams(this.host.query());
    return this.parsedQuery;
  }

  /** A header by its name, in any case. Several of one name are joined with `, `. */
  header(name: string): string | undefined {
    return this.host.header(textArgument(name, "the name of a header")) ?? undefined;
  }

  /** All headers in the order they came, names in lower case. */
  get headers(): [name: string, value: string][] {
    return this.host.headers().map(([name, value]) => [name, headerText(value)]);
  }

  /** All headers with their values as the bytes that were sent. */
  get rawHeaders(): [name: string, value: Uint8Array][] {
    return this.host.headers().map(([name, value]) => [name, ownBytes(value)]);
  }

  /** A cookie by its name. */
  cookie(name: string): string | undefined {
    return this.host.cookie(textArgument(name, "the name of a cookie")) ?? undefined;
  }

  /** All cookies in the order they came. */
  get cookies(): [name: string, value: string][] {
    return this.host.cookies();
  }

  /** The client's address and port. */
  get peer(): string {
    return this.host.peer();
  }

  /** The request's id, as the host's log has it. */
  get id(): string {
    return this.host.id();
  }

  /** The body as it was sent, byte for byte. */
  rawBody(): Uint8Array {
    return ownBytes(this.host.rawBody());
  }

  /** The host, where it still answers for this request. */
  private get host(): Host {
    inCall(this.call, "the request");
    return host;
  }
}
