/**
 * Answers for what handlers and hooks throw.
 */
import { host } from "#host";
import type { RawReply } from "./host/types.js";
import { isHttpError, problem } from "./reply.js";
import { wellFormed } from "./text.js";

/**
 * The reply for what was thrown on purpose. Anything else is reported to the host, which answers for it: then
 * there is none. `who` threw it.
 */
export function answer(error: unknown, who: "handler" | "hook"): RawReply | undefined {
  let cause = error;
  if (isHttpError(error)) {
    try {
      return problem(error);
    } catch (invalid) {
      cause = invalid;
    }
  }
  const [message, detail] = explain(cause, who);
  host.report(wellFormed(message), wellFormed(detail));
  return undefined;
}

/** An error in a line, and its stack. It must not throw, whatever was thrown. */
function explain(error: unknown, who: string): [message: string, detail: string] {
  try {
    if (!(error instanceof Error)) return [`the ${who} threw ${describe(error)}`, ""];
    const stack = error.stack ?? "";
    const cause = error.cause === undefined ? "" : `\ncaused by ${explain(error.cause, who).join("\n")}`;
    return [String(error), stack + cause];
  } catch {
    return [`the ${who} threw something that has no text`, ""];
  }
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : `\`${String(value)}\``;
}
