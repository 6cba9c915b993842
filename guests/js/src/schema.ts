/**
 * JSON Schemas of parameters and bodies, and the TypeScript types of their values.
 */

/** A JSON Schema (2020-12), as a plain object. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

declare const typed: unique symbol;

/** A JSON Schema of values of type `T`; `schema` returns it. */
export interface TypedSchema<T> extends JsonSchema {
  readonly [typed]: T;
}

/**
 * A schema of a library that implements Standard JSON Schema (https://standardschema.dev), such as Zod 4.2.
 * The host validates requests with its JSON Schema; the code of the library does not run per request.
 */
export interface StandardSchema {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined;
    readonly jsonSchema: {
      readonly input: (options: { target: "draft-2020-12" }) => Record<string, unknown>;
      readonly output?: (options: { target: "draft-2020-12" }) => Record<string, unknown>;
    };
  };
}

/** An object with a method that returns its JSON Schema, such as the schemas of some libraries. */
export interface SchemaSource {
  toJSONSchema(): object;
}

/** Anything that describes a value. */
export type Schema = JsonSchema | StandardSchema | SchemaSource;

/** Gives a JSON Schema the TypeScript type of its values, where inference does not reach: `schema<User>({...})`. */
export function schema<T>(jsonSchema: JsonSchema): TypedSchema<T> {
  return jsonSchema as TypedSchema<T>;
}

/** Flattens an intersection, for people who read the type. */
type Flat<T> = { [K in keyof T]: T[K] };

/** The names of members that are required or have a default. */
type RequiredNames<P, R> = {
  [K in keyof P]: K extends R ? K : P[K] extends { default: unknown } ? K : never;
}[keyof P];

/** An object with the members `P`, of which `R` are required. */
export type ObjectOf<P, R> = Flat<
  { -readonly [K in keyof P as K extends RequiredNames<P, R> ? K : never]: FromSchema<P[K]> } & {
    -readonly [K in keyof P as K extends RequiredNames<P, R> ? never : K]?: FromSchema<P[K]>;
  }
>;

/** The type of the values that a schema describes, or `unknown`. */
export type FromSchema<S> = S extends { readonly [typed]: infer T }
  ? T
  : S extends { readonly "~standard": { readonly types?: infer T } }
    ? NonNullable<T> extends { readonly input: infer I }
      ? I
      : unknown
    : S extends { readonly const: infer C }
      ? C
      : S extends { readonly enum: readonly (infer E)[] }
        ? E
        : S extends { readonly type: infer T }
          ? FromType<S, T>
          : unknown;

type FromType<S, T> = T extends "string"
  ? string
  : T extends "integer" | "number"
    ? number
    : T extends "boolean"
      ? boolean
      : T extends "null"
        ? null
        : T extends "array"
          ? S extends { readonly items: infer I }
            ? FromSchema<I>[]
            : unknown[]
          : T extends "object"
            ? S extends { readonly properties: infer P }
              ? ObjectOf<P, S extends { readonly required: readonly (infer R)[] } ? R : never>
              : Record<string, unknown>
            : unknown;

function isObject(value: unknown): value is Record<string, unknown> {
  return (
    (typeof value === "object" || typeof value === "function") && value !== null && !Array.isArray(value)
  );
}

/**
 * Returns the JSON Schema of a schema. `what` names it in an error. `direction` selects the input or the output of a
 * library's schema that converts values: requests are input, replies are output.
 */
export function toJsonSchema(
  value: unknown,
  what: string,
  direction: "input" | "output" = "input",
): JsonSchema {
  if (!isObject(value)) {
    throw new TypeError(`${what} is \`${String(value)}\`, which is not a schema: give a JSON Schema object`);
  }
  const standard = value["~standard"];
  if (isObject(standard)) {
    const source = standard.jsonSchema;
    const convert = isObject(source) ? (source[direction] ?? source.input) : undefined;
    if (typeof convert === "function") return convert.call(source, { target: "draft-2020-12" }) as JsonSchema;
    if (typeof value.toJSONSchema !== "function") {
      throw new TypeError(
        `${what} is a schema of \`${String(standard.vendor)}\`, which does not offer JSON Schema: convert it first`,
      );
    }
  }
  if (typeof value.toJSONSchema === "function") return value.toJSONSchema() as JsonSchema;
  return value;
}

/** Returns the properties of the schema of an object, and the names in its `required`. `what` names it in an error. */
export function objectMembers(
  value: unknown,
  what: string,
): { properties: { readonly [name: string]: unknown }; required: readonly unknown[] } {
  const { properties, required } = toJsonSchema(value, what);
  if (typeof properties !== "object" || properties === null) {
    throw new TypeError(`${what} is not the schema of an object with properties`);
  }
  return {
    properties: properties as { readonly [name: string]: unknown },
    required: Array.isArray(required) ? required : [],
  };
}

/** Returns true if a value is a schema rather than a map from names to schemas. */
export function isObjectSchema(value: object): boolean {
  return (
    "~standard" in value || "toJSONSchema" in value || typeof (value as { type?: unknown }).type === "string"
  );
}
