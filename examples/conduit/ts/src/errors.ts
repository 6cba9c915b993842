/**
 * Errors in Conduit's form: `{"errors": {"title": ["can't be blank"]}}`.
 */
import { type HookContext, type HookReply, HttpError, Reply } from "@spikard/wasm";

/** An error for the client, about one part of the request. */
export class ConduitError extends HttpError {
  private readonly field: string;

  constructor(status: number, field: string, message: string) {
    super(status, message);
    this.field = field;
  }

  override toJSON() {
    return { errors: { [this.field]: [this.message] } } as never;
  }
}

/** Gives a `ConduitError` the content type of other replies. An `HttpError` has that of a problem document. */
export function relabelError(reply: HookReply): void {
  if (reply.status >= 400) reply.headers.set("content-type", "application/json");
}

export const notFound = (what: string) => new ConduitError(404, what, "not found");
export const forbidden = (what: string) => new ConduitError(403, what, "is not yours");

/** An entry of `errors` in the host's problem document. */
interface InvalidValue {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input?: unknown;
  readonly ctx?: { readonly max_length?: number };
}

/** Replaces the host's problem document, for example that of an invalid body. */
export function explainError(reply: HookReply, _context: HookContext): Reply {
  const { title, errors } = reply.body as { title: string; errors?: readonly InvalidValue[] };
  return new Reply(
    { errors: errors === undefined ? { body: [title] } : byField(errors) },
    { status: reply.status },
  );
}

function byField(invalid: readonly InvalidValue[]): { [field: string]: string[] } {
  const fields: { [field: string]: string[] } = {};
  for (const value of invalid) {
    // The place in the body without its envelope and without indices: `tagList` for `article.tagList[0]`.
    const field = value.loc.findLast((part) => typeof part === "string") as string;
    const message = explain(value);
    const messages = fields[field] ?? [];
    if (!messages.includes(message)) fields[field] = [...messages, message];
  }
  return fields;
}

function explain({ type, input, msg, ctx }: InvalidValue): string {
  if (type === "missing" || input === null || (typeof input === "string" && input.trim() === "")) {
    return "can't be blank";
  }
  if (type === "string_too_long") return `is too long (at most ${ctx?.max_length} characters)`;
  if (type === "string_pattern_mismatch") return "is invalid";
  return msg;
}
