/**
 * Passwords and JSON Web Tokens with `node:crypto`.
 */
import * as crypto from "node:crypto";
import type { Content } from "../host/types.js";
import { Failed, type Operation } from "./outcome.js";

const textOf = (body: Content): string => (body.tag === "text" || body.tag === "json" ? body.val : "");

interface Argon2 {
  argon2Sync?(
    algorithm: string,
    options: {
      message: string;
      nonce: Uint8Array;
      parallelism: number;
      tagLength: number;
      memory: number;
      passes: number;
    },
  ): Uint8Array;
}
/** Node.js has it since version 24.7. */
const { argon2Sync } = crypto as Argon2;

const phc = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replace(/=+$/, "");

interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

function argon2(message: string, nonce: Uint8Array, cost: Cost, tagLength: number): Uint8Array {
  if (argon2Sync === undefined)
    throw new Failed(
      "unavailable",
      "this version of Node.js has no Argon2, which it has since 24.7; hash the password in the test with `password.hash`",
    );
  return argon2Sync("argon2id", { message, nonce, tagLength, ...cost });
}

/** Returns the hash of a password: of Argon2id, or of scrypt if Node.js has no Argon2. */
function hash(text: string, cost: Cost): string {
  const salt = crypto.randomBytes(16);
  if (argon2Sync === undefined) {
    const key = crypto.scryptSync(text, salt, 32, { N: 1 << 14, r: 8, p: 1 });
    return `$scrypt$ln=14,r=8,p=1$${phc(salt)}$${phc(key)}`;
  }
  const key = argon2(text, salt, cost, 32);
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${phc(salt)}$${phc(key)}`;
}

function verify(hashed: string, text: string): boolean {
  const [, name, ...rest] = hashed.split("$");
  const [costs = "", salt = "", key = ""] = rest.slice(-3);
  const numbers = Object.fromEntries(costs.split(",").map((part) => part.split("=")));
  const [nonce, expected] = [Buffer.from(salt, "base64"), Buffer.from(key, "base64")];
  let actual: Uint8Array;
  if (name === "argon2id") {
    const cost = { memory: Number(numbers.m), passes: Number(numbers.t), parallelism: Number(numbers.p) };
    actual = argon2(text, nonce, cost, expected.length);
  } else if (name === "scrypt") {
    const N = 2 ** Number(numbers.ln);
    const [r, p] = [Number(numbers.r), Number(numbers.p)];
    actual = crypto.scryptSync(text, nonce, expected.length, { N, r, p, maxmem: 256 * N * r });
  } else {
    throw new Failed(
      "invalid",
      `the test client cannot verify a hash of \`${name ?? ""}\`; the host also knows bcrypt and PBKDF2`,
    );
  }
  return expected.length > 0 && crypto.timingSafeEqual(actual, expected);
}

const base64url = (text: string): string => Buffer.from(text).toString("base64url");

/** Returns the signature of a text. */
function sign(algorithm: string, key: string, text: string): Buffer {
  const digest = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith("HS")) return crypto.createHmac(digest, key).update(text).digest();
  return crypto.sign(algorithm === "EdDSA" ? null : digest, Buffer.from(text), options(algorithm, key));
}

function check(algorithm: string, key: string, text: string, signature: Buffer): boolean {
  if (algorithm.startsWith("HS")) {
    const expected = sign(algorithm, key, text);
    return expected.length === signature.length && crypto.timingSafeEqual(expected, signature);
  }
  const digest = algorithm === "EdDSA" ? null : `sha${algorithm.slice(2)}`;
  return crypto.verify(digest, Buffer.from(text), options(algorithm, key), signature);
}

function options(algorithm: string, key: string): crypto.SignKeyObjectInput & crypto.VerifyKeyObjectInput {
  const { RSA_PKCS1_PSS_PADDING: pss, RSA_PSS_SALTLEN_DIGEST: saltLength } = crypto.constants;
  return {
    key: key as unknown as crypto.KeyObject,
    dsaEncoding: "ieee-p1363",
    ...(algorithm.startsWith("PS") ? { padding: pss, saltLength } : {}),
  };
}

/** Returns the operations. `secrets` has the keys that a head can name. */
export function cryptography(secrets: Readonly<Record<string, string>>): Readonly<Record<string, Operation>> {
  const keyOf = ({ secret, key }: { secret?: string; key?: string }): string => {
    const found = key ?? (secret === undefined ? undefined : secrets[secret]);
    if (found !== undefined) return found;
    throw new Failed(
      "denied",
      `the test client has no secret \`${secret}\`; pass it in the option \`secrets\``,
    );
  };
  const invalid = (reason: string) => new Failed("invalid-token", `the token is invalid: ${reason}`);
  return {
    "password.hash": async ({ memory_kib = 19456, iterations = 2, parallelism = 1 }, body) => ({
      text: hash(textOf(body), { memory: memory_kib, passes: iterations, parallelism }),
    }),
    "password.verify": async ({ hash: hashed }, body) => ({
      head: { valid: verify(hashed, textOf(body)), outdated: false },
    }),
    "jwt.sign": async (head, body) => {
      const { algorithm, expires_in: seconds } = head;
      const now = Math.floor(Date.now() / 1000);
      const times = seconds === undefined ? {} : { iat: now, exp: now + seconds };
      const claims = JSON.stringify({ ...JSON.parse(textOf(body)), ...times });
      const text = `${base64url(JSON.stringify({ alg: algorithm, typ: "JWT" }))}.${base64url(claims)}`;
      return { text: `${text}.${sign(algorithm, keyOf(head), text).toString("base64url")}` };
    },
    "jwt.verify": async (head, body) => {
      const { algorithm, issuer, audience, leeway = 0 } = head;
      const parts = textOf(body).split(".");
      if (parts.length !== 3) throw invalid("it does not have three parts");
      const [top, payload, signature] = parts as [string, string, string];
      const parse = (part: string) => {
        try {
          return JSON.parse(Buffer.from(part, "base64url").toString());
        } catch {
          throw invalid("a part is not JSON");
        }
      };
      if (parse(top)?.alg !== algorithm) throw invalid(`its algorithm is not ${algorithm}`);
      if (!check(algorithm, keyOf(head), `${top}.${payload}`, Buffer.from(signature, "base64url")))
        throw invalid("its signature does not match");
      const claims = parse(payload);
      const now = Date.now() / 1000;
      if (typeof claims.exp === "number" && claims.exp + leeway < now) throw invalid("it has expired");
      if (typeof claims.nbf === "number" && claims.nbf - leeway > now) throw invalid("it is not valid yet");
      if (issuer !== undefined && claims.iss !== issuer) throw invalid("it has another issuer");
      if (audience !== undefined && ![claims.aud].flat().includes(audience))
        throw invalid("it has another audience");
      return { json: claims };
    },
  };
}
