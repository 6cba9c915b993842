/**
 * Converts the requests of the test client to the headers and bytes that a client would send.
 */

/** A file in a form. */
export interface TestFile {
  readonly filename: string;
  readonly contentType?: string;
  readonly bytes: Uint8Array;
}

/** A request of a test. Set at most one of `json`, `text`, `form` and `bytes`. */
export interface TestRequest {
  readonly query?: string | Record<string, string | readonly string[]>;
  /** The headers. A list sends one header line for each value. */
  readonly headers?: Record<string, string | readonly string[]>;
  readonly cookies?: Record<string, string>;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  /** Strings, files, and lists of them. With a file the form is `multipart/form-data`, otherwise URL-encoded. */
  readonly form?: Record<string, unknown>;
  /**
   * Values of the local context at the start, such as the claims of a token: `{ "spikard.jwt": { sub: "ann" } }`.
   * The policy that would set the value does not check the request.
   */
  readonly local?: Record<string, unknown>;
  /** Cancels the call when it aborts, as the host does when the client disconnects. */
  readonly signal?: AbortSignal;
}

/** Header fields, with names in lower case. */
export type Fields = [name: string, value: string][];

/** Returns the query string. */
export function queryText(query: TestRequest["query"]): string {
  if (typeof query === "string" || query === undefined) return query ?? "";
  const values = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) values.append(name, one);
  }
  return values.toString();
}

/** Returns the headers and the body of a request. */
export async function write(request: TestRequest): Promise<{ headers: Fields; body: Uint8Array }> {
  const headers = Object.entries(request.headers ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [
      name.toLowerCase(),
      // White space around a header value is not part of it (RFC 9110, section 5.5).
      one.replace(/^[ \t]+|[ \t]+$/g, ""),
    ]),
  );
  const cookies = Object.entries(request.cookies ?? {}).map(([name, value]) => `${name}=${value}`);
  if (cookies.length > 0) headers.push(["cookie", cookies.join("; ")]);
  const [type, body] = await content(request);
  if (type !== undefined && !headers.some(([name]) => name === "content-type"))
    headers.push(["content-type", type]);
  return { headers, body };
}

async function content(request: TestRequest): Promise<[type: string | undefined, body: Uint8Array]> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  if (request.json !== undefined) return ["application/json", bytes(JSON.stringify(request.json))];
  if (request.text !== undefined) return ["text/plain; charset=utf-8", bytes(request.text)];
  if (request.bytes !== undefined) return ["application/octet-stream", request.bytes];
  if (request.form === undefined) return [undefined, new Uint8Array()];
  const fields = Object.entries(request.form).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, unknown] => [name, one]),
  );
  if (!fields.some(([, value]) => isFile(value))) {
    const text = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, String(value)]));
    return ["application/x-www-form-urlencoded", bytes(text.toString())];
  }
  const form = new FormData();
  for (const [name, value] of fields) {
    if (!isFile(value)) {
      form.append(name, String(value));
      continue;
    }
    const blob = new Blob([value.bytes], { type: value.contentType ?? "" });
    form.append(name, blob, value.filename);
  }
  const encoded = new Response(form);
  return [encoded.headers.get("content-type") ?? undefined, new Uint8Array(await encoded.arrayBuffer())];
}

function isFile(value: unknown): value is TestFile {
  return typeof value === "object" && value !== null && "bytes" in value;
}
