/**
 * Replaces `\p{...}` in regular expressions, which is a syntax error on StarlingMonkey.
 */
import rewritePattern from "regexpu-core";
import { type Plugin, RolldownMagicString } from "rolldown";
import { type ParserOptions, parseSync, Visitor } from "rolldown/utils";

/** A Unicode property escape, in a regular expression or in a string that may become one. */
const PROPERTY = /\\[pP]\{/;

/** The syntax of a module, by the bundler's name for its type. */
const SYNTAX: Record<string, ParserOptions["lang"]> = { js: "js", jsx: "jsx", ts: "ts", tsx: "tsx" };

/** Returns a regular expression literal without property escapes. */
function withoutProperties(pattern: string, flags: string): string {
  let newFlags = flags;
  const text = rewritePattern(pattern, flags, {
    unicodePropertyEscapes: "transform",
    // Replaces the flag `v`, if the expression has it, with `u`.
    unicodeSetsFlag: "transform",
    onNewFlags: (value) => {
      newFlags = value;
    },
  });
  return `/${text}/${newFlags}`;
}

/** A plugin that replaces property escapes in literals. Without the flags `u` and `v`, `\p` is the letter p. */
export const expressionsPlugin: Plugin = {
  name: "spikard-wasm-expressions",
  transform: {
    filter: { code: PROPERTY },
    handler(code, id, { moduleType }) {
      const lang = SYNTAX[moduleType];
      if (lang === undefined) return null;
      const { program, errors } = parseSync(id, code, { lang });
      // The bundler reports syntax errors.
      if (errors.length > 0) return null;
      const text = new RolldownMagicString(code);
      const fail = (message: string, pos: number): never => this.error({ message, id }, pos);
      new Visitor({
        Literal(node) {
          if (!("regex" in node)) return;
          const { pattern, flags } = node.regex;
          if (!/[uv]/.test(flags) || !PROPERTY.test(pattern)) return;
          try {
            text.overwrite(node.start, node.end, withoutProperties(pattern, flags));
          } catch (error) {
            const reason = (error as Error).message;
            fail(`invalid regular expression \`/${pattern}/${flags}\`: ${reason}`, node.start);
          }
        },
      }).visit(program);
      if (!text.hasChanged()) return null;
      return { code: text.toString(), map: text.generateMap({ hires: true, source: id }) };
    },
  },
};

/** Returns code without its comments. */
export function withoutComments(code: string): string {
  let text = "";
  let at = 0;
  for (const { start, end } of parseSync("bundle.js", code).comments) {
    text += code.slice(at, start);
    at = end;
  }
  return text + code.slice(at);
}

/**
 * Returns a table for `engine/properties.ts` with the properties in the strings of a bundle, such as in
 * `new RegExp("\\p{L}", "u")`. Returns `undefined` if there is none.
 */
export function propertiesIn(code: string): Record<string, string> | undefined {
  if (!PROPERTY.test(code)) return undefined;
  const table: Record<string, string> = {};
  for (const [, property] of code.matchAll(/\\([pP]\{[\w=]+\})/g)) {
    if (property === undefined) continue;
    try {
      const set = rewritePattern(`\\${property}`, "u", {
        unicodePropertyEscapes: "transform",
        unicodeSetsFlag: "transform",
      });
      // A class of one character is written without brackets.
      table[property] = set.startsWith("[") ? set.slice(1, -1) : set;
    } catch {
      // The text is not a property, or a property of strings.
    }
  }
  return table;
}
