/** MIME types (https://mimesniff.spec.whatwg.org/#parsing-a-mime-type). */
import { HTTP_SPACES, trim, trimEnd } from "./trim.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** A parameter: its name, and its value as a quoted string or as the text up to the next one. */
const PARAMETER = /;[\t\n\r ]*([^;=]*)(?:=(?:"((?:[^"\\]|\\.)*\\?)"?[^;]*|([^;]*)))?/gs;

/** Returns the MIME type of a text in its serialized form, or an empty text if there is none. */
export function mimeType(text: string): string {
  const semicolon = text.indexOf(";");
  const essence = trim(semicolon < 0 ? text : text.slice(0, semicolon), HTTP_SPACES);
  const slash = essence.indexOf("/");
  if (slash < 0 || !TOKEN.test(essence.slice(0, slash)) || !TOKEN.test(essence.slice(slash + 1))) return "";
  const parameters = new Map<string, string>();
  for (const [, given = "", quoted, plain] of (semicolon < 0 ? "" : text.slice(semicolon)).matchAll(
    PARAMETER,
  )) {
    const name = given.toLowerCase();
    const value =
      quoted?.replace(/\\(.)/gs, "$1") ?? (plain === undefined ? undefined : trimEnd(plain, HTTP_SPACES));
    if (value === undefined || (value === "" && quoted === undefined)) continue;
    if (TOKEN.test(name) && VALUE.test(value) && !parameters.has(name)) parameters.set(name, value);
  }
  const written = Array.from(parameters, ([name, value]) =>
    TOKEN.test(value) ? `;${name}=${value}` : `;${name}="${value.replace(/["\\]/g, "\\$&")}"`,
  );
  return essence.toLowerCase() + written.join("");
}
