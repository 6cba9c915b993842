/**
 * The types of `wit/` in JavaScript, as the bindings of both engines represent them.
 */

/** The interfaces that a component imports. */
export interface Host {
  method(): string;
  path(): string;
  query(): string;
  /** Returns a header. A missing one is `undefined` on StarlingMonkey and `null` on QuickJS. */
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

/** The interface `local-context`. A function with a `result` in WIT throws its error, each engine in its own way. */
export interface HostContext {
  get(key: string): string | undefined | null;
  set(key: string, value: string | undefined): void;
}

/** The interface `global-context`. */
export interface HostGlobalContext extends HostContext {
  swap(key: string, expected: string | undefined, value: string | undefined): boolean;
  /** Adds to an integer. Integers are BigInts on StarlingMonkey and numbers on QuickJS. */
  add(key: string, delta: bigint | number): bigint | number;
}

/** The body of a request, as the host parsed it. */
export type Body =
  | { readonly tag: "empty" }
  | { readonly tag: "json" | "text" | "form"; readonly val: string }
  | { readonly tag: "bytes"; readonly val: Uint8Array };

/** The body of a reply. */
export type Content =
  | { readonly tag: "empty" }
  | { readonly tag: "json" | "text"; readonly val: string }
  | { readonly tag: "bytes"; readonly val: Uint8Array };

/** A reply: status, headers as a JSON array of pairs (empty string for none), body. */
export type RawReply = [status: number, headers: string, body: Content];

/** The result of the hooks before the handler: a reply that ends the request early, or `undefined`. */
export type EarlyReply = RawReply | undefined;

/** The result of the hooks after the handler: the changed reply, with its body if that changed, or `undefined`. */
export type ChangedReply = [status: number, headers: string, body: Content | undefined] | undefined;

/** One route of a description. The last four members are JSON documents or empty strings. */
export interface RouteRecord {
  method: string;
  path: string;
  name: string;
  parameters: string;
  body: string;
  replies: string;
  settings: string;
}

/** The description of an app, which `describe` returns. */
export interface Description {
  name: string;
  version: string;
  routes: RouteRecord[];
  settings: string;
}

/** A value, or a promise that the engine's bindings await. */
export type Settled<T> = T | Promise<T>;

/** The interface `hooks`. */
export interface HookExports {
  onRequest(route: number): Settled<EarlyReply>;
  preValidation(route: number): Settled<EarlyReply>;
  preHandler(route: number, params: string): Settled<EarlyReply>;
  onResponse(route: number, status: number, headers: string): Settled<ChangedReply>;
  onError(route: number, status: number, headers: string, message: string): Settled<ChangedReply>;
}

/** The interfaces that a component exports. */
export interface Component {
  definition: { describe(): Description };
  handler: { handle(route: number, params: string, body: Body): Settled<RawReply> };
  hooks: HookExports;
}
