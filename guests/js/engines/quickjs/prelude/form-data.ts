/** `FormData` (https://xhr.spec.whatwg.org/#interface-formdata), and the content type `multipart/form-data`. */
import { fillRandom } from "spikard:natives/crypto";
import { decode, encode, find } from "spikard:natives/text";
import { Blob, blobBytes, File } from "./blob.ts";
import { concat, expose, need, usv } from "./define.ts";
import { iterable } from "./url.ts";

type Entry = [name: string, value: string | File];

function entry(name: unknown, value: unknown, filename: unknown, count: number): Entry {
  if (value instanceof Blob) {
    const given = count > 2 ? usv(filename) : undefined;
    const file = value instanceof File && given === undefined;
    const lastModified = value instanceof File ? value.lastModified : Date.now();
    const named = file ? value : new File([value], given ?? "blob", { type: value.type, lastModified });
    return [usv(name), named];
  }
  if (count > 2) throw new TypeError("the value of a field with a file name is not a Blob; give one");
  return [usv(name), usv(value)];
}

export class FormData {
  #entries: Entry[] = [];

  constructor(form?: undefined) {
    if (form !== undefined)
      throw new TypeError("FormData takes no form element on QuickJS; add the fields with `append`");
  }

  append(name: string, value: string | Blob, filename?: string): void {
    need(2, arguments.length, "append");
    this.#entries.push(entry(name, value, filename, arguments.length));
  }
  delete(name: string): void {
    need(1, arguments.length, "delete");
    const key = usv(name);
    this.#entries = this.#entries.filter(([own]) => own !== key);
  }
  get(name: string): string | File | null {
    need(1, arguments.length, "get");
    const key = usv(name);
    return this.#entries.find(([own]) => own === key)?.[1] ?? null;
  }
  getAll(name: string): (string | File)[] {
    need(1, arguments.length, "getAll");
    const key = usv(name);
    return this.#entries.filter(([own]) => own === key).map(([, value]) => value);
  }
  has(name: string): boolean {
    need(1, arguments.length, "has");
    const key = usv(name);
    return this.#entries.some(([own]) => own === key);
  }
  set(name: string, value: string | Blob, filename?: string): void {
    need(2, arguments.length, "set");
    const next = entry(name, value, filename, arguments.length);
    const at = this.#entries.findIndex(([own]) => own === next[0]);
    if (at < 0) this.#entries.push(next);
    else {
      this.#entries[at] = next;
      this.#entries = this.#entries.filter(([own], index) => index <= at || own !== next[0]);
    }
  }
  forEach(callback: (value: string | File, name: string, form: FormData) => void, self?: unknown): void {
    if (typeof callback !== "function") throw new TypeError("`forEach` needs a function");
    for (const [name, value] of this) callback.call(self, value, name, this);
  }
  *entries(): Generator<Entry> {
    for (let at = 0; at < this.#entries.length; at++) yield [...(this.#entries[at] as Entry)];
  }
  *keys(): Generator<string> {
    for (const [name] of this.entries()) yield name;
  }
  *values(): Generator<string | File> {
    for (const [, value] of this.entries()) yield value;
  }
  declare [Symbol.iterator]: () => Generator<Entry>;
}
iterable(FormData);
expose({ FormData }, { FormData: 0, append: 2, set: 2, forEach: 1 });

const escape = (text: string): string =>
  text.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22");
const lines = (text: string): string => text.replace(/\r\n|\r|\n/g, "\r\n");

/** Serializes a form as `multipart/form-data`. */
export function serialize(form: FormData): { bytes: Uint8Array<ArrayBuffer>; type: string } {
  const random = new Uint8Array(12);
  fillRandom(random);
  const boundary = `----formdata-spikard-${Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  const parts: Uint8Array[] = [];
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escape(lines(name))}"`;
    if (typeof value === "string") parts.push(encode(`${head}\r\n\r\n${lines(value)}\r\n`));
    else {
      const type = value.type || "application/octet-stream";
      parts.push(encode(`${head}; filename="${escape(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`));
      parts.push(blobBytes(value), encode("\r\n"));
    }
  }
  parts.push(encode(`--${boundary}--\r\n`));
  return { bytes: concat(parts), type: `multipart/form-data; boundary=${boundary}` };
}

const malformed = (reason: string): TypeError =>
  new TypeError(`the body is not valid multipart/form-data: ${reason}`);

/** Parses `multipart/form-data`. */
export function parse(bytes: Uint8Array<ArrayBuffer>, boundary: string): FormData {
  const form = new FormData();
  const delimiter = encode(`--${boundary}`);
  const separator = encode(`\r\n--${boundary}`);
  const blank = encode("\r\n\r\n");
  const first = find(bytes, delimiter, 0);
  if (first < 0) throw malformed("it has no boundary");
  if (first > 0 && !(bytes[first - 1] === 10 && bytes[first - 2] === 13))
    throw malformed("a boundary has no line");
  for (let at = first + delimiter.length; ; ) {
    if (bytes[at] === 45 && bytes[at + 1] === 45) return form;
    if (bytes[at] !== 13 || bytes[at + 1] !== 10)
      throw malformed("a boundary is not followed by a line break");
    // A part without headers starts with the blank line, whose first half ends the boundary.
    const head = find(bytes, blank, at);
    if (head < 0) throw malformed("a part has no blank line after its headers");
    const start = head + blank.length;
    const end = find(bytes, separator, start - 2);
    if (end < 0) throw malformed("a part has no end");
    add(
      form,
      decode(0, bytes.subarray(at, head), false, false) as string,
      bytes.slice(start, Math.max(start, end)),
    );
    at = end + separator.length;
  }
}

function add(form: FormData, head: string, content: Uint8Array<ArrayBuffer>): void {
  const header = (name: string): string | undefined =>
    new RegExp(`(?:^|\\r\\n)${name}:[ \\t]*([^\\r\\n]*)`, "i").exec(head)?.[1];
  const disposition = header("content-disposition") ?? "";
  const read = (name: string): string | undefined =>
    new RegExp(`;[ \\t]*${name}="([^"]*)"`, "i")
      .exec(disposition)?.[1]
      ?.replace(/%0A|%0D|%22/gi, (code) => decodeURIComponent(code));
  const name = read("name");
  if (!/^form-data\b/i.test(disposition) || name === undefined) throw malformed("a part has no name");
  const filename = read("filename");
  if (filename === undefined) form.append(name, decode(0, content, false, false) as string);
  else form.append(name, new File([content], filename, { type: header("content-type") ?? "text/plain" }));
}
