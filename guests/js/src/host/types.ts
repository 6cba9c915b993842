/**
 * What crosses the boundary to the host, as both engines spell the types of `wit/`.
 */

/** The interfaces a component imports. */
export interface Host {
  method(): string;
  path(): string;
  query(): string;
  /** `undefined` on StarlingMonkey, `null` on QuickJS, when there is none. */
  header(name: string): string | undefined | null;
  headers(): [name: string, value: Uint8Array][];
  cookie(name: string): string | undefined | null;
  cookies(): [name: string, value: string][];
  peer(): string;
  id(): string;
  rawBody(): Uint8Array;
  file(part: number): Uint8Array | undefined | null;
  /** Fails the call in progress. */
  report(message: string, detail: string): void;
  readonly local: HostContext;
  readonly global: HostGlobalContext;
  /** The body of the reply in progress; `undefined` in a component of a world without hooks. */
  readonly replyBody: (() => Content) | undefined;
}

/** The interface `local-context`. What WIT has as `result<_, string>` throws, each engine in its own way. */
export interface HostContext {
  get(key: string): string | undefined | null;
  set(key: string, value: string | undefined): void;
}

/** The interface `global-context`. */
export interface HostGlobalContext extends HostContext {
  swap(key: string, expected: string | undefined, value: string | undefined): boolean;
  /** The integers are big ones on StarlingMonkey, numbers on QuickJS. */
  add(key: string, delta: bigint | number): bigint | number;
}

/** A request's body, as the host read it. */
export type Body =
  | { readonly tag: "empty" }
  | { readonly tag: "json" | "text" | "form"; readonly val: string }
  | { readonly tag: "bytes"; readonly val: Uint8Array };

/** A reply's body. */
export type Content =
  | { readonly tag: "empty" }
  | { readonly tag: "json" | "text"; readonly val: string }
  | { readonly tag: "bytes"; readonly val: Uint8Array };

/** A reply: status, headers as a JSON array of pairs (or ""), body. */
export type RawReply = [status: number, headers: string, body: Content];

/** What the first three hooks return: a reply that ends the request early, or nothing. */
export type EarlyReply = RawReply | undefined;

/** What the last two hooks return: the changed reply, its body only if that changed; or nothing. */
export type ChangedReply = [status: number, headers: string, body: Content | undefined] | undefined;

/** One route of a description. The strings hold JSON documents, or nothing. */
export interface RouteRecord {
  method: string;
  path: string;
  name: string;
  parameters: string;
  body: string;
  replies: string;
  settings: string;
}

/** What `describe` returns. */
export interface Description {
  name: string;
  version: string;
  routes: RouteRecord[];
  settings: string;
}

/** A value, or what the engine makes of the promise of one. */
export type Settled<T> = T | Promise<T>;

/** The interface `hooks`. */
export interface HookExports {
  onRequest(route: number): Settled<EarlyReply>;
  preValidation(route: number): Settled<EarlyReply>;
  preHandler(route: number, params: string): Settled<EarlyReply>;
  onResponse(route: number, status: number, headers: string): Settled<ChangedReply>;
  onError(route: number, status: number, headers: string, message: string): Settled<ChangedReply>;
}

/** The interfaces a component exports. */
export interface Component {
  definition: { describe(): Description };
  handler: { handle(route: number, params: string, body: Body): Settled<RawReply> };
  hooks: HookExports;
}
