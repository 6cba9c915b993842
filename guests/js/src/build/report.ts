/**
 * Explains the errors of the bundler, each in one sentence.
 */
import { relative, resolve } from "node:path";
import type { RolldownError } from "rolldown";

/** Returns where an error is, such as `src/app.js:3:7`. The columns of the bundler begin with 0. */
function place(error: RolldownError, folder: string): string {
  // For an unsupported file type, the bundler returns the source instead of the name.
  const file = [error.id, error.loc?.file].find((name) => name !== undefined && !name.includes("\n"));
  if (file === undefined) return "the app";
  const path = relative(process.cwd(), resolve(folder, file));
  return error.loc === undefined ? path : `${path}:${error.loc.line}:${error.loc.column + 1}`;
}

/** Returns the labels of the source excerpt, which the bundler prints below the summary. */
function label(message: string): string {
  const labels = [...message.matchAll(/╰─+ *([^\n]*)/g)].map((match) => match[1]?.trim() ?? "");
  return labels.filter((text) => text !== "").join("; ");
}

function explain(error: RolldownError, folder: string): string {
  const summary = error.message.split("\n")[0] ?? "";
  const what = summary.replace(/^\[[A-Z_]+\] */, "").replace(/\.$/, "");
  const details = label(error.message);
  const note = details === "" || what.includes(details) ? "" : ` (${details})`;
  const kind = error.code === "PARSE_ERROR" ? "syntax error: " : "";
  return `${place(error, folder)}: ${kind}${what}${note}`;
}

/** Converts an error of the bundler, which ran in `folder`, to one with a sentence for each of its errors. */
export function readable(error: unknown, folder: string): unknown {
  const errors = (error as { errors?: RolldownError[] }).errors;
  if (!Array.isArray(errors) || errors.length === 0) return error;
  return new Error(errors.map((each) => explain(each, folder)).join("\n"), { cause: error });
}
