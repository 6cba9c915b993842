/**
 * Errors for the client, which handlers and hooks throw.
 */
import type { HeadersInit } from "./headers.js";

/** The reason phrases of RFC 9110 and its registry, for the titles of problem documents. */
const REASONS: { readonly [status: number]: string } = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  418: "I'm a teapot",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  507: "Insufficient Storage",
  508: "Loop Detected",
  511: "Network Authentication Required",
};

/** Returns the reason phrase of a status. */
export function reason(status: number): string {
  return REASONS[status] ?? `Status ${status}`;
}

/** Options of an `HttpError`. */
export interface HttpErrorOptions {
  /** Additional headers of the reply. A `content-type` replaces `application/problem+json`. */
  readonly headers?: HeadersInit;
  /** Further members of the problem document (RFC 9457). `type`, `title` and `instance` replace the defaults. */
  readonly extensions?: { readonly [member: string]: unknown };
}

/**
 * An error for the client. Throw it in a handler or hook to reply with a problem document (RFC 9457). The host logs
 * any other error and replies with status 500 without details.
 *
 * ```js
 * throw new HttpError(404, `no user ${id}`);
 * throw new HttpError(409, "the name is taken", { extensions: { suggestion: "ann2" } });
 * ```
 */
export class HttpError extends Error {
  override readonly name = "HttpError";
  /** The reply's status. */
  readonly status: number;
  /** Additional headers of the reply. */
  readonly headers: HeadersInit | undefined;
  /** Further members of the problem document. */
  readonly extensions: HttpErrorOptions["extensions"];

  /** `options` can be the headers alone. */
  constructor(status: number, detail: string, options?: HttpErrorOptions | HeadersInit) {
    super(detail);
    const { headers, extensions } = isOptions(options) ? options : { headers: options };
    this.status = status;
    this.headers = headers;
    this.extensions = extensions;
  }

  /** The body of the reply: the problem document. */
  toJSON(): object {
    const { status, message, extensions } = this;
    return { type: "about:blank", title: reason(status), status, detail: message, ...extensions };
  }
}

function isOptions(value: HttpErrorOptions | HeadersInit | undefined): value is HttpErrorOptions {
  return value !== undefined && ("extensions" in value || "headers" in value);
}

/** Returns true for an `HttpError`. */
export function isHttpError(error: unknown): error is HttpError {
  return error instanceof HttpError;
}
