/**
 * What the host makes of a request, for the test client: the parameters' text and the body.
 */
import type { Body, RouteRecord } from "./host/types.js";

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
  /** Values of the local context at the start, such as the claims of a token: `{ "spikard.jwt": { sub: "ann" } }`. */
  readonly local?: Record<string, unknown>;
}

/** A parameter, as a description has it. */
export interface Parameter {
  name: string;
  in: string;
  key?: string;
  style?: string;
  explode?: boolean;
  schema: { type?: unknown; default?: unknown; items?: { type?: unknown } };
}

/** A route, and how its path is matched. */
export interface Route {
  record: RouteRecord;
  index: number;
  pattern: RegExp;
  names: string[];
  parameters: Parameter[];
  /** The kinds of hooks that it or the app declares. */
  hooks: Set<string>;
}

/** A path pattern as a regular expression. */
export function compile(path: string): { pattern: RegExp; names: string[] } {
  const names: string[] = [];
  const source = path.replace(/\{(\*?)([^{}]*)\}|[^{}]+/g, (text, rest: string | undefined, name: string) => {
    if (name === undefined) return text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
    // The type of `{id:int}` is no part of the name.
    names.push(name.split(":")[0] as string);
    return rest === "*" ? "(.+)" : "([^/]+)";
  });
  return { pattern: new RegExp(`^${source}$`), names };
}

/** The query, as a URL has it. */
export function queryText(query: TestRequest["query"]): string {
  if (typeof query === "string" || query === undefined) return query ?? "";
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) values.append(name, one);
  }
  return values.toString();
}

/** The parameters as JSON. `sent` gives the texts of those that are not in the query. */
export function paramsText(
  route: Route,
  query: URLSearchParams,
  sent: (parameter: Parameter) => string[],
): string {
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
    const texts = parameter.in === "query" ? queryTexts(parameter, query) : sent(parameter);
    const members = parameter.style === "deepObject" ? deepObject(parameter.name, query) : [];
    if (members.length > 0) params[key] = Object.fromEntries(members);
    else if (schema.type === "array" && texts.length > 0)
      params[key] = texts.map((text) => convert(text, schema.items?.type));
    else if (texts[0] !== undefined) params[key] = convert(texts[0], schema.type);
    else if (schema.default !== undefined) params[key] = schema.default;
  }
  return JSON.stringify(params);
}

/** The texts of a query parameter: one for each time it occurs, or for each item between commas. */
function queryTexts({ name, explode, schema }: Parameter, query: URLSearchParams): string[] {
  const texts = query.getAll(name);
  return explode === false && schema.type === "array" ? texts.flatMap((text) => text.split(",")) : texts;
}

/** The members of `name[member]=text`, as texts. */
function deepObject(name: string, query: URLSearchParams): [member: string, text: string][] {
  return [...query].flatMap(([key, text]): [string, string][] =>
    key.startsWith(`${name}[`) && key.endsWith("]") ? [[key.slice(name.length + 1, -1), text]] : [],
  );
}

function convert(text: string, type: unknown): unknown {
  if (type === "integer" || type === "number")
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
  if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}

/** The bytes of a text, or the bytes themselves. */
export function rawBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}

/** The body as the host would hand it over; the bytes of its files go to `files`. */
export function bodyOf(request: TestRequest, settings: string, files: Uint8Array[]): Body {
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
