/**
 * Prepares strings for the host, which only accepts Unicode scalar values.
 *
 * A lone surrogate becomes U+FFFD, as in the `USVString` of Web IDL. The bindings of QuickJS would panic on it.
 */

const native = (String.prototype as { toWellFormed?: () => string }).toWellFormed;
// With the flag `u`, a surrogate pair is one character, so only lone surrogates match.
const LONE = /[\ud800-\udfff]/gu;

/** Replaces each lone surrogate with U+FFFD. */
export function wellFormed(text: string): string {
  return native === undefined ? text.replace(LONE, "\ufffd") : native.call(text);
}

/** Matches an escape of a JSON text: a surrogate pair, a lone surrogate (captured), or any other. */
const ESCAPE = /\\(?:ud[89ab]..\\ud[c-f]..|(ud[89a-f]..)|.)/gis;

/** Replaces each lone surrogate in the output of `JSON.stringify`, which escapes them. */
export function wellFormedJson(text: string): string {
  // QuickJS searches faster in `replace` than in `indexOf`, which compares at each position.
  if (text.replace("\\ud", "") === text) return text;
  return text.replace(ESCAPE, (found, lone: string | undefined) => (lone === undefined ? found : "\ufffd"));
}

/** Returns a string argument as well-formed text. `what` names the argument in the `TypeError` for another type. */
export function textArgument(value: unknown, what: string): string {
  if (typeof value === "string") return wellFormed(value);
  throw new TypeError(`${what} is ${describe(value)}; give a string`);
}

/** Formats a value for an error message. This function never throws. */
export function describe(value: unknown): string {
  try {
    return `\`${String(value)}\``;
  } catch {
    return `of type \`${typeof value}\``;
  }
}
