/**
 * A test client that calls an app in Node.js, without a host.
 *
 * Routing, parameters, bodies, schemas, problem documents and policies are the host's own code, compiled to a
 * WebAssembly module. Hooks and handlers run in Node.js, in the host's order. Databases, stores, settings, passwords and
 * tokens have stand-ins in Node.js (`test/`). The client does not support compression, static files, OpenAPI documents,
 * grants or timeouts, and sets no `content-length`.
 */
import type { Spikard } from "./app.js";
import { Contract, type HostReply } from "./contract.js";
import { KINDS } from "./hooks.js";
import { memoryGlobal, memoryLocal } from "./host/contexts.js";
import { withCall } from "./host/node.js";
import type {
  Body,
  ChangedReply,
  Component,
  Content,
  Description,
  EarlyReply,
  Host,
  RawReply,
  Settled,
} from "./host/types.js";
import type { TestDatabase } from "./test/databases.js";
import { Exchange, installFetch, installOperations } from "./test/exchange.js";
import { Services } from "./test/operations.js";
import { queryText, type TestRequest, write } from "./test-request.js";
import { GlobalContext } from "./values.js";

export type { QueryDatabase, TestDatabase, TestRows } from "./test/databases.js";
export type { SqliteDatabase, SqliteStatement } from "./test/sqlite.js";
export type { TestFile, TestRequest } from "./test-request.js";

installOperations();

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

/** The state of one request. */
interface Call {
  reply: RawReply | undefined;
  failure: Failure | undefined;
  raw: Uint8Array;
  files: readonly Uint8Array[];
}

/** The options of a test client. */
export interface TestOptions {
  /** Values of the secrets that policies, `secret` and `jwt` name, in place of `serve --secret`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Values of the settings that `config` returns. */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * The databases, by name. Without this option, every name is a new SQLite database in memory, which needs `node:sqlite` of
   * Node.js 22.13 or later.
   */
  readonly databases?: Readonly<Record<string, TestDatabase>>;
  /** Replaces the global `fetch` in handlers and hooks. Without it, they use the one of Node.js. */
  readonly fetch?: typeof fetch;
}

/** Calls the hooks and handlers of an app. */
export class TestClient {
  private readonly component: Component;
  private readonly contract: Contract;
  private readonly store = memoryGlobal();
  private readonly services: Services;
  private readonly fetch: typeof fetch | undefined;
  /** The requests whose background work has not ended. */
  private readonly working = new Set<Promise<void>>();
  /** The global context of this client's requests. */
  readonly globals = new GlobalContext(() => this.store);

  /** Throws an error with the host's message if the host would not load the app. */
  constructor(app: Spikard, options: TestOptions = {}) {
    this.component = app.component();
    let description: Description;
    try {
      description = this.component.definition.describe();
    } catch (sentence) {
      throw new TypeError(String(sentence));
    }
    this.contract = new Contract(description, options.secrets);
    const { config = {}, secrets = {}, databases } = options;
    this.services = new Services({ config, secrets, databases });
    this.fetch = options.fetch;
    if (this.fetch !== undefined) installFetch();
  }

  get = (path: string, request?: TestRequest) => this.request("GET", path, request);
  post = (path: string, request?: TestRequest) => this.request("POST", path, request);
  put = (path: string, request?: TestRequest) => this.request("PUT", path, request);
  patch = (path: string, request?: TestRequest) => this.request("PATCH", path, request);
  delete = (path: string, request?: TestRequest) => this.request("DELETE", path, request);
  head = (path: string, request?: TestRequest) => this.request("HEAD", path, request);
  options = (path: string, request?: TestRequest) => this.request("OPTIONS", path, request);

  /** Sends a request, and returns the reply that the host would send. */
  async request(method: string, target: string, request: TestRequest = {}): Promise<TestReply> {
    const mark = target.indexOf("?");
    const path = mark < 0 ? target : target.slice(0, mark);
    const inPath = mark < 0 ? "" : target.slice(mark + 1);
    const query = [inPath, queryText(request.query)].filter((text) => text !== "").join("&");
    const { headers, body } = await write(request);
    const local = Object.entries(request.local ?? {});
    const keys = local.map(([key]) => key);
    const begun = this.contract.begin({ method, path, query, headers, local: keys });
    const call: Call = { reply: undefined, failure: undefined, raw: new Uint8Array(), files: [] };
    const { route } = begun;
    if (route === undefined) return this.finish(begun.exchange, raw(begun.reply as HostReply), undefined);
    const header = (name: string) => {
      const key = name.toLowerCase();
      const values = headers.filter(([one]) => one === key).map(([, value]) => value);
      return values.length === 0 ? undefined : values.join(key === "cookie" ? "; " : ", ");
    };
    const host: Partial<Host> = {
      method: () => method,
      path: () => path,
      query: () => query,
      header,
      headers: () => headers.map(([name, value]) => [name, new TextEncoder().encode(value)]),
      cookie: (name) => begun.cookies.find(([one]) => one === name)?.[1],
      cookies: () => begun.cookies,
      peer: () => "127.0.0.1:50122",
      id: () => begun.id,
      rawBody: () => call.raw,
      file: (part) => call.files[part],
      report: (message, detail) => {
        call.failure = { message, detail };
      },
      local: memoryLocal([
        ...(begun.local ?? []),
        ...local.map(([key, value]): [string, string] => [key, JSON.stringify(value)]),
      ]),
      global: this.store,
      replyBody: () => call.reply?.[2] ?? { tag: "empty" },
    };
    const exchange = new Exchange(host, this.services, this.fetch);
    const cancel = () => exchange.cancel();
    request.signal?.addEventListener("abort", cancel, { once: true });
    try {
      const hooks = new Set(begun.hooks);
      const reply = await withCall(exchange, () =>
        this.answer(call, route, hooks, () => this.contract.read(begun.exchange, body)),
      );
      return this.finish(begun.exchange, reply, call.failure);
    } finally {
      request.signal?.removeEventListener("abort", cancel);
      const work: Promise<void> = exchange.finished().then(() => {
        this.working.delete(work);
      });
      this.working.add(work);
      exchange.end();
    }
  }

  /** Waits for the background work (`waitUntil`) of all requests. */
  async background(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working);
  }

  private finish(exchange: number, reply: RawReply, failure: Failure | undefined): TestReply {
    const [status, headers, content] = reply;
    const done = this.contract.finish(exchange, status, headers === "" ? [] : JSON.parse(headers));
    return new TestReply(status, done.headers, content, failure, done.bodiless);
  }

  /** Runs the hooks and the handler of a request in the host's order, and returns the reply. */
  private async answer(
    call: Call,
    route: number,
    kinds: ReadonlySet<string>,
    read: () => ReturnType<Contract["read"]>,
  ): Promise<RawReply> {
    const { hooks, handler } = this.component;
    const early = async (kind: string, run: () => Settled<EarlyReply>) => {
      if (!kinds.has(kind) || isSettled(call)) return;
      call.reply = await run();
    };
    let refusal: HostReply | undefined;
    await early(KINDS.onRequest, () => hooks.onRequest(route));
    await early(KINDS.preValidation, () => hooks.preValidation(route));
    if (!isSettled(call)) {
      const checked = read();
      refusal = checked.refusal;
      if (refusal === undefined) {
        call.raw = checked.raw;
        call.files = checked.files;
        await early(KINDS.preHandler, () => hooks.preHandler(route, checked.params));
        if (!isSettled(call)) call.reply = await handler.handle(route, checked.params, bodyOf(checked));
      }
    }
    if (refusal === undefined && call.failure === undefined) {
      const changed = await change(call, kinds, KINDS.onResponse, (status, headers) =>
        hooks.onResponse(route, status, headers),
      );
      if (call.failure === undefined) return changed;
    }
    const { failure } = call;
    const { failed } = this.contract;
    call.reply = raw(refusal ?? failed);
    call.failure = undefined;
    const message = failure?.message ?? refusal?.message ?? "";
    const changed = await change(call, kinds, KINDS.onError, (status, headers) =>
      hooks.onError(route, status, headers, message),
    );
    const reply = call.failure === undefined ? changed : raw(failed);
    call.failure = failure ?? call.failure;
    return reply;
  }
}

function isSettled(call: Call): boolean {
  return call.reply !== undefined || call.failure !== undefined;
}

/** Converts a validated body to the type that handlers get from the host. */
function bodyOf({ body, text, raw }: ReturnType<Contract["read"]>): Body {
  if (body === "empty") return { tag: body };
  return body === "bytes" ? { tag: body, val: raw } : { tag: body, val: text };
}

/** Converts a reply from the host to the type that handlers return. */
function raw({ status, headers, body }: HostReply): RawReply {
  return [status, JSON.stringify(headers), body === "" ? { tag: "empty" } : { tag: "json", val: body }];
}

/** Runs the hooks of a kind and returns the reply with their changes. */
async function change(
  call: Call,
  kinds: ReadonlySet<string>,
  kind: string,
  run: (status: number, headers: string) => Settled<ChangedReply>,
): Promise<RawReply> {
  const [status, headers, body] = call.reply as RawReply;
  const changed = kinds.has(kind) ? await run(status, headers) : undefined;
  return changed === undefined ? [status, headers, body] : [changed[0], changed[1], changed[2] ?? body];
}
