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
import type { Dependencies } from "./dependencies.js";
import { KINDS } from "./hooks.js";
import { memoryGlobal, memoryLocal } from "./host/contexts.js";
import { withCall } from "./host/node.js";
import type {
  Body,
  ChangedReply,
  Component,
  Description,
  EarlyReply,
  Host,
  RawReply,
  Settled,
} from "./host/types.js";
import type { LifespanSetting } from "./lifespan.js";
import type { TestDatabase } from "./test/databases.js";
import { checkSettings, type DeclaredSettings } from "./test/declared.js";
import { Exchange, installFetch, installOperations } from "./test/exchange.js";
import { Services } from "./test/operations.js";
import { type Failure, TestReply } from "./test/reply.js";
import { queryText, type TestRequest, write } from "./test-request.js";
import { GlobalContext } from "./values.js";

export type { QueryDatabase, TestDatabase, TestRows } from "./test/databases.js";
export { type Failure, TestReply } from "./test/reply.js";
export type { SqliteDatabase, SqliteStatement } from "./test/sqlite.js";
export type { TestFile, TestRequest } from "./test-request.js";

installOperations();

/** The route of a request that no route handles. */
const NO_ROUTE = 0xffff_ffff;

/** The settings of an app that concern the client. */
interface AppSettings extends DeclaredSettings {
  readonly lifespan?: LifespanSetting;
  readonly hooks?: readonly string[];
}

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
  /** Values of the settings. The client checks those that the app declares, as the host does. */
  readonly config?: Readonly<Record<string, string | number | boolean>>;
  /** Replaces dependencies, by name: `{ user: () => ({ id: 1 }) }`. */
  readonly dependencies?: Dependencies;
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
  private readonly settings: AppSettings;
  /** The requests whose background work has not ended. */
  private readonly working = new Set<Promise<void>>();
  private started: Promise<void> | undefined;
  /** The global context of this client's requests. */
  readonly globals = new GlobalContext(() => this.store);

  /** Throws an error with the host's message if the host would not load the app. */
  constructor(app: Spikard, options: TestOptions = {}) {
    this.component = app.component(options.dependencies);
    let description: Description;
    try {
      description = this.component.definition.describe();
    } catch (sentence) {
      throw new TypeError(String(sentence));
    }
    this.contract = new Contract(description, options.secrets);
    this.settings = description.settings === "" ? {} : JSON.parse(description.settings);
    const { config, secrets } = checkSettings(this.settings, options);
    this.services = new Services({ config, secrets, databases: options.databases });
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

  /** Runs the `onStart` functions of the app. The first request does so too. Rejects if one fails. */
  start(): Promise<void> {
    this.started ??= this.lifespan("start");
    return this.started;
  }

  /** Waits for background work, and runs the `onStop` functions of the app. Rejects if one fails. */
  async close(): Promise<void> {
    await this.background();
    if (this.started === undefined) return;
    this.started = undefined;
    await this.lifespan("stop");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Runs a call of the lifespan, if the app has it. */
  private async lifespan(kind: "start" | "stop"): Promise<void> {
    const number = this.settings.lifespan?.[kind];
    if (number === undefined) return;
    let failure: Failure | undefined;
    const host: Partial<Host> = {
      global: this.store,
      report: (message, detail) => {
        failure = { message, detail };
      },
    };
    await this.run(new Exchange(host, this.services, this.fetch), () =>
      this.component.handler.handle(number, "", { tag: "empty" }),
    );
    if (failure !== undefined)
      throw new Error(`the app failed to ${kind}: ${failure.message}`, { cause: failure.detail });
  }

  /** Sends a request, and returns the reply that the host would send. */
  async request(method: string, target: string, request: TestRequest = {}): Promise<TestReply> {
    await this.start();
    const mark = target.indexOf("?");
    const path = mark < 0 ? target : target.slice(0, mark);
    const inPath = mark < 0 ? "" : target.slice(mark + 1);
    const query = [inPath, queryText(request.query)].filter((text) => text !== "").join("&");
    const { headers, body } = await write(request);
    const local = Object.entries(request.local ?? {});
    const keys = local.map(([key]) => key);
    const begun = this.contract.begin({ method, path, query, headers, local: keys });
    const call: Call = { reply: undefined, failure: undefined, raw: new Uint8Array(), files: [] };
    const { route = NO_ROUTE } = begun;
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
    const kinds = new Set(begun.hooks ?? this.settings.hooks);
    const cancel = () => exchange.cancel();
    request.signal?.addEventListener("abort", cancel, { once: true });
    try {
      const reply = await this.run(exchange, () =>
        begun.reply === undefined
          ? this.answer(call, route, kinds, () => this.contract.read(begun.exchange, body))
          : this.refuse(call, route, kinds, begun.reply),
      );
      return this.finish(begun.exchange, reply, call.failure);
    } finally {
      request.signal?.removeEventListener("abort", cancel);
    }
  }

  /** Runs a call, and tracks its background work. */
  private async run<T>(exchange: Exchange, run: () => T): Promise<Awaited<T>> {
    try {
      return await withCall(exchange, run);
    } finally {
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
    return this.refuse(call, route, kinds, refusal ?? this.contract.failed);
  }

  /** Returns a reply from the host itself, as the `onError` hooks change it. */
  private async refuse(
    call: Call,
    route: number,
    kinds: ReadonlySet<string>,
    refusal: HostReply,
  ): Promise<RawReply> {
    const { failure } = call;
    call.reply = raw(refusal);
    // A preflight response, an answer to OPTIONS or a redirect.
    if (refusal.status < 400) return call.reply;
    call.failure = undefined;
    const message = failure?.message ?? refusal.message;
    const changed = await change(call, kinds, KINDS.onError, (status, headers) =>
      this.component.hooks.onError(route, status, headers, message),
    );
    const reply = call.failure === undefined ? changed : raw(this.contract.failed);
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
