/**
 * A test client: calls an app in node, without a host.
 *
 * It matches paths and converts parameters to their declared types in a simple way, and checks nothing
 * against a schema: that is the host's work. What a handler is given and what becomes of what it
 * returns is the same as in a component.
 */
import type { Spikard } from "./app.js";
import { replaceHost } from "./host/node.js";
import type { Body, Content, RouteRecord } from "./host/types.js";

/** A file of a form. */
export interface TestFile {
  readonly filename: string;
  readonly contentType?: string;
  readonly bytes: Uint8Array;
}

/** What a test sends. At most one of `json`, `text`, `form` and `bytes` is the body. */
export interface TestRequest {
  readonly query?: string | Record<string, string | readonly string[]>;
  readonly headers?: Record<string, string>;
  readonly cookies?: Record<string, string>;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  readonly form?: Record<string, unknown>;
}

/** What a handler failed with. The host would log it, and answer with status 500. */
export interface Failure {
  readonly message: string;
  readonly detail: string;
}

/** A reply. */
export class TestReply {
  readonly status: number;
  /** The headers the handler set, names in lower case. */
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

interface Parameter {
  name: string;
  in: string;
  key?: string;
  schema: { type?: unknown; default?: unknown; items?: { type?: unknown } };
}

interface Route {
  record: RouteRecord;
  index: number;
  pattern: RegExp;
  names: string[];
  parameters: Parameter[];
}

/** Calls an app's routes. */
export class TestClient {
  private readonly handle;
  private readonly routes: Route[];

  /** An app that is not well defined throws here what the host would print. */
  constructor(app: Spikard) {
    const { definition, handler } = app.component();
    let records: RouteRecord[];
    try {
      records = definition.describe().routes;
    } catch (sentence) {
      throw new TypeError(String(sentence));
    }
    this.handle = handler.handle;
    this.routes = records.map((record, index) => ({
      record,
      index,
      ...compile(record.path),
      parameters: record.parameters === "" ? [] : JSON.parse(record.parameters),
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
    let failure: Failure | undefined;
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
        failure = { message, detail };
      },
    });
    try {
      const values = new URLSearchParams(query);
      const bound = route.pattern.exec(path)?.slice(1).map(decodeURIComponent) ?? [];
      const params = paramsText(route, (parameter) => {
        if (parameter.in === "query") return values.getAll(parameter.name);
        const one =
          parameter.in === "path"
            ? bound[route.names.indexOf(parameter.name)]
            : parameter.in === "header"
              ? header(parameter.name)
              : request.cookies?.[parameter.name];
        return one === undefined ? [] : [one];
      });
      const [status, headersText, content] = await this.handle(route.index, params, body);
      return failure === undefined
        ? new TestReply(status, headersText, content, undefined)
        : new TestReply(500, "", { tag: "empty" }, failure);
    } finally {
      replaceHost({});
    }
  }
}

/** A path pattern as a regular expression. */
function compile(path: string): { pattern: RegExp; names: string[] } {
  const names: string[] = [];
  const source = path.replace(/\{(\*?)([^{}]*)\}|[^{}]+/g, (text, rest: string | undefined, name: string) => {
    if (name === undefined) return text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
    names.push(name);
    return rest === "*" ? "(.+)" : "([^/]+)";
  });
  return { pattern: new RegExp(`^${source}$`), names };
}

function queryText(query: TestRequest["query"]): string {
  if (typeof query === "string" || query === undefined) return query ?? "";
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) values.append(name, one);
  }
  return values.toString();
}

function paramsText(route: Route, sent: (parameter: Parameter) => string[]): string {
  const undeclared = route.names.filter(
    (name) => !route.parameters.some((one) => one.in === "path" && one.name === name),
  );
  const all = [
    ...undeclared.map((name): Parameter => ({ name, in: "path", schema: {} })),
    ...route.parameters,
  ];
  if (all.length === 0) return "";
  const params: Record<string, unknown> = {};
  for (const parameter of all) {
    const { schema, key = parameter.name } = parameter;
    const texts = sent(parameter);
    if (schema.type === "array" && texts.length > 0)
      params[key] = texts.map((text) => convert(text, schema.items?.type));
    else if (texts[0] !== undefined) params[key] = convert(texts[0], schema.type);
    else if (schema.default !== undefined) params[key] = schema.default;
  }
  return JSON.stringify(params);
}

function convert(text: string, type: unknown): unknown {
  if (type === "integer" || type === "number")
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

function rawBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}

/** The body as the host would hand it over; the bytes of its files go to `files`. */
function bodyOf(request: TestRequest, settings: string, files: Uint8Array[]): Body {
  const raw = settings !== "" && JSON.parse(settings).raw_body === true;
  const as = (tag: "json" | "text" | "form", val: string): Body =>
    raw ? { tag: "bytes", val: rawBytes(val) } : { tag, val };
  if (request.json !== undefined) return as("json", JSON.stringify(request.json));
  if (request.text !== undefined) return as("text", request.text);
  if (request.bytes !== undefined) return { tag: "bytes", val: request.bytes };
  if (request.form === undefined) return { tag: "empty" };
  const file = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(file);
    if (typeof value !== "object" || value === null || !("bytes" in value)) return value;
    const { filename, contentType, bytes } = value as TestFile;
    return { part: files.push(bytes) - 1, filename, content_type: contentType, size: bytes.length };
  };
  return as(
    "form",
    JSON.stringify(Object.fromEntries(Object.entries(request.form).map(([k, v]) => [k, file(v)]))),
  );
}
