/**
 * What the host enforces by itself, as an app and its routes declare it: the options, and the JSON they become.
 */

/** A secret: the text, or the name of one that the operator gives with `serve --secret NAME=env:VARIABLE`. */
export type Secret = string | { readonly secret: string };

/** How many requests are let through: a token bucket. Past it, 429 with `retry-after`. */
export interface RateLimit {
  /** Requests in each period. */
  readonly requests: number;
  readonly per: "second" | "minute" | "hour";
  /** Requests at once; as many as `requests` by default. */
  readonly burst?: number;
  /** Who has a bucket: each client address (the default), the route, or each value of a header. */
  readonly by?: "client" | "route" | { readonly header: string };
}

/** Which pages of other origins may use a route (the Fetch standard). */
export interface Cors {
  readonly origins: "*" | readonly string[];
  /** The methods that the path answers, by default. */
  readonly methods?: readonly string[];
  /** Request headers that a page may send. */
  readonly headers?: "*" | readonly string[];
  /** Reply headers that a page may read. */
  readonly expose?: readonly string[];
  /** Whether with cookies; not with origins `*`. */
  readonly credentials?: boolean;
  /** How long a browser may remember the answer, in seconds. */
  readonly maxAge?: number;
}

/** How replies are compressed, of what the client accepts. */
export interface Compression {
  /** In order of preference. */
  readonly algorithms?: readonly ("zstd" | "br" | "gzip")[];
  /** The shortest body that is compressed, in bytes. */
  readonly minSize?: number;
  readonly level?: number;
}

/** Which bearer tokens (RFC 7519) are let in. Their claims are `context.local.get("spikard.jwt")`. */
export interface Jwt {
  /** Such as `HS256`, `RS256`, `ES256` and `EdDSA`. */
  readonly algorithms: readonly string[];
  /** The key of the HS algorithms. */
  readonly secret?: Secret;
  /** The key of the others, in PEM. */
  readonly publicKey?: Secret;
  readonly audience?: string | readonly string[];
  readonly issuer?: string | readonly string[];
  /** By how much clocks may differ, in seconds. */
  readonly leeway?: number;
  readonly requiredClaims?: readonly string[];
  readonly realm?: string;
}

/** Which API keys are let in. The name of the one that fitted is `context.local.get("spikard.api-key")`. */
export interface ApiKey {
  /** The keys, or keys by name. */
  readonly keys: readonly Secret[] | { readonly [name: string]: Secret };
  /** The header that has the key; `x-api-key` by default. */
  readonly header?: string | null;
  /** The query parameter that may have it; `api_key` by default. */
  readonly query?: string | null;
  /** The cookie that may have it. */
  readonly cookie?: string | null;
  readonly realm?: string;
}

/** Where a request's id comes from, and goes. */
export interface RequestId {
  /** `x-request-id` by default. */
  readonly header?: string;
  /** Whether to take over the client's. */
  readonly accept?: boolean;
}

/** Files that the host serves, of the folder the operator grants with `serve --static-root`. */
export interface StaticFiles {
  /** The path before the files' own, such as `/public`. */
  readonly prefix: string;
  /** The folder, relative to the granted one. */
  readonly folder: string;
  readonly cacheControl?: string;
  /** Whether a folder is answered with its `index.html`. */
  readonly index?: boolean;
  /** Whether to send `a.js.br` for `a.js` to who accepts it. */
  readonly precompressed?: boolean;
}

/** The document of the app, and the page that shows it. Objects without a type here are those of OpenAPI 3.1. */
export interface OpenApi {
  /** `/openapi.json` by default. */
  readonly path?: string;
  /** `/docs` by default. */
  readonly docs?: string;
  readonly title?: string;
  readonly description?: string;
  readonly termsOfService?: string;
  readonly contact?: { readonly name?: string; readonly url?: string; readonly email?: string };
  readonly license?: { readonly name: string; readonly identifier?: string; readonly url?: string };
  readonly servers?: readonly { readonly url: string; readonly [member: string]: unknown }[];
  readonly tags?: readonly { readonly name: string; readonly [member: string]: unknown }[];
}

/** Headers that tell browsers to be careful. A text is the header's value, `null` leaves a default out. */
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
  /** None by default: whether all of a domain has TLS is the app's to say. */
  readonly strictTransportSecurity?: string | null;
  readonly contentSecurityPolicy?: string | null;
  readonly permissionsPolicy?: string | null;
}

/** What an app declares for its routes, and a route for itself instead; `false` turns the app's off. */
export interface Policies {
  /** The largest body in bytes; 413 beyond. */
  readonly bodyLimit?: number;
  /** The longest a call may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** The status of a call that takes longer; 504 by default. */
  readonly timeoutStatus?: 408 | 504;
  /**
   * Whether requests share instances of the component, and with them the values of a module's variables: one instance
   * for one request after another (the default), or one for each that no other request has met.
   */
  readonly instances?: "reuse" | "fresh";
  /** Whether the request's id is taken from the client and sent in the reply. */
  readonly requestId?: boolean | RequestId;
  readonly rateLimit?: false | RateLimit;
  readonly cors?: false | Cors;
  readonly compression?: boolean | Compression;
  readonly jwt?: false | Jwt;
  readonly apiKey?: false | ApiKey;
  /** Those that a reply has of its own win. */
  readonly securityHeaders?: boolean | SecurityHeaders;
}

/** What only an app declares. */
export interface AppPolicies extends Policies {
  readonly static?: readonly StaticFiles[];
  /** What becomes of a path that has a trailing slash too much or too few: 404, a 308 to the right one, or nothing. */
  readonly trailingSlash?: "strict" | "redirect" | "ignore";
  readonly openapi?: false | OpenApi;
}
