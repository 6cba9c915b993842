/**
 * Replies for the errors of handlers and hooks.
 */
import { engine } from "./engine/engine.js";
import { isHttpError } from "./errors.js";
import type { RawReply } from "./host/types.js";
import { problem } from "./reply.js";
import { wellFormed } from "./text.js";

/**
 * Returns the problem document of an `HttpError`. Reports any other error to the host, which then replies itself, and
 * returns `undefined`. `who` names the source of the error.
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
  engine.report(wellFormed(message), wellFormed(detail));
  return undefined;
}

/** Returns the message of an error in one line, and its stack. This function never throws. */
function explain(error: unknown, who: string): [message: string, detail: string] {
  try {
    if (!(error instanceof Error)) return [`the ${who} threw ${describe(error)}`, ""];
    const stack = error.stack ?? "";
    const cause = error.cause === undefined ? "" : `\ncaused by ${explain(error.cause, who).join("\n")}`;
    return [String(error), stack + cause];
  } catch {
    return [`the ${who} threw a value that cannot be converted to a string`, ""];
  }
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : `\`${String(value)}\``;
}
