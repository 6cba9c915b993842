/**
 * What crosses the boundary to the host, as both engines spell the types of `wit/`.
 */

/** The interfaces a component imports: `request` and `failure`. */
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

/** The two interfaces a component exports. */
export interface Component {
  definition: { describe(): Description };
  handler: { handle(route: number, params: string, body: Body): RawReply | Promise<RawReply> };
}
