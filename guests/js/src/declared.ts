/**
 * The settings that an app declares: the host checks their values at load, and `app.config` has them with their types.
 */
import { engine } from "./engine/engine.js";
import { config as readSetting } from "./environment.js";
import {
  isObjectSchema,
  type JsonSchema,
  type ObjectOf,
  objectMembers,
  type Schema,
  toJsonSchema,
} from "./schema.js";
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

const WHAT = "`config` of the app";
const TYPES = new Set<unknown>(["string", "integer", "number", "boolean"]);

/** Returns the schema of declared settings, or throws a `TypeError`. */
export function configSchema(declared: unknown): ConfigSchema {
  if ((typeof declared !== "object" && typeof declared !== "function") || declared === null)
    throw new TypeError(`${WHAT} is ${describe(declared)}; give an object of schemas`);
  const { properties, required } = (
    isObjectSchema(declared) ? objectMembers(declared, WHAT) : membersOfMap(declared)
  ) as Pick<ConfigSchema, "properties" | "required">;
  for (const [name, { type }] of Object.entries(properties)) {
    if (TYPES.has(type)) continue;
    throw new TypeError(
      `the setting \`${name}\` has the type ${describe(type)}; give string, integer, number or boolean`,
    );
  }
  // A setting with a default is not required, although some libraries list it.
  const needed = required.filter((name) => properties[name]?.default === undefined);
  return { type: "object", properties, required: needed };
}

/** Returns the members of a map from names to schemas. */
function membersOfMap(declared: object): ReturnType<typeof objectMembers> {
  const properties: Record<string, JsonSchema> = {};
  const needed: string[] = [];
  for (const [name, value] of Object.entries(declared)) {
    const { required, ...schema } = toJsonSchema(value, `the setting \`${name}\``);
    properties[name] = schema;
    if (required !== false) needed.push(name);
  }
  return { properties, required: needed };
}

/** The texts for true, the same as for parameters. */
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
      const text = readSetting(name);
      const value = text === undefined ? undefined : convert(text, property);
      settings?.set(name, value);
      return value;
    };
    Object.defineProperty(config, name, { get, enumerable: true });
  }
  return config;
}
