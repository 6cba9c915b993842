/**
 * The replies of the test client.
 */
import type { Content } from "../host/types.js";

/** The error of a failed handler or hook. The host logs it and replies with status 500. */
export interface Failure {
  readonly message: string;
  readonly detail: string;
}

/** The reply of a route. */
export class TestReply {
  readonly status: number;
  /** The headers in order, with names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly failure: Failure | undefined;
  private readonly content: Content;

  constructor(
    status: number,
    headers: readonly (readonly [name: string, value: string])[],
    content: Content,
    failure: Failure | undefined,
    private readonly bodiless: boolean,
  ) {
    this.status = status;
    this.headers = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
    this.content = content;
    this.failure = failure;
  }

  /** Returns the first header with a name. The default of `content-type` is the one that the host would set. */
  header(name: string): string | undefined {
    const key = name.toLowerCase();
    const set = this.headers.find(([one]) => one === key)?.[1];
    return set ?? (key === "content-type" ? CONTENT_TYPES[this.content.tag] : undefined);
  }

  /** Returns the body as bytes. */
  bytes(): Uint8Array {
    if (this.bodiless || this.content.tag === "empty") return new Uint8Array();
    return this.content.tag === "bytes" ? this.content.val : new TextEncoder().encode(this.content.val);
  }

  /** Returns the body as text. */
  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** Returns the value of a JSON body. Its type is `any`, as that of `JSON.parse`. */
  json(): ReturnType<typeof JSON.parse> {
    return JSON.parse(this.text());
  }
}

const CONTENT_TYPES: { readonly [tag: string]: string } = {
  json: "application/json",
  text: "text/plain; charset=utf-8",
  bytes: "application/octet-stream",
};
