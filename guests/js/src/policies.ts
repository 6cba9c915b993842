/**
 * Policies of an app or a route, which the host enforces.
 */

/** A secret: its text, or the name of one that the operator supplies with `serve --secret NAME=env:VARIABLE`. */
export type Secret = string | { readonly secret: string };

/** Limits the rate of requests with a token bucket; the host rejects the rest with 429 and `retry-after`. */
export interface RateLimit {
  /** Requests in each period. */
  readonly requests: number;
  readonly per: "second" | "minute" | "hour";
  /** Maximum burst of requests; `requests` by default. */
  readonly burst?: number;
  /** Key of the bucket: the client's address (the default), the route, or the value of a header. */
  readonly by?: "client" | "route" | { readonly header: string };
}

/** Lets pages of other origins read replies (CORS, by the Fetch standard). */
export interface Cors {
  readonly origins: "*" | readonly string[];
  /** Allowed methods; those of the path's routes by default. */
  readonly methods?: readonly string[];
  /** Request headers that a page may send. */
  readonly headers?: "*" | readonly string[];
  /** Reply headers that a page may read. */
  readonly expose?: readonly string[];
  /** Whether pages may send cookies. Not allowed with origins `*`. */
  readonly credentials?: boolean;
  /** Time that a browser may cache the answer to a preflight request, in seconds. */
  readonly maxAge?: number;
}

/** Compresses replies for clients that accept it. */
export interface Compression {
  /** The algorithms in order of preference. */
  readonly algorithms?: readonly ("zstd" | "br" | "gzip")[];
  /** Minimum size of a compressed body, in bytes. */
  readonly minSize?: number;
  readonly level?: number;
}

/** Requires a JSON Web Token (RFC 7519). Its claims are `context.local.get("spikard.jwt")`. */
export interface Jwt {
  /** Accepted algorithms, such as `HS256`, `RS256`, `ES256` and `EdDSA`. */
  readonly algorithms: readonly string[];
  /** The key of the HS algorithms. */
  readonly secret?: Secret;
  /** The key of the other algorithms, in PEM. */
  readonly publicKey?: Secret;
  readonly audience?: string | readonly string[];
  readonly issuer?: string | readonly string[];
  /** Allowed clock difference, in seconds. */
  readonly leeway?: number;
  readonly requiredClaims?: readonly string[];
  readonly realm?: string;
  /** Whether the host accepts a request without a token; false by default. An invalid token still gets 401. */
  readonly optional?: boolean;
  /** The scheme in `authorization`; `Bearer` by default. It is case-insensitive. */
  readonly scheme?: string;
}

/** Requires an API key. The name of a named key is `context.local.get("spikard.api-key")`. */
export interface ApiKey {
  /** The keys, or an object from names to keys. */
  readonly keys: readonly Secret[] | { readonly [name: string]: Secret };
  /** Header that may carry the key; `x-api-key` by default, `null` for none. */
  readonly header?: string | null;
  /** Query parameter that may carry the key; `api_key` by default, `null` for none. */
  readonly query?: string | null;
  /** Cookie that may carry the key; none by default. */
  readonly cookie?: string | null;
  readonly realm?: string;
}

/** Gives each request an id, which its reply carries in a header. */
export interface RequestId {
  /** Header of the id; `x-request-id` by default. */
  readonly header?: string;
  /** Whether to accept a valid id from the client; true by default. */
  readonly accept?: boolean;
}

/** Serves the files of a folder inside the root directory that the operator sets with `serve --static-root`. */
export interface StaticFiles {
  /** Path prefix of the files, such as `/public`. */
  readonly prefix: string;
  /** The folder, relative to that root directory. */
  readonly folder: string;
  readonly cacheControl?: string;
  /** Whether a folder's path serves its `index.html`; false by default. */
  readonly index?: boolean;
  /** Whether to serve `a.js.br`, `a.js.zst` or `a.js.gz` for `a.js` if accepted; false by default. */
  readonly precompressed?: boolean;
}

/** The OpenAPI document of the app and its viewer. Members without a type here are objects of OpenAPI 3.1. */
export interface OpenApi {
  /** Path of the document; `/openapi.json` by default. */
  readonly path?: string;
  /** Path of the viewer; `/docs` by default. */
  readonly docs?: string;
  readonly title?: string;
  readonly description?: string;
  readonly termsOfService?: string;
  readonly contact?: { readonly name?: string; readonly url?: string; readonly email?: string };
  readonly license?: { readonly name: string; readonly identifier?: string; readonly url?: string };
  readonly servers?: readonly { readonly url: string; readonly [member: string]: unknown }[];
  readonly tags?: readonly { readonly name: string; readonly [member: string]: unknown }[];
  /** Security schemes that hooks or handlers check, by name. Those of the policies `jwt` and `apiKey` need no declaration. */
  readonly securitySchemes?: { readonly [name: string]: SecurityScheme };
}

/** A Security Scheme Object of OpenAPI 3.1. */
export interface SecurityScheme {
  readonly type: "apiKey" | "http" | "mutualTLS" | "oauth2" | "openIdConnect";
  readonly [member: string]: unknown;
}

/** The scopes that a route needs, by security scheme. */
export interface SecurityRequirement {
  readonly [scheme: string]: readonly string[];
}

/** Adds security headers to replies that do not set them. `null` omits a header. */
export interface SecurityHeaders {
  /** `x-content-type-options: nosniff`; true by default. */
  readonly contentTypeOptions?: boolean;
  /** `DENY` by default. */
  readonly frameOptions?: string | null;
  /** `no-referrer` by default. */
  readonly referrerPolicy?: string | null;
  /** `same-origin` by default. */
  readonly crossOriginOpenerPolicy?: string | null;
  /** `same-origin` by default. */
  readonly crossOriginResourcePolicy?: string | null;
  /** None by default. Set it, for example to `max-age=31536000`, if the whole domain uses TLS. */
  readonly strictTransportSecurity?: string | null;
  readonly contentSecurityPolicy?: string | null;
  readonly permissionsPolicy?: string | null;
}

/** Policies of an app or a route. A route's policy replaces the app's; `false` turns the app's off. */
export interface Policies {
  /** Maximum request body size, in bytes. The host rejects larger bodies with 413. */
  readonly bodyLimit?: number;
  /** Deadline of a call, in milliseconds. */
  readonly timeoutMs?: number;
  /** Status of a reply after the deadline; 504 by default. */
  readonly timeoutStatus?: 408 | 504;
  /**
   * Whether requests share instances of the component, and with them the variables of modules. `reuse`, the default,
   * serves one request after another with an instance; `fresh` uses a new one for each; `shared` lets
   * requests that wait for operations share one.
   */
  readonly instances?: "reuse" | "fresh" | "shared";
  /** Gives each request an id and sends it back in a header. */
  readonly requestId?: boolean | RequestId;
  readonly rateLimit?: false | RateLimit;
  readonly cors?: false | Cors;
  readonly compression?: boolean | Compression;
  readonly jwt?: false | Jwt;
  readonly apiKey?: false | ApiKey;
  /** Adds security headers to replies that do not set them. */
  readonly securityHeaders?: boolean | SecurityHeaders;
  /**
   * Security schemes that hooks or handlers check, for the OpenAPI document: a request needs one of the items. `[]` means
   * none.
   */
  readonly security?: readonly SecurityRequirement[];
}

/** Policies of an app, including those that routes do not have. */
export interface AppPolicies extends Policies {
  readonly static?: readonly StaticFiles[];
  /** Trailing-slash policy: `/a/` is not found (`strict`), redirects to `/a` with 308, or is served as `/a`. */
  readonly trailingSlash?: "strict" | "redirect" | "ignore";
  readonly openapi?: false | OpenApi;
  /** Secrets that the app uses. The host does not start without them. */
  readonly secrets?: readonly string[];
}
