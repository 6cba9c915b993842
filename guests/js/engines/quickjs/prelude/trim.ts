/** Removes white space in linear time: a regular expression for the end of a text tries each position. */

export function trimStart(text: string, spaces: string): string {
  let start = 0;
  while (start < text.length && spaces.includes(text[start] as string)) start++;
  return text.slice(start);
}

export function trimEnd(text: string, spaces: string): string {
  let end = text.length;
  while (end > 0 && spaces.includes(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

export const trim = (text: string, spaces: string): string => trimStart(trimEnd(text, spaces), spaces);

/** White space of HTTP (https://fetch.spec.whatwg.org/#http-whitespace). */
export const HTTP_SPACES = "\t\n\r ";
