/** `crypto.subtle` with SHA, HMAC, PBKDF2, HKDF and AES-GCM. */
import { aesGcm, digest, fillRandom, hkdf, hmac, pbkdf2 } from "spikard:natives/crypto";
import { type BufferSource, bufferOf, bytesOf, isBufferSource } from "./define.ts";

type Named = string | { readonly name: string };
interface Algorithm {
  readonly name: string;
  readonly hash?: Named;
  readonly length?: number;
  readonly salt?: BufferSource;
  readonly info?: BufferSource;
  readonly iterations?: number;
  readonly iv?: BufferSource;
  readonly additionalData?: BufferSource;
  readonly tagLength?: number;
}
interface Jwk {
  kty?: string;
  k?: string;
  alg?: string;
  use?: string;
  key_ops?: string[];
  ext?: boolean;
}

/** The hash functions, in the order of the native functions. */
const HASHES = ["SHA-1", "SHA-256", "SHA-384", "SHA-512"];
/** The sizes of their blocks in bits, which are the default lengths of HMAC keys. */
const BLOCKS = [512, 512, 1024, 1024];
const SIZES = [20, 32, 48, 64];
const ALGORITHMS = [...HASHES, "HMAC", "PBKDF2", "HKDF", "AES-GCM"];
const USAGES = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];
/** The usages of the keys of each algorithm. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  HMAC: ["sign", "verify"],
  "AES-GCM": ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
  PBKDF2: ["deriveKey", "deriveBits"],
  HKDF: ["deriveKey", "deriveBits"],
};

const failure = (name: string, message: string): DOMException => new DOMException(message, name);

function normalize(algorithm: unknown, allowed: readonly string[] = ALGORITHMS): Algorithm {
  const given = (
    typeof algorithm === "object" && algorithm !== null ? algorithm : { name: algorithm }
  ) as Algorithm;
  if (given.name === undefined) throw new TypeError("the algorithm has no `name`");
  const name = ALGORITHMS.find((known) => known === String(given.name).toUpperCase());
  if (name === undefined || !allowed.includes(name)) {
    throw failure(
      "NotSupportedError",
      `the algorithm \`${String(given.name)}\` is not supported here; use ${allowed.join(", ")}`,
    );
  }
  return { ...given, name };
}

/** Returns the number of the hash function of an algorithm. */
function hashOf(hash: unknown): number {
  if (hash === undefined) throw new TypeError("the algorithm has no `hash`");
  return HASHES.indexOf(normalize(hash, HASHES).name);
}

/** Returns a member that has to be bytes. */
function member(algorithm: Algorithm, name: "salt" | "info" | "iv"): Uint8Array<ArrayBuffer> {
  const value = algorithm[name];
  if (!isBufferSource(value)) throw new TypeError(`the algorithm has no bytes in \`${name}\``);
  return bytesOf(value);
}

/** Only these modules can create a key, `crypto` and `crypto.subtle`. */
export const KEY = Symbol();
let bytesOfKey: (key: CryptoKey) => Uint8Array<ArrayBuffer>;

export class CryptoKey {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #extractable: boolean;
  readonly #algorithm: object;
  readonly #usages: readonly string[];

  constructor(
    key: symbol,
    bytes: Uint8Array<ArrayBuffer>,
    algorithm: object,
    extractable: boolean,
    usages: readonly string[],
  ) {
    if (key !== KEY) throw new TypeError("CryptoKey has no constructor; use `crypto.subtle.importKey`");
    this.#bytes = bytes;
    this.#algorithm = algorithm;
    this.#extractable = extractable;
    this.#usages = usages;
  }

  static {
    bytesOfKey = (key) => key.#bytes;
  }

  get type(): string {
    return "secret";
  }
  get extractable(): boolean {
    return this.#extractable;
  }
  get algorithm(): {
    readonly name: string;
    readonly hash?: { readonly name: string };
    readonly length?: number;
  } {
    return this.#algorithm as { readonly name: string };
  }
  get usages(): readonly string[] {
    return this.#usages;
  }
}

function usagesOf(name: string, usages: Iterable<string>): string[] {
  const list = Array.from(usages, String);
  for (const usage of list) {
    if (!USAGES.includes(usage))
      throw new TypeError(`\`${usage}\` is not a usage of a key; use ${USAGES.join(", ")}`);
    if (!ALLOWED[name]?.includes(usage)) {
      throw failure(
        "SyntaxError",
        `a key for ${name} cannot have the usage \`${usage}\`; use ${ALLOWED[name]?.join(", ")}`,
      );
    }
  }
  if (list.length === 0) throw failure("SyntaxError", "the list of usages is empty; give at least one");
  return USAGES.filter((usage) => list.includes(usage));
}

/** Checks that a key is for an algorithm and a usage. */
function check(key: CryptoKey, name: string, usage: string): void {
  if (!(key instanceof CryptoKey)) throw new TypeError("the key is not a CryptoKey; give one");
  if (key.algorithm.name !== name) {
    throw failure("InvalidAccessError", `the key is for ${key.algorithm.name}, not for ${name}`);
  }
  if (!key.usages.includes(usage))
    throw failure("InvalidAccessError", `the key does not have the usage \`${usage}\``);
}

function createKey(
  bytes: Uint8Array<ArrayBuffer>,
  algorithm: Algorithm,
  extractable: boolean,
  usages: string[],
): CryptoKey {
  const { name } = algorithm;
  const make = (own: object): CryptoKey => new CryptoKey(KEY, bytes, own, extractable, usages);
  if (name === "HMAC") {
    if (bytes.length === 0) throw failure("DataError", "the key has no bytes");
    const length = algorithm.length ?? bytes.length * 8;
    if (length > bytes.length * 8 || length <= bytes.length * 8 - 8 || length % 8 !== 0) {
      throw failure("DataError", `the key has ${bytes.length * 8} bits, not ${length}`);
    }
    return make({ name, hash: { name: HASHES[hashOf(algorithm.hash)] }, length });
  }
  if (name === "AES-GCM") {
    if (![16, 24, 32].includes(bytes.length)) {
      throw failure("DataError", `the key has ${bytes.length * 8} bits; AES-GCM needs 128, 192 or 256`);
    }
    return make({ name, length: bytes.length * 8 });
  }
  if (extractable) throw failure("SyntaxError", `a key for ${name} cannot be extractable`);
  return make({ name });
}

/** Returns the value of `alg` in the JSON Web Key of a key. */
function jwkName({ name, hash, length }: CryptoKey["algorithm"]): string {
  return name === "HMAC" ? `HS${hash?.name.slice(4)}` : `A${length}GCM`;
}

function bytesOfJwk(
  jwk: Jwk,
  algorithm: Algorithm,
  extractable: boolean,
  usages: readonly string[],
): Uint8Array<ArrayBuffer> {
  if (typeof jwk !== "object" || jwk === null)
    throw new TypeError("the key is not a JSON Web Key; give an object");
  if (jwk.kty !== "oct")
    throw failure("DataError", 'the JSON Web Key does not have the member `kty` with the value "oct"');
  if (typeof jwk.k !== "string" || !/^[\w-]*$/.test(jwk.k)) {
    throw failure("DataError", "the member `k` of the JSON Web Key is not in base64url");
  }
  const bytes = fromBase64(jwk.k);
  if (jwk.alg !== undefined) {
    const hash = algorithm.hash === undefined ? "" : (HASHES[hashOf(algorithm.hash)] ?? "");
    const expected = jwkName({ name: algorithm.name, hash: { name: hash }, length: bytes.length * 8 });
    if (jwk.alg !== expected) {
      throw failure(
        "DataError",
        `the member \`alg\` of the JSON Web Key is \`${jwk.alg}\`, not \`${expected}\``,
      );
    }
  }
  if (jwk.use !== undefined && jwk.use !== (algorithm.name === "HMAC" ? "sig" : "enc")) {
    throw failure("DataError", `the member \`use\` of the JSON Web Key is \`${jwk.use}\``);
  }
  if (jwk.key_ops !== undefined && !usages.every((usage) => jwk.key_ops?.includes(usage))) {
    throw failure("DataError", "the member `key_ops` of the JSON Web Key does not have all usages");
  }
  if (jwk.ext === false && extractable) {
    throw failure(
      "DataError",
      "the member `ext` of the JSON Web Key is false, but the key shall be extractable",
    );
  }
  return bytes;
}

/** The functions of Uint8Array (ES2026) that TypeScript does not declare for this target. */
const Base64 = Uint8Array as unknown as {
  fromBase64(text: string, options: { alphabet: string }): Uint8Array<ArrayBuffer>;
  prototype: { toBase64(this: Uint8Array, options: { alphabet: string; omitPadding: boolean }): string };
};
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Base64.fromBase64(text, { alphabet: "base64url" });
  } catch {
    throw failure("DataError", "the member `k` of the JSON Web Key is not in base64url");
  }
}

function derive(
  algorithm: unknown,
  key: CryptoKey,
  bits: number | null | undefined,
  usage: string,
): Uint8Array<ArrayBuffer> {
  const own = normalize(algorithm, ["PBKDF2", "HKDF"]);
  const { name } = own;
  check(key, name, usage);
  const hash = hashOf(own.hash);
  const salt = member(own, "salt");
  if (bits === null || bits === undefined || bits % 8 !== 0 || bits < 0) {
    throw failure("OperationError", `${name} derives whole bytes; give a multiple of 8 as the length`);
  }
  if (name === "HKDF") {
    const info = member(own, "info");
    const result =
      bits > (SIZES[hash] ?? 0) * 255 * 8 ? null : hkdf(hash, bytesOfKey(key), salt, info, bits / 8);
    if (result === null)
      throw failure("OperationError", `HKDF with ${HASHES[hash]} cannot derive ${bits} bits`);
    return result;
  }
  const rounds = Number(own.iterations);
  if (own.iterations === undefined || !(rounds >= 0 && rounds < 2 ** 32)) {
    throw new TypeError("the algorithm has no number of `iterations`");
  }
  if (Math.trunc(rounds) === 0) throw failure("OperationError", "PBKDF2 needs at least one iteration");
  if (bits > 8 * 2 ** 20) throw failure("OperationError", `PBKDF2 derives at most 1 MiB, not ${bits} bits`);
  return pbkdf2(hash, bytesOfKey(key), salt, Math.trunc(rounds), bits / 8);
}

/** Returns the length of a key in bits. */
function lengthOf(algorithm: Algorithm): number {
  const { name } = algorithm;
  if (name === "HMAC") {
    const hash = hashOf(algorithm.hash);
    const length = algorithm.length === undefined ? (BLOCKS[hash] as number) : Number(algorithm.length);
    if (!(length > 0 && length % 8 === 0 && length <= 2 ** 19)) {
      throw failure(
        "OperationError",
        `an HMAC key cannot have ${length} bits; give a multiple of 8 up to 524288`,
      );
    }
    return length;
  }
  if (![128, 192, 256].includes(Number(algorithm.length))) {
    throw failure(
      "OperationError",
      `an AES-GCM key cannot have ${algorithm.length} bits; use 128, 192 or 256`,
    );
  }
  return Number(algorithm.length);
}

function gcm(algorithm: unknown, key: CryptoKey, data: BufferSource, encrypt: boolean): ArrayBuffer {
  const own = normalize(algorithm, ["AES-GCM"]);
  check(key, "AES-GCM", encrypt ? "encrypt" : "decrypt");
  const tag = own.tagLength === undefined ? 128 : Number(own.tagLength);
  if (![32, 64, 96, 104, 112, 120, 128].includes(tag)) {
    throw failure("OperationError", `the tag length \`${tag}\` is invalid; use 128`);
  }
  const iv = member(own, "iv");
  if (iv.length === 0)
    throw failure("OperationError", "the initialization vector `iv` has no bytes; use 12 random ones");
  const additional = own.additionalData === undefined ? new Uint8Array() : bytesOf(own.additionalData);
  const result = aesGcm(encrypt, bytesOfKey(key), iv, bytesOf(data), additional, tag / 8);
  if (result === null)
    throw failure("OperationError", "the data cannot be decrypted: the key or the data is wrong");
  return bufferOf(result);
}

export class SubtleCrypto {
  constructor(key?: symbol) {
    if (key !== KEY) throw new TypeError("SubtleCrypto has no constructor; use `crypto.subtle`");
  }

  async digest(algorithm: Named, data: BufferSource): Promise<ArrayBuffer> {
    return bufferOf(digest(HASHES.indexOf(normalize(algorithm, HASHES).name), bytesOf(data)));
  }

  async importKey(
    format: string,
    data: BufferSource | Jwk,
    algorithm: Named,
    extractable: boolean,
    usages: Iterable<string>,
  ): Promise<CryptoKey> {
    const own = normalize(algorithm, Object.keys(ALLOWED));
    const list = usagesOf(own.name, usages);
    if (own.name === "HMAC") hashOf(own.hash);
    const derives = own.name === "PBKDF2" || own.name === "HKDF";
    if (format === "raw") return createKey(bytesOf(data).slice(), own, Boolean(extractable), list);
    if (format === "jwk" && !derives) {
      return createKey(
        bytesOfJwk(data as Jwk, own, Boolean(extractable), list),
        own,
        Boolean(extractable),
        list,
      );
    }
    const known = ["raw", "jwk", "pkcs8", "spki"].includes(format);
    const message = `the format \`${format}\` is not supported for a key for ${own.name}; use raw`;
    throw known ? failure("NotSupportedError", message) : new TypeError(message);
  }

  async exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer | Jwk> {
    if (!(key instanceof CryptoKey)) throw new TypeError("the key is not a CryptoKey; give one");
    const { algorithm, extractable, usages } = key;
    if (!["HMAC", "AES-GCM"].includes(algorithm.name)) {
      throw failure("NotSupportedError", `a key for ${algorithm.name} cannot be exported`);
    }
    if (!extractable) throw failure("InvalidAccessError", "the key is not extractable");
    const bytes = bytesOfKey(key);
    if (format === "raw") return bufferOf(bytes);
    if (format === "jwk") {
      const k = Base64.prototype.toBase64.call(bytes, { alphabet: "base64url", omitPadding: true });
      return { key_ops: usages.slice(), ext: true, kty: "oct", k, alg: jwkName(algorithm) };
    }
    throw failure("NotSupportedError", `the format \`${format}\` is not supported; use raw or jwk`);
  }

  async generateKey(algorithm: Named, extractable: boolean, usages: Iterable<string>): Promise<CryptoKey> {
    const own = normalize(algorithm, ["HMAC", "AES-GCM"]);
    const list = usagesOf(own.name, usages);
    const bytes = new Uint8Array(lengthOf(own) / 8);
    fillRandom(bytes);
    return createKey(bytes, own, Boolean(extractable), list);
  }

  async sign(algorithm: Named, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer> {
    normalize(algorithm, ["HMAC"]);
    check(key, "HMAC", "sign");
    return bufferOf(hmac(hashOf(key.algorithm.hash), bytesOfKey(key), bytesOf(data)));
  }

  async verify(
    algorithm: Named,
    key: CryptoKey,
    signature: BufferSource,
    data: BufferSource,
  ): Promise<boolean> {
    normalize(algorithm, ["HMAC"]);
    check(key, "HMAC", "verify");
    const given = bytesOf(signature);
    const own = hmac(hashOf(key.algorithm.hash), bytesOfKey(key), bytesOf(data));
    // Looks at every byte, so that the time does not tell how many are right.
    let difference = own.length ^ given.length;
    for (let at = 0; at < own.length; at++) difference |= (own[at] as number) ^ (given[at] ?? 0);
    return difference === 0;
  }

  async deriveBits(algorithm: Named, key: CryptoKey, length?: number | null): Promise<ArrayBuffer> {
    return bufferOf(derive(algorithm, key, length, "deriveBits"));
  }

  async deriveKey(
    algorithm: Named,
    key: CryptoKey,
    derived: Named,
    extractable: boolean,
    usages: Iterable<string>,
  ): Promise<CryptoKey> {
    const own = normalize(derived, ["HMAC", "AES-GCM"]);
    const list = usagesOf(own.name, usages);
    return createKey(derive(algorithm, key, lengthOf(own), "deriveKey"), own, Boolean(extractable), list);
  }

  async encrypt(algorithm: Named, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer> {
    return gcm(algorithm, key, data, true);
  }

  async decrypt(algorithm: Named, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer> {
    return gcm(algorithm, key, data, false);
  }
}
