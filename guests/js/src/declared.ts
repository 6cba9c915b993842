/**
 * The settings that an app declares: the host checks their values at load, and `app.config` has them with their types.
 */
import { engine } from "./engine/engine.js";
import { operateNow } from "./io.js";
import { isObjectSchema, type JsonSchema, type ObjectOf, type Schema, toJsonSchema } from "./schema.js";
import { describe } from "./text.js";

/**
 * The schema of a setting: one of text, a number or a boolean. A setting without a `default` is required unless it has
 * `required: false`.
 */
export type SettingSchema = JsonSchema & { readonly required?: boolean };

/** The declared settings: a map from names to schemas, or the schema of an object, such as one of a library. */
export type ConfigDeclaration = { readonly [name: string]: SettingSchema } | Schema;

/** The names of settings that always have a value. */
type Required<C> = { [N in keyof C]: C[N] extends { readonly required: false } ? never : N }[keyof C];

/** The values of declared settings. */
export type ConfigOf<C> = C extends {
  readonly "~standard": { readonly types?: infer T };
}
  ? NonNullable<T> extends { readonly output: infer O }
    ? Readonly<O>
    : Readonly<Record<string, unknown>>
  : C extends { readonly type: "object"; readonly properties: infer P }
    ? Readonly<ObjectOf<P, C extends { readonly required: readonly (infer R)[] } ? R : never>>
    : C extends { toJSONSchema(): object }
      ? Readonly<Record<string, unknown>>
      : Readonly<ObjectOf<C, Required<C>>>;

/** The schema of all settings of an app. */
export interface ConfigSchema {
  readonly type: "object";
  readonly properties: { readonly [name: string]: JsonSchema };
  readonly required: readonly string[];
}

const TYPES = new Set<unknown>(["string", "integer", "number", "boolean"]);

/** Returns the schema of declared settings, or throws a `TypeError`. */
export function configSchema(declared: unknown): ConfigSchema {
  if (typeof declared !== "object" && typeof declared !== "function")
    throw new TypeError(`\`config\` of the app is ${describe(declared)}; give an object of schemas`);
  const schema = isObjectSchema(declared as object)
    ? toJsonSchema(declared, "`config` of the app")
    : fromMap(declared as { readonly [name: string]: unknown });
  const { properties, required = [] } = schema as Partial<ConfigSchema>;
  if (typeof properties !== "object" || properties === null)
    throw new TypeError("`config` of the app is not the schema of an object with properties");
  for (const [name, { type }] of Object.entries(properties)) {
    if (TYPES.has(type)) continue;
    throw new TypeError(
      `the setting \`${name}\` has the type ${describe(type)}; give ${[...TYPES].join(", ").replace(/, (\w+)$/, " or $1")}`,
    );
  }
  // Some libraries count a setting with a default as required.
  const needed = required.filter((name) => properties[name]?.default === undefined);
  return { type: "object", properties, required: needed };
}

function fromMap(declared: { readonly [name: string]: unknown }): ConfigSchema {
  const properties: Record<string, JsonSchema> = {};
  const needed: string[] = [];
  for (const [name, value] of Object.entries(declared)) {
    const { required, ...schema } = toJsonSchema(value, `the setting \`${name}\``);
    properties[name] = schema;
    if (required !== false && schema.default === undefined) needed.push(name);
  }
  return { type: "object", properties, required: needed };
}

const NOT_FOUND = 404;
/** The texts that are true; the host accepts the same for parameters. */
const TRUE = /^(?:true|1|yes|on)$/i;

/** Returns the text of a setting as a value of its type. The host has checked it. */
function convert(text: string, { type }: JsonSchema): unknown {
  if (type === "integer" || type === "number") return Number(text);
  return type === "boolean" ? TRUE.test(text) : text;
}

/** Returns an object with a property for each setting, which reads its value from the host. */
export function configObject(schema: ConfigSchema): object {
  const config = {};
  for (const [name, property] of Object.entries(schema.properties)) {
    const get = (): unknown => {
      const { settings } = engine;
      if (settings?.has(name)) return settings.get(name);
      const { status, body } = operateNow("config.get", { name });
      const value = status === NOT_FOUND ? undefined : convert(body as string, property);
      settings?.set(name, value);
      return value;
    };
    Object.defineProperty(config, name, { get, enumerable: true });
  }
  return config;
}
