/**
 * A test client: calls an app in node, without a host.
 *
 * It matches paths and converts parameters to their declared types in a simple way, and neither checks
 * anything against a schema nor enforces a policy: that is the host's work. What handlers and hooks are given,
 * in which order they run, and what becomes of what they return is the same as in a component.
 */
import type { Spikard } from "./app.js";
import { KINDS } from "./hooks.js";
import { memoryGlobal, memoryLocal } from "./host/contexts.js";
import { replaceHost } from "./host/node.js";
import type {
  Body,
  ChangedReply,
  Component,
  Content,
  Description,
  EarlyReply,
  RawReply,
  Settled,
} from "./host/types.js";
import {
  bodyOf,
  compile,
  paramsText,
  queryText,
  type Route,
  rawBytes,
  type TestRequest,
} from "./test-request.js";
import { GlobalContext } from "./values.js";

export type { TestFile, TestRequest } from "./test-request.js";

/** What a handler or a hook failed with. The host logs it, and answers with status 500. */
export interface Failure {
  readonly message: string;
  readonly detail: string;
}

/** A reply. */
export class TestReply {
  readonly status: number;
  /** The headers that handler and hooks set, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly failure: Failure | undefined;
  private readonly content: Content;

  constructor(status: number, headers: string, content: Content, failure: Failure | undefined) {
    this.status = status;
    const pairs: [string, string][] = headers === "" ? [] : JSON.parse(headers);
    this.headers = pairs.map(([name, value]) => [name.toLowerCase(), value] as const);
    this.content = content;
    this.failure = failure;
  }

  /** The first header of a name; the content type the host would set for the body, if none was given. */
  header(name: string): string | undefined {
    const key = name.toLowerCase();
    const set = this.headers.find(([one]) => one === key)?.[1];
    return set ?? (key === "content-type" ? CONTENT_TYPES[this.content.tag] : undefined);
  }

  /** The body's bytes. */
  bytes(): Uint8Array {
    if (this.content.tag === "empty") return new Uint8Array();
    return this.content.tag === "bytes" ? this.content.val : new TextEncoder().encode(this.content.val);
  }

  /** The body as text. */
  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** The value of a JSON body. It is `any`, as `JSON.parse` has it. */
  json(): ReturnType<typeof JSON.parse> {
    return JSON.parse(this.text());
  }
}

const CONTENT_TYPES: { readonly [tag: string]: string } = {
  json: "application/json",
  text: "text/plain; charset=utf-8",
  bytes: "application/octet-stream",
};

const INTERNAL_ERROR = JSON.stringify({
  type: "https://spikard.dev/errors/internal-server-error",
  title: "Internal Server Error",
  status: 500,
  detail: "the handler failed; the server's log says why",
});
const PROBLEM: RawReply = [
  500,
  '[["content-type","application/problem+json"]]',
  { tag: "json", val: INTERNAL_ERROR },
];

/** What one request comes to. */
interface Call {
  reply: RawReply | undefined;
  failure: Failure | undefined;
}

/** Calls an app's routes, and the hooks around them. */
export class TestClient {
  private readonly component: Component;
  private readonly routes: Route[];
  private readonly store = memoryGlobal();
  /** The app's values, as the routes that this client calls see them. */
  readonly globals = new GlobalContext(() => this.store);

  /** An app that is not well defined throws here what the host would print. */
  constructor(app: Spikard) {
    this.component = app.component();
    let description: Description;
    try {
      description = this.component.definition.describe();
    } catch (sentence) {
      throw new TypeError(String(sentence));
    }
    const appHooks = hooksIn(description.settings);
    this.routes = description.routes.map((record, index) => ({
      record,
      index,
      ...compile(record.path),
      parameters: record.parameters === "" ? [] : JSON.parse(record.parameters),
      hooks: new Set([...appHooks, ...hooksIn(record.settings)]),
    }));
  }

  get = (path: string, request?: TestRequest) => this.request("GET", path, request);
  post = (path: string, request?: TestRequest) => this.request("POST", path, request);
  put = (path: string, request?: TestRequest) => this.request("PUT", path, request);
  patch = (path: string, request?: TestRequest) => this.request("PATCH", path, request);
  delete = (path: string, request?: TestRequest) => this.request("DELETE", path, request);
  head = (path: string, request?: TestRequest) => this.request("HEAD", path, request);
  options = (path: string, request?: TestRequest) => this.request("OPTIONS", path, request);

  /** Sends a request. A path without a route is status 404, a route without the method 405. */
  async request(method: string, target: string, request: TestRequest = {}): Promise<TestReply> {
    const [path = "", inPath = ""] = target.split("?");
    const found = this.routes.filter(({ pattern }) => pattern.test(path));
    const route =
      found.find(({ record }) => record.method === method.toLowerCase()) ??
      (method === "HEAD" ? found.find(({ record }) => record.method === "get") : undefined);
    if (route === undefined)
      return new TestReply(found.length === 0 ? 404 : 405, "", { tag: "empty" }, undefined);

    const query = queryText(request.query) || inPath;
    const headers = Object.entries(request.headers ?? {}).map(
      ([name, value]) => [name.toLowerCase(), value] as const,
    );
    const header = (name: string) => headers.find(([one]) => one === name.toLowerCase())?.[1];
    const cookies = Object.entries(request.cookies ?? {});
    const files: Uint8Array[] = [];
    const body = bodyOf(request, route.record.settings, files);
    const call: Call = { reply: undefined, failure: undefined };
    replaceHost({
      method: () => method,
      path: () => path,
      query: () => query,
      header,
      headers: () => headers.map(([name, value]) => [name, new TextEncoder().encode(value)]),
      cookie: (name) => request.cookies?.[name],
      cookies: () => cookies,
      peer: () => "127.0.0.1:50122",
      id: () => "test",
      rawBody: () => (body.tag === "empty" ? new Uint8Array() : rawBytes(body.val)),
      file: (part) => files[part],
      report: (message, detail) => {
        call.failure = { message, detail };
      },
      local: memoryLocal(
        Object.entries(request.local ?? {}).map(([key, value]) => [key, JSON.stringify(value)]),
      ),
      global: this.store,
      replyBody: () => call.reply?.[2] ?? { tag: "empty" },
    });
    try {
      const values = new URLSearchParams(query);
      const bound = route.pattern.exec(path)?.slice(1).map(decodeURIComponent) ?? [];
      const params = paramsText(route, values, (parameter) => {
        const one =
          parameter.in === "path"
            ? bound[route.names.indexOf(parameter.name)]
            : parameter.in === "header"
              ? header(parameter.name)
              : request.cookies?.[parameter.name];
        return one === undefined ? [] : [one];
      });
      const [status, headersText, content] = await this.answer(call, route, params, body);
      return new TestReply(status, headersText, content, call.failure);
    } finally {
      replaceHost({});
    }
  }

  /** The way of a request through hooks and handler, as the host takes it. */
  private async answer(call: Call, route: Route, params: string, body: Body): Promise<RawReply> {
    const { hooks, handler } = this.component;
    const { index } = route;
    const steps: [kind: string, run: () => Settled<EarlyReply>][] = [
      [KINDS.onRequest, () => hooks.onRequest(index)],
      [KINDS.preValidation, () => hooks.preValidation(index)],
      [KINDS.preHandler, () => hooks.preHandler(index, params)],
    ];
    for (const [kind, run] of steps) {
      if (!route.hooks.has(kind)) continue;
      call.reply = await run();
      if (call.reply !== undefined || call.failure !== undefined) break;
    }
    if (call.failure === undefined) call.reply ??= await handler.handle(index, params, body);
    if (call.failure === undefined) {
      const changed = await change(call, route, KINDS.onResponse, (status, headers) =>
        hooks.onResponse(index, status, headers),
      );
      if (call.failure === undefined) return changed;
    }
    const { failure } = call;
    call.reply = PROBLEM;
    call.failure = undefined;
    const changed = await change(call, route, KINDS.onError, (status, headers) =>
      hooks.onError(index, status, headers, failure.message),
    );
    const reply = call.failure === undefined ? changed : PROBLEM;
    call.failure = failure;
    return reply;
  }
}

/** The reply as the hooks of a kind leave it. */
async function change(
  call: Call,
  route: Route,
  kind: string,
  run: (status: number, headers: string) => Settled<ChangedReply>,
): Promise<RawReply> {
  const [status, headers, body] = call.reply as RawReply;
  const changed = route.hooks.has(kind) ? await run(status, headers) : undefined;
  return changed === undefined ? [status, headers, body] : [changed[0], changed[1], changed[2] ?? body];
}

/** The kinds of hooks that settings declare. */
function hooksIn(settings: string): string[] {
  return settings === "" ? [] : (JSON.parse(settings).hooks ?? []);
}
