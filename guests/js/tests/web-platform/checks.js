/**
 * The checks of the suites, which run in an engine. A check gets a case of `data.js`, and returns a description of the
 * failure, or `undefined` if the case passes.
 */
import { MEMBERS } from "./members.js";
import { differs, shown, throws } from "./tools.js";

const hex = (text) => Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const toHex = (data) =>
  Array.from(new Uint8Array(data), (byte) => byte.toString(16).padStart(2, "0")).join("");

// Not the globals: a script that is valid after all may declare others.
const { Function: compile, eval: evaluate } = globalThis;

/** Returns the syntax error of a script, or `undefined`. `compile` does not call the function. */
function syntaxError(code, valid) {
  try {
    compile(code);
    // The body of a function may contain more than a script, such as `return`. `throw` ends the script at once.
    if (!valid) evaluate(`throw undefined;\n${code}`);
  } catch (error) {
    return error instanceof SyntaxError ? error : undefined;
  }
}

async function key(bytes, algorithm, usage) {
  return crypto.subtle.importKey("raw", hex(bytes), algorithm, false, [usage]);
}

/** Returns a failure if a promise is not rejected with an `OperationError`. */
const fails = (promise) =>
  promise.then(
    () => "succeeds",
    ({ name, message }) => (name === "OperationError" ? undefined : `throws ${name}: ${message}`),
  );

const CHECKS = {
  url({ input, base, expected }) {
    const make = () => new URL(input, base ?? undefined);
    if (expected === null) return throws(make, "TypeError");
    return differs(make(), expected);
  },

  setter({ href, attribute, value, expected }) {
    const url = new URL(href);
    url[attribute] = value;
    return differs(url, expected);
  },

  idna({ input, host }) {
    const make = () => new URL(`https://${input}/x`);
    if (host === null) return throws(make, "TypeError");
    return differs(make(), { host, pathname: "/x", href: `https://${host}/x` });
  },

  atob({ input, bytes }) {
    if (bytes === null) return throws(() => atob(input), "InvalidCharacterError");
    const text = atob(input);
    const found = Array.from(text, (char) => char.charCodeAt(0)).join();
    if (found !== bytes.join()) return `the bytes are ${shown(found)}, not ${shown(bytes.join())}`;
    // The canonical form of the same bytes.
    if (atob(btoa(text)) !== text) return "`btoa` does not reverse `atob`";
  },

  async contentType({ input, type }) {
    const headers = [["content-type", input]];
    if (type === undefined) return throws(() => new Headers(headers), "TypeError");
    return differs(await new Response("", { headers }).blob(), { type });
  },

  label: ({ label, encoding }) => differs(new TextDecoder(label), { encoding }),

  script({ code, valid }) {
    const error = syntaxError(code, valid);
    if (valid && error !== undefined) return `is invalid: ${error.message}`;
    if (!valid && error === undefined) return "is valid";
  },

  async aesGcm(data) {
    const algorithm = { name: "AES-GCM", iv: hex(data.iv), additionalData: hex(data.aad) };
    algorithm.tagLength = 128;
    const ciphertext = hex(data.ct + data.tag);
    const decrypt = async () =>
      crypto.subtle.decrypt(algorithm, await key(data.key, "AES-GCM", "decrypt"), ciphertext);
    if (!data.valid) return fails(decrypt());
    const encrypted = await crypto.subtle.encrypt(
      algorithm,
      await key(data.key, "AES-GCM", "encrypt"),
      hex(data.msg),
    );
    return differs(
      { encrypted: toHex(encrypted), decrypted: toHex(await decrypt()) },
      {
        encrypted: data.ct + data.tag,
        decrypted: data.msg,
      },
    );
  },

  async hmac(data) {
    const algorithm = { name: "HMAC", hash: data.hash };
    const mac = await crypto.subtle.sign(algorithm, await key(data.key, algorithm, "sign"), hex(data.msg));
    if (data.valid) {
      const wrong = differs({ mac: toHex(mac).slice(0, data.tag.length) }, { mac: data.tag });
      // There is no verification of a shortened tag.
      if (wrong !== undefined || mac.byteLength * 2 !== data.tag.length) return wrong;
    }
    const verified = await crypto.subtle.verify(
      algorithm,
      await key(data.key, algorithm, "verify"),
      hex(data.tag),
      hex(data.msg),
    );
    return differs({ verified }, { verified: data.valid });
  },

  async hkdf(data) {
    const algorithm = { name: "HKDF", hash: data.hash, salt: hex(data.salt), info: hex(data.info) };
    const derive = async () =>
      crypto.subtle.deriveBits(algorithm, await key(data.ikm, "HKDF", "deriveBits"), 8 * data.size);
    if (!data.valid) return fails(derive());
    return differs({ bits: toHex(await derive()) }, { bits: data.okm });
  },

  member: (data) => MEMBERS[data.kind](data),
};

/** Runs cases, and returns the position and the description of each failure. */
export async function run(check, cases) {
  const failures = [];
  for (const [at, data] of cases.entries()) {
    let wrong;
    try {
      wrong = await CHECKS[check](data);
    } catch (error) {
      wrong = `throws ${error?.name}: ${error?.message}`;
    }
    if (wrong !== undefined) failures.push([at, wrong]);
  }
  return failures;
}
