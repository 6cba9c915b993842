/**
 * The options of routes, and the types of `params` and `body` that follow from them.
 */
import type { Context } from "./context.js";
import type { RouteHooks } from "./hooks.js";
import type { Policies } from "./policies.js";
import type { FromSchema, JsonSchema, ObjectOf, Schema } from "./schema.js";

/**
 * The schema of one parameter. In addition to the keywords of JSON Schema, `required: true` makes the parameter
 * required, and `style` and `explode` (OpenAPI 3.1) select its format: `a=1,2` is `explode: false`, and
 * `a[x]=1&a[y]=2` is `style: "deepObject"`.
 */
export type ParameterSchema = JsonSchema & {
  readonly required?: boolean;
  readonly style?: string;
  readonly explode?: boolean;
};

/**
 * Parameters of one kind: a map from names to schemas, or the schema of an object with a member for each parameter,
 * such as a schema of a library. The `required` list of the object names the required parameters.
 */
export type Parameters = { readonly [name: string]: ParameterSchema } | Schema;

/** A declared reply: the schema of its body, a description, or both. */
export type DeclaredReply = string | Schema | { readonly description: string; readonly schema?: Schema };

/** The options of a route. The host validates requests against them, and replies with `serve --dev` only. */
export interface RouteOptions extends Policies {
  /** Path parameters. An undeclared one is a string. */
  readonly path?: Parameters;
  /** Parameters of the query string. */
  readonly query?: Parameters;
  /** Headers. In `params`, `x-api-key` is `x_api_key`. */
  readonly headers?: Parameters;
  /** Cookies. In `params`, `session-id` is `session_id`. */
  readonly cookies?: Parameters;
  /** The schema of a JSON body. */
  readonly body?: Schema;
  /** The schema of a form, sent as `application/x-www-form-urlencoded` or `multipart/form-data`. */
  readonly form?: Schema;
  /** The schema of a form that is only accepted as `multipart/form-data`. */
  readonly multipart?: Schema;
  /** Whether a request must have its declared body. True by default. */
  readonly bodyRequired?: boolean;
  /** Status of replies that do not set their own; 200 by default, or 204 without a body. */
  readonly status?: number;
  /** The schema of the handler's reply with this status. A string is text, any other type is JSON. */
  readonly response?: Schema;
  /** Replies of other statuses. */
  readonly responses?: { readonly [status: number]: DeclaredReply };
  /** Hooks of this route, which run after those of the app. */
  readonly hooks?: RouteHooks;
  /** Name of the route in logs and metrics; the handler's name by default. */
  readonly name?: string;
  /** Summary of the route in the OpenAPI document. */
  readonly summary?: string;
  /** Description of the route in the OpenAPI document. */
  readonly description?: string;
  /** Tags that group routes in the OpenAPI document. */
  readonly tags?: readonly string[];
  /** Whether the route is deprecated. */
  readonly deprecated?: boolean;
  /** Whether the handler gets the body as bytes, whatever its content type. */
  readonly rawBody?: boolean;
}

/** The bindings of a path pattern: `x`, `n:int` and `*rest` for `/a/{x}/{n:int}/{*rest}`. */
type Bound<P extends string> = P extends `${string}{${infer N}}${infer Rest}` ? N | Bound<Rest> : never;

/** The name in a binding. */
type NameOf<B extends string> = B extends `*${infer Name}`
  ? Name
  : B extends `${infer Name}:${string}`
    ? Name
    : B;

/** The TypeScript type of a binding, such as `number` for `n:int`. */
type PathValue<B extends string> = B extends `${string}:${"int" | "integer" | "float" | "number"}`
  ? number
  : B extends `${string}:${"bool" | "boolean"}`
    ? boolean
    : string;

/** The type of a member of an object, or an empty object if it has no such member. */
type Get<O, K extends string> = O extends { readonly [Name in K]: infer V } ? V : Record<never, never>;

type PathParams<P extends string, O> = {
  [B in Bound<P> as NameOf<B>]: Get<O, "path"> extends { readonly [Name in NameOf<B>]: infer S }
    ? FromSchema<S>
    : PathValue<B>;
};

/** The names in a map of parameters that are marked as required. */
type MarkedNames<G> = { [N in keyof G]: G[N] extends { readonly required: true } ? N : never }[keyof G];

type GroupParams<G> = G extends
  | { readonly "~standard": unknown }
  | { readonly type: string }
  | { toJSONSchema(): object }
  ? FromSchema<G>
  : ObjectOf<G, MarkedNames<G>>;

/** The name of a header or cookie in `params`. */
type KeyOf<N> = N extends `${infer A}-${infer B}`
  ? KeyOf<`${A}_${B}`>
  : N extends string
    ? Lowercase<N>
    : never;
type Renamed<T> = { [N in keyof T as KeyOf<N>]: T[N] };

/** The type of `params`. */
export type ParamsOf<P extends string, O> = PathParams<P, O> &
  GroupParams<Get<O, "query">> &
  Renamed<GroupParams<Get<O, "headers">>> &
  Renamed<GroupParams<Get<O, "cookies">>>;

/** The type of `body`. */
export type BodyOf<O> = O extends { readonly rawBody: true }
  ? Uint8Array
  : O extends { readonly body: infer S } | { readonly form: infer S } | { readonly multipart: infer S }
    ? FromSchema<S> | (O extends { readonly bodyRequired: false } ? undefined : never)
    : unknown;

/**
 * Answers a request. It returns an object or array for JSON, a string for text, a `Uint8Array` for bytes, `undefined`
 * for no body, or a `Reply`. It can be async, and can throw an `HttpError`.
 */
export type Handler<Params = Record<string, unknown>, Body = unknown, Provided extends object = object> = (
  context: Context<Params, Body> & Provided,
) => unknown;
