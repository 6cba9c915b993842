/** MIME types (https://mimesniff.spec.whatwg.org/#parsing-a-mime-type). */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** A type and a subtype, and the parameters. */
const TYPE = /^[\t\n\r ]*([^/]*)\/([^;]*?)[\t\n\r ]*(;.*)?$/s;
/** A parameter: its name, and its value as a quoted string or as the text up to the next one. */
const PARAMETER = /;[\t\n\r ]*([^;=]*)(?:=(?:"((?:[^"\\]|\\.)*\\?)"?[^;]*|([^;]*)))?/gs;

/** Returns the MIME type of a text in its serialized form, or an empty text if there is none. */
export function mimeType(text: string): string {
  const [, type = "", subtype = "", rest = ""] = TYPE.exec(text.replace(/[\t\n\r ]+$/, "")) ?? [];
  if (!TOKEN.test(type) || !TOKEN.test(subtype)) return "";
  const parameters = new Map<string, string>();
  for (const [, given = "", quoted, plain] of rest.matchAll(PARAMETER)) {
    const name = given.toLowerCase();
    const value = quoted?.replace(/\\(.)/gs, "$1") ?? plain?.replace(/[\t\n\r ]+$/, "");
    if (value === undefined || (value === "" && quoted === undefined)) continue;
    if (TOKEN.test(name) && VALUE.test(value) && !parameters.has(name)) parameters.set(name, value);
  }
  const written = Array.from(parameters, ([name, value]) =>
    TOKEN.test(value) ? `;${name}=${value}` : `;${name}="${value.replace(/["\\]/g, "\\$&")}"`,
  );
  return `${type}/${subtype}`.toLowerCase() + written.join("");
}
