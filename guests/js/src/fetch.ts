/**
 * `fetch` (https://fetch.spec.whatwg.org), on the operation `fetch` of the host. The classes `Request`, `Response` and
 * `Headers` are those of the engine.
 */
import { ownBytes } from "./bytes.js";
import { engine } from "./engine/engine.js";
import type { Content } from "./host/types.js";
import { OperationError, operate } from "./io.js";

/** The head of a result. */
interface Head {
  readonly url?: string;
  readonly redirected?: boolean;
  readonly headers?: [name: string, value: string][];
  /** The number of a body that has not ended. */
  readonly body?: number;
}

/** A body of a `Response`. The type library of browsers has this type, and that of Node.js does not. */
export type ResponseBody = NonNullable<ConstructorParameters<typeof Response>[0]>;

/** A body that the host is receiving. */
export interface IncomingBody {
  /** Returns the next bytes, or `undefined` at the end. */
  pull(): Promise<Uint8Array | undefined>;
  /** Ends the body early. */
  cancel(): void;
}

/** Statuses of responses without a body. */
const BODILESS = new Set([101, 103, 204, 205, 304]);

/** Sends a request, and returns its response as soon as its head has arrived. */
export async function fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
  const collected = await withoutStream(init);
  const request = new Request(input, collected);
  const signal = init.signal ?? request.signal;
  const head = {
    method: request.method,
    url: request.url,
    headers: [...request.headers].filter(([name]) => name !== "content-length"),
    redirect: init.redirect ?? request.redirect ?? "follow",
  };
  const body = await bodyOf(request);
  try {
    const result = await operate("fetch", head, { body, signal });
    return responseOf(result.status, result.head as Head, result.body as Uint8Array | undefined, signal);
  } catch (error) {
    throw networkError(error, request.url);
  }
}

/** As the standard requires, a request that fails rejects with a `TypeError`. */
function networkError(error: unknown, url: string): unknown {
  if (!(error instanceof OperationError)) return error;
  return new TypeError(`the request to \`${url}\` failed: ${error.message}`, { cause: error });
}

/** Reads a stream in `init` to its end: the host sends complete bodies. */
async function withoutStream(init: RequestInit): Promise<RequestInit> {
  const { body } = init;
  if (typeof body !== "object" || body === null || !("getReader" in body)) return init;
  const parts: Uint8Array[] = [];
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(ownBytes(value));
  }
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { ...init, body: bytes };
}

async function bodyOf(request: Request): Promise<Content | undefined> {
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.length === 0 ? undefined : { tag: "bytes", val: bytes };
}

function responseOf(
  status: number,
  head: Head,
  bytes: Uint8Array | undefined,
  signal: AbortSignal | null | undefined,
): Response {
  if (status < 200 || status > 599)
    throw new TypeError(`the response has the status ${status}, which a Response cannot have`);
  const first = bytes === undefined ? undefined : ownBytes(bytes);
  let body: ResponseBody | null = null;
  if (head.body !== undefined) {
    const incoming = incomingBody(head.body, first, signal);
    if (BODILESS.has(status)) incoming.cancel();
    else body = engine.incoming(incoming);
  } else if (!BODILESS.has(status)) {
    body = (first ?? new Uint8Array()) as Uint8Array<ArrayBuffer>;
  }
  const response = new Response(body, { status, headers: head.headers ?? [] });
  return withOrigin(response, head.url ?? "", head.redirected === true);
}

/** Sets the members of a response that its constructor cannot set. */
function withOrigin(response: Response, url: string, redirected: boolean): Response {
  const { clone } = response;
  const members: Record<string, unknown> = { url, redirected };
  if (clone !== undefined) members.clone = () => withOrigin(clone.call(response), url, redirected);
  for (const [name, value] of Object.entries(members))
    Object.defineProperty(response, name, { value, configurable: true, enumerable: false });
  return response;
}

function incomingBody(
  body: number,
  first: Uint8Array | undefined,
  signal: AbortSignal | null | undefined,
): IncomingBody {
  let next = first;
  let ended = false;
  const pull = async (): Promise<Uint8Array | undefined> => {
    if (next !== undefined && next.length > 0) {
      const bytes = next;
      next = undefined;
      return bytes;
    }
    while (!ended) {
      const result = await operate("fetch.read", { body }, { signal }).catch((error: unknown) => {
        ended = true;
        if (signal?.aborted) close();
        throw networkError(error, "the server");
      });
      ended = result.head.end === true;
      if (result.body !== undefined && (result.body as Uint8Array).length > 0)
        return ownBytes(result.body as Uint8Array);
    }
    return undefined;
  };
  const close = () => {
    ended = true;
    // It does not wait, and nothing is left to do if it fails.
    operate("fetch.close", { body }).catch(() => {});
  };
  return { pull, cancel: close };
}
