/**
 * `fetch` (https://fetch.spec.whatwg.org), on the operation `fetch` of the host. The classes `Request`, `Response` and
 * `Headers` are those of the engine.
 */
import { ownBytes } from "./bytes.js";
import { engine } from "./engine/engine.js";
import type { Content } from "./host/types.js";
import { OperationError, operate, type Result } from "./io.js";
import { Upload } from "./upload.js";

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
  const upload = uploadOf(init);
  const request = new Request(input, upload === undefined ? init : { ...init, body: null });
  const signal = init.signal ?? request.signal;
  if (upload !== undefined && (request.method === "GET" || request.method === "HEAD"))
    throw new TypeError(`a request with the method ${request.method} must not have a body`);
  const head = {
    method: request.method,
    url: request.url,
    headers: [...request.headers].filter(([name]) => name !== "content-length"),
    redirect: init.redirect ?? request.redirect ?? "follow",
    upload: upload?.number,
  };
  const result = upload
    ? startUpload(head, upload, signal)
    : operate("fetch", head, { body: await bodyOf(request), signal });
  try {
    const reply = await result;
    return responseOf(reply.status, reply.head as Head, reply.body as Uint8Array | undefined, signal);
  } catch (error) {
    throw networkError(error, request.url);
  }
}

/** Starts a request whose body is a stream. */
function startUpload(head: object, upload: Upload, signal: AbortSignal | null | undefined): Promise<Result> {
  const controller = new AbortController();
  const signals = signal ? [signal, controller.signal] : [controller.signal];
  const result = operate("fetch", head, { signal: AbortSignal.any(signals) });
  upload.sendWith(result, controller);
  return result;
}

/** Returns the stream in the options of a request. */
function uploadOf(init: RequestInit): Upload | undefined {
  const { body } = init;
  if (typeof body !== "object" || body === null || !("getReader" in body)) return undefined;
  if ((init as { duplex?: unknown }).duplex !== "half")
    throw new TypeError('a request with a stream as body needs the option `duplex: "half"`');
  return new Upload(body as ReadableStream<unknown>);
}

/** As the standard requires, a request that fails rejects with a `TypeError`. */
function networkError(error: unknown, url: string): unknown {
  if (!(error instanceof OperationError)) return error;
  return new TypeError(`the request to \`${url}\` failed: ${error.message}`, { cause: error });
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
