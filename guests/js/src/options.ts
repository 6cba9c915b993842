/**
 * What a route may declare, and the types its handler gets for it.
 */
import type { Context } from "./context.js";
import type { RouteHooks } from "./hooks.js";
import type { Policies } from "./policies.js";
import type { FromSchema, JsonSchema, ObjectOf, Schema } from "./schema.js";

/**
 * The schema of one parameter. Beside its keywords, `required: true` when a request must have it, and `style` and
 * `explode` (OpenAPI 3.1) when it is written in another way than the usual: `a=1,2` is `explode: false`, and
 * `a[x]=1&a[y]=2` is `style: "deepObject"`.
 */
export type ParameterSchema = JsonSchema & {
  readonly required?: boolean;
  readonly style?: string;
  readonly explode?: boolean;
};

/**
 * Parameters of one kind: either a map from names to schemas, or one schema of an object with a
 * member for each (what a schema library gives), where its `required` list says which must be there.
 */
export type Parameters = { readonly [name: string]: ParameterSchema } | Schema;

/** A reply as a route declares it: the schema of its body; a text that says when it is sent; or both. */
export type DeclaredReply = string | Schema | { readonly description: string; readonly schema?: Schema };

/** What a route declares. The host checks and enforces it; of replies, it checks them with `serve --dev` only. */
export interface RouteOptions extends Policies {
  /** Parameters of the path. One that is not declared is a string. */
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
  /** The status of a reply that does not name its own. 200 by default; 204 for no body. */
  readonly status?: number;
  /** The schema of what the handler returns with this status. A string is text, anything else JSON. */
  readonly response?: Schema;
  /** Replies of other statuses. */
  readonly responses?: { readonly [status: number]: DeclaredReply };
  /** Hooks of this route alone, which run after those of the app. */
  readonly hooks?: RouteHooks;
  /** What logs call the route. The handler's name by default. */
  readonly name?: string;
  /** A line about the route, for people. */
  readonly summary?: string;
  /** More about the route, for people. */
  readonly description?: string;
  /** Groups the route belongs to, for people. */
  readonly tags?: readonly string[];
  /** Whether clients should stop using it, for people. */
  readonly deprecated?: boolean;
  /** Hands the body over as bytes, whatever its content type. */
  readonly rawBody?: boolean;
}

/** What a path pattern binds, as it is written: of `/a/{x}/{n:int}/{*rest}`, `x`, `n:int` and `*rest`. */
type Bound<P extends string> = P extends `${string}{${infer N}}${infer Rest}` ? N | Bound<Rest> : never;

/** The name in a binding. */
type NameOf<B extends string> = B extends `*${infer Name}`
  ? Name
  : B extends `${infer Name}:${string}`
    ? Name
    : B;

/** The values of a type that a path names. */
type PathValue<B extends string> = B extends `${string}:${"int" | "integer" | "float" | "number"}`
  ? number
  : B extends `${string}:${"bool" | "boolean"}`
    ? boolean
    : string;

/** The member of an object, if it has one. */
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

/** A header's or a cookie's name as a member of `params`. */
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
 * Answers a request with what it returns: an object or array as JSON, a string as text, a `Uint8Array`
 * as bytes, `undefined` as no body, or a `Reply`. It may be async. It may throw an `HttpError`.
 */
export type Handler<Params = Record<string, unknown>, Body = unknown> = (
  context: Context<Params, Body>,
) => unknown;
