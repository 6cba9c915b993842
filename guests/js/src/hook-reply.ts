/**
 * The reply in progress, which `onResponse` and `onError` hooks can read and change.
 */
import { host } from "#host";
import { ownBytes } from "./bytes.js";
import { type Call, call, inCall } from "./call.js";
import type { ChangedReply, Content, RawReply } from "./host/types.js";
import { checkedStatus, content, headersText, headerValue } from "./reply.js";

/** The headers of a reply. Names are case-insensitive. */
export class ReplyHeaders {
  private pairs: [name: string, value: string][];
  /** Whether any header, and whether the content type, was changed. */
  changed = false;
  typed = false;

  constructor(text: string) {
    this.pairs = text === "" ? [] : JSON.parse(text);
  }

  /** Returns the value of a header. Several values are joined with `, `. */
  get(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length === 0 ? undefined : values.join(", ");
  }

  /** Returns every value of a name, such as `set-cookie`, in order. */
  getAll(name: string): string[] {
    const key = name.toLowerCase();
    return this.pairs.filter(([one]) => one.toLowerCase() === key).map(([, value]) => value);
  }

  /** Replaces every header with a name by one. */
  set(name: string, value: string | number): void {
    const text = headerValue(name, value);
    this.remove(name);
    this.append(name, text);
  }

  /** Adds a header and keeps those with the same name. */
  append(name: string, value: string | number): void {
    const text = headerValue(name, value);
    this.note(name);
    this.pairs.push([name, text]);
  }

  /** Removes every header with a name. */
  delete(name: string): void {
    this.note(name);
    this.remove(name);
  }

  /** All names and values, in order. */
  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.pairs.map(([name, value]): [string, string] => [name, value]).values();
  }

  /** Returns the headers as JSON for the host. */
  toText(): string {
    return headersText(this.pairs);
  }

  private remove(name: string): void {
    const key = name.toLowerCase();
    this.pairs = this.pairs.filter(([one]) => one.toLowerCase() !== key);
  }

  private note(name: string): void {
    this.changed = true;
    if (name.toLowerCase() === "content-type") this.typed = true;
  }
}

const JSON_TYPE = /^application\/(?:[^;]*\+)?json\s*(?:;|$)/i;
const TEXT_TYPE = /^text\//i;

/** The reply in progress. A hook can change it before the client gets it. */
export class HookReply {
  /** The status, 200 to 599. */
  status: number;
  private readonly call: Call | null | undefined;
  private readonly statusBefore: number;
  private readonly headersBefore: string;
  private headersNow: ReplyHeaders | undefined;
  /** The body, once it was fetched or set. */
  private content: Content | undefined;
  private value: { readonly of: unknown } | undefined;
  /** The source of the body: the host (`no`), a hook that set `body`, or a hook that returned a reply. */
  private given: "no" | "value" | "reply" = "no";

  constructor(status: number, headers: string) {
    this.status = status;
    this.call = call.current;
    this.statusBefore = status;
    this.headersBefore = headers;
  }

  /** The headers. */
  get headers(): ReplyHeaders {
    this.headersNow ??= new ReplyHeaders(this.headersBefore);
    return this.headersNow;
  }

  /**
   * The body, fetched on first access: the value of a JSON body, a string for text, a `Uint8Array` for any other body,
   * or `undefined` for an empty one. To change it, set it to anything that a handler can return; a change inside the
   * object has no effect. Setting it removes a content type that does not match the new body.
   */
  get body(): unknown {
    this.content ??= this.fetch();
    this.value ??= { of: read(this.content, this.headers) };
    return this.value.of;
  }

  set body(value: unknown) {
    this.content = content(value);
    this.value = { of: value };
    this.given = "value";
  }

  private fetch(): Content {
    inCall(this.call, "the body of the reply");
    return host.replyBody?.() ?? { tag: "empty" };
  }

  /** Replaces this reply with another one. */
  become([status, headers, body]: RawReply): void {
    this.status = status;
    this.headersNow = new ReplyHeaders(headers);
    this.headersNow.changed = true;
    this.content = body;
    this.value = undefined;
    this.given = "reply";
  }

  /** Returns the changed reply for the host, or `undefined` if nothing changed. */
  changes(): ChangedReply {
    const headers = this.headersNow;
    if (this.given === "no" && headers?.changed !== true && this.status === this.statusBefore)
      return undefined;
    const body = this.given === "no" ? undefined : this.content;
    if (body !== undefined && this.given === "value") this.dropStaleType(body);
    return [checkedStatus(this.status), this.headersNow?.toText() ?? this.headersBefore, body];
  }

  /** Removes the content type of the old body if it does not match the new one. */
  private dropStaleType(body: Content): void {
    const type = this.headers.get("content-type");
    if (type === undefined || this.headers.typed) return;
    const json = JSON_TYPE.test(type);
    const fits = {
      json,
      text: !json && !/^application\/octet-stream/i.test(type),
      bytes: !json,
      empty: false,
    };
    if (!fits[body.tag]) this.headers.delete("content-type");
  }
}

/** Returns the value of a body. A long text arrives as bytes (`shorten.ts`), so the content type decides. */
function read(body: Content, headers: ReplyHeaders): unknown {
  if (body.tag === "empty") return undefined;
  const type = headers.get("content-type") ?? "";
  const json = body.tag === "json" || JSON_TYPE.test(type);
  if (body.tag === "bytes" && ((!json && !TEXT_TYPE.test(type)) || headers.get("content-encoding"))) {
    return ownBytes(body.val);
  }
  const text = body.tag === "bytes" ? new TextDecoder().decode(ownBytes(body.val)) : body.val;
  if (!json) return text;
  try {
    return JSON.parse(text);
  } catch {
    // A handler can give any text a JSON content type.
    return text;
  }
}
