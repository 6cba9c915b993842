/**
 * Texts as they cross to the host, which takes Unicode alone: a lone surrogate becomes U+FFFD, as in WebIDL's
 * USVString. The bindings of QuickJS panic at one.
 */

const native = (String.prototype as { toWellFormed?: () => string }).toWellFormed;
// With the flag `u` a pair is one character, so only lone surrogates match.
const LONE = /[\ud800-\udfff]/gu;

/** The text with U+FFFD in the place of each lone surrogate. */
export function wellFormed(text: string): string {
  return native === undefined ? text.replace(LONE, "\ufffd") : native.call(text);
}

/** The escapes of a JSON text: a pair of surrogates, one alone, or any other. */
const ESCAPE = /\\(?:ud[89ab]..\\ud[c-f]..|(ud[89a-f]..)|.)/gis;

/** The same for a text made by `JSON.stringify`, which escapes lone surrogates. */
export function wellFormedJson(text: string): string {
  if (text.indexOf("\\ud") < 0) return text;
  return text.replace(ESCAPE, (found, lone: string | undefined) => (lone === undefined ? found : "\ufffd"));
}

/** An argument that must be a string. `what` names it in the error. */
export function textArgument(value: unknown, what: string): string {
  if (typeof value === "string") return wellFormed(value);
  throw new TypeError(`${what} is ${describe(value)}; give a string`);
}

/** A value in an error message. It must not throw, whatever the value is. */
export function describe(value: unknown): string {
  try {
    return `\`${String(value)}\``;
  } catch {
    return `of type \`${typeof value}\``;
  }
}
