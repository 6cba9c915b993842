/**
 * Converts the options of a route to its description: JSON documents with the keywords of OpenAPI 3.1.
 */
import type { Dependencies } from "./dependencies.js";
import type { Exceptions } from "./exceptions.js";
import { hookSetting } from "./hooks.js";
import type { RouteRecord } from "./host/types.js";
import { safeIntegers } from "./integers.js";
import type { RouteOptions } from "./options.js";
import { repliesText } from "./replies.js";
import { isObjectSchema, type JsonSchema, objectMembers, toJsonSchema } from "./schema.js";
import { POLICIES, policySettings } from "./settings.js";

/** A route as the app defined it. */
export interface Definition {
  readonly method: string;
  readonly path: string;
  readonly options: RouteOptions;
  readonly handler: unknown;
  /** The dependencies of the routers around it, the outermost first. */
  readonly dependencies?: readonly Dependencies[];
  readonly exceptions?: Exceptions;
}

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  schema: JsonSchema;
  style?: string;
  explode?: boolean;
  key?: string;
}

const OPTIONS = new Set<string>([
  "path",
  "query",
  "headers",
  "cookies",
  "body",
  "form",
  "multipart",
  "bodyRequired",
  "status",
  "response",
  "responses",
  "hooks",
  "name",
  "summary",
  "description",
  "tags",
  "deprecated",
  "rawBody",
  ...Object.keys(POLICIES),
]);

/** The types in a path pattern that are integers. */
const INTEGER = new Set<string | undefined>(["int", "integer"]);

/** Returns the description of a route. Throws a `TypeError` or `RangeError` if its definition is invalid. */
export function describeRoute({ method, path, options, handler }: Definition): RouteRecord {
  const route = `\`${method.toUpperCase()} ${path}\``;
  if (typeof handler !== "function") throw new TypeError(`route ${route} has no handler: give a function`);
  for (const name of Object.keys(options)) {
    if (OPTIONS.has(name)) continue;
    throw new TypeError(
      `route ${route} has no option \`${name}\`; the options are ${[...OPTIONS].join(", ")}`,
    );
  }
  const list = parameters(path, options, route);
  return {
    method,
    path,
    name: options.name ?? handler.name,
    parameters: list.length === 0 ? "" : JSON.stringify(list),
    body: bodyText(options, route),
    replies: repliesText(options, route),
    settings: settingsText({
      ...policySettings({ ...options }, POLICIES, `route ${route}`),
      hooks: hookSetting(options.hooks, `route ${route}`),
      raw_body: options.rawBody,
      summary: options.summary,
      description: options.description,
      tags: options.tags,
      deprecated: options.deprecated,
    }),
  };
}

/** Returns the settings as a JSON object, or an empty string if none is set. */
export function settingsText(settings: Record<string, unknown>): string {
  const text = JSON.stringify(settings);
  return text === "{}" ? "" : text;
}

function parameters(path: string, options: RouteOptions, route: string): Parameter[] {
  const segments = Array.from(path.matchAll(/\{\*?([^{}]*)\}/g), (match) => (match[1] as string).split(":"));
  const bound = segments.map(([name]) => name as string);
  const inPath = group(options.path, "path", route);
  const list = [
    ...inPath,
    // `{id:int}` is short for an integer schema. Declare it here, so that it gets the safe range.
    ...segments
      .filter(([name, type]) => INTEGER.has(type) && !inPath.some((one) => one.name === name))
      .map(([name]) => parameter(name as string, "path", true, { type: "integer" })),
    ...group(options.query, "query", route),
    ...group(options.headers, "header", route),
    ...group(options.cookies, "cookie", route),
  ];
  const seen = new Set<string>();
  for (const parameter of list) {
    const key = parameter.key ?? parameter.name;
    if (parameter.in === "path" && !bound.includes(parameter.name)) {
      throw new TypeError(
        `route ${route} declares the path parameter \`${parameter.name}\`, which its path does not have`,
      );
    }
    if (seen.has(key) || (parameter.in !== "path" && bound.includes(key))) {
      throw new TypeError(`route ${route} declares two parameters \`${key}\`: rename one`);
    }
    seen.add(key);
  }
  return list;
}

/** Returns the parameters of one kind. */
function group(declared: RouteOptions["query"], kind: string, route: string): Parameter[] {
  if (declared === undefined) return [];
  const what = `the ${kind} option of route ${route}`;
  if (typeof declared !== "object" && typeof declared !== "function") {
    throw new TypeError(`${what} is \`${String(declared)}\`: give an object of schemas`);
  }
  if (!isObjectSchema(declared)) {
    return Object.entries(declared).map(([name, value]) => {
      const of = `the ${kind} parameter \`${name}\` of route ${route}`;
      if (typeof value === "object" && value !== null && "~standard" in value) {
        throw new TypeError(
          `${of} is a schema of a library: give one schema of an object with all ${kind} parameters`,
        );
      }
      const { required, style, explode, ...rest } = toJsonSchema(value, of);
      // A list in `required` is a keyword of JSON Schema; a boolean is the SDK's own option.
      const schema = Array.isArray(required) ? { ...rest, required } : rest;
      return {
        ...parameter(name, kind, required === true, schema),
        ...(style === undefined ? {} : { style: style as string }),
        ...(explode === undefined ? {} : { explode: explode as boolean }),
      };
    });
  }
  const { properties, required } = objectMembers(declared, what);
  return Object.entries(properties).map(([name, schema]) =>
    parameter(
      name,
      kind,
      required.includes(name),
      toJsonSchema(schema, `the ${kind} parameter \`${name}\` of route ${route}`),
    ),
  );
}

function parameter(name: string, kind: string, required: boolean, schema: JsonSchema): Parameter {
  const made: Parameter = {
    name,
    in: kind,
    required: kind === "path" || required,
    schema: safeIntegers(schema),
  };
  const key = kind === "header" || kind === "cookie" ? name.toLowerCase().replaceAll("-", "_") : name;
  return key === name ? made : { ...made, key };
}

function bodyText(options: RouteOptions, route: string): string {
  const given = (["body", "form", "multipart"] as const).filter((name) => options[name] !== undefined);
  const [kind, other] = given;
  if (kind === undefined) return "";
  if (other !== undefined)
    throw new TypeError(`route ${route} has both \`${kind}\` and \`${other}\`: give one of them`);
  const schema = safeIntegers(toJsonSchema(options[kind], `the ${kind} option of route ${route}`));
  const types = {
    body: ["application/json"],
    form: ["application/x-www-form-urlencoded", "multipart/form-data"],
    multipart: ["multipart/form-data"],
  }[kind];
  const content = Object.fromEntries(types.map((type) => [type, { schema }]));
  return JSON.stringify({ required: options.bodyRequired ?? true, content });
}
