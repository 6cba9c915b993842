/**
 * Parts of schemas that several features use.
 */
import { schema } from "@spikard/wasm";

/** Some visible character, and no NUL, which PostgreSQL cannot store. */
const NOT_BLANK = "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$";
const NO_NUL = "^[^\\u0000]*$";

/** A text that is not blank. */
export function text(maxLength: number) {
  return { type: "string", pattern: NOT_BLANK, maxLength } as const;
}

/** A text, or null, which an empty text means too. */
export function optionalText(maxLength: number) {
  return schema<string | null>({ type: ["string", "null"], pattern: NO_NUL, maxLength });
}

/** A body with one member, such as `{"user": {...}}`. */
export function envelope<const Name extends string, const S>(name: Name, content: S) {
  return {
    type: "object",
    properties: { [name]: content } as { readonly [N in Name]: S },
    required: [name],
  } as const;
}
