/** Turns the files of test data into cases. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Reads a file of JSON. */
export const json = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));

/** Texts between the cases are comments. */
const objects = (list) => list.filter((item) => typeof item === "object");

const MEMBERS = "href origin protocol username password host hostname port pathname search hash".split(" ");

export function urls(list) {
  return objects(list).map(({ input, base, failure, ...members }) => {
    const name = base === null || base === undefined ? `<${input}>` : `<${input}> against <${base}>`;
    const expected = Object.fromEntries(Object.entries(members).filter(([key]) => MEMBERS.includes(key)));
    return { name, input, base, expected: failure ? null : expected };
  });
}

export function setters({ comment, ...attributes }) {
  return Object.entries(attributes).flatMap(([attribute, list]) =>
    list.map(({ href, new_value: value, expected }) => {
      return { name: `<${href}> ${attribute} = <${value}>`, href, attribute, value, expected };
    }),
  );
}

/** Statuses of checks that the URL Standard leaves out: CheckHyphens and VerifyDnsLength. */
const LEFT_OUT = ["V2", "V3", "A4_1", "A4_2"];
/** Characters that a host must not have. */
const FORBIDDEN = /[\0-\x20"#%/:<>?@[\\\]^`{|}\x7f]/g;

/** The lines of IdnaTestV2.txt as hosts of URLs. */
export function domains(text) {
  const unescaped = (field) =>
    field === '""'
      ? ""
      : field.replace(/\\u([0-9A-F]{4})|\\x\{([0-9A-F]+)\}/gi, (_, four, any) =>
          four === undefined
            ? String.fromCodePoint(Number.parseInt(any, 16))
            : String.fromCharCode(Number.parseInt(four, 16)),
        );
  const codes = (field) => field.match(/\w+/g) ?? [];
  return text.split("\n").flatMap((line) => {
    const [name, unicode, unicodeStatus, ascii, asciiStatus] = line
      .replace(/#.*/, "")
      .split(";")
      .map((field) => field.trim());
    if (unicode === undefined) return [];
    const source = unescaped(name);
    const status = codes(asciiStatus === "" ? unicodeStatus : asciiStatus);
    const host = unescaped(ascii || unicode || name);
    // Other rules than those of URLs: STD3, IPv4 addresses, empty texts, and texts that are not Unicode.
    if (
      source === "" ||
      status.includes("U1") ||
      /(^|\.)(\d+|0x[\da-f]*)\.?$/i.test(host) ||
      !source.isWellFormed()
    )
      return [];
    const fails =
      host === "" || host.search(FORBIDDEN) >= 0 || status.some((code) => !LEFT_OUT.includes(code));
    const input = source.replace(FORBIDDEN, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
    return [{ name, input, host: fails ? null : host }];
  });
}

/**
 * Values of the header, without those that contain a comma, which starts another type in a header. A value is bytes,
 * and surrounding space is removed; a value with other characters throws.
 */
export function contentTypes(list) {
  const values = objects(list).filter(({ input }) => !input.includes(","));
  return values.map(({ input, output }) => {
    const valid = !/[\0\n\r]|[^\0-\xff]/.test(input.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, ""));
    return valid ? { name: input, input, type: output ?? "" } : { name: input, input };
  });
}

export function scripts(folder) {
  const valid = { pass: true, "pass-explicit": true, fail: false, early: false };
  return Object.keys(valid).flatMap((kind) =>
    readdirSync(join(folder, kind))
      .filter((file) => file.endsWith(".js") && !file.endsWith(".module.js"))
      .sort()
      .map((file) => {
        return {
          name: `${kind}/${file}`,
          code: readFileSync(join(folder, kind, file), "utf8"),
          valid: valid[kind],
        };
      }),
  );
}

/** Cases of Wycheproof. An "acceptable" case has no required result. */
export function vectors(file, only, more) {
  return json(file).testGroups.flatMap((group) =>
    group.tests
      .filter((test) => test.result !== "acceptable" && only(group, test))
      .map(({ tcId, comment, flags, result, ...test }) => {
        const name = [more.hash, tcId, comment].filter(Boolean).join(" ");
        return { name, ...test, ...more, valid: result === "valid" };
      }),
  );
}
