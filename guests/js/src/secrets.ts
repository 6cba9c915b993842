/**
 * Passwords and JSON Web Tokens. The host does the work, which takes an interpreter seconds.
 */
import { operate } from "./io.js";
import { textArgument, wellFormedJson } from "./text.js";

/** The cost of Argon2id. */
export interface PasswordOptions {
  /** KiB of memory. [default: 19456] */
  readonly memory?: number;
  /** [default: 2] */
  readonly iterations?: number;
  /** [default: 1] */
  readonly parallelism?: number;
}

/** The start of a hash that the host can check. */
const HASH = /^\$(?:argon2i?d?|2[aby]|pbkdf2-sha\d+|scrypt)\$/;

/** Hashes of passwords. */
export const password = {
  /** Returns the hash of a password: a text in the PHC format, with its salt and its cost. */
  async hash(text: string, options: PasswordOptions = {}): Promise<string> {
    const { memory, iterations, parallelism } = options;
    const body = { tag: "text", val: textArgument(text, "the password") } as const;
    const head = { memory_kib: memory, iterations, parallelism };
    return (await operate("password.hash", head, { body })).body as string;
  },

  /** Returns true if a password matches a hash. Also knows bcrypt, scrypt and PBKDF2. */
  async verify(text: string, hash: string): Promise<boolean> {
    return (await password.check(text, hash)).valid;
  },

  /**
   * The same as `verify`, and whether the hash is outdated: of another algorithm, or of a lower cost. Then hash the
   * password again.
   */
  async check(text: string, hash: string): Promise<{ valid: boolean; outdated: boolean }> {
    if (HASH.test(text) && !HASH.test(hash))
      throw new TypeError(
        "the password looks like a hash; call `password.verify(password, hash)` with the password first",
      );
    const body = { tag: "text", val: textArgument(text, "the password") } as const;
    const { head } = await operate("password.verify", { hash: textArgument(hash, "the hash") }, { body });
    return { valid: head.valid === true, outdated: head.outdated === true };
  },
} as const;

/** The algorithms of tokens. The key of HS256 to HS512 is shared; that of the others is a PEM. */
export type JwtAlgorithm =
  | "HS256"
  | "HS384"
  | "HS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "EdDSA";

/** The key of a token: the name of a secret of the host, or the key itself. */
export type JwtKey =
  | { readonly secret: string; readonly key?: undefined }
  | { readonly key: string; readonly secret?: undefined };

/** The options of `jwt.sign`. */
export type JwtSignOptions = JwtKey & {
  /** [default: HS256] */
  readonly algorithm?: JwtAlgorithm;
  /** Seconds until the token expires; adds the claims `iat` and `exp`. */
  readonly expiresIn?: number;
};

/** The options of `jwt.verify`. */
export type JwtVerifyOptions = JwtKey & {
  /** [default: HS256] */
  readonly algorithm?: JwtAlgorithm;
  /** The claim `iss` that a token must have. */
  readonly issuer?: string;
  /** The claim `aud` that a token must have. */
  readonly audience?: string;
  /** Seconds by which clocks can differ. */
  readonly leeway?: number;
};

/** JSON Web Tokens. */
export const jwt = {
  /**
   * Returns a token with claims.
   *
   * ```js
   * const token = await jwt.sign({ sub: user.id }, { secret: "jwt", expiresIn: 3600 });
   * ```
   */
  async sign(claims: object, options: JwtSignOptions): Promise<string> {
    const { algorithm = "HS256", secret, key, expiresIn } = options;
    const body = { tag: "json", val: wellFormedJson(JSON.stringify(claims)) } as const;
    const head = { algorithm, secret, key, expires_in: expiresIn };
    return (await operate("jwt.sign", head, { body })).body as string;
  },

  /**
   * Returns the claims of a token. Throws an `OperationError` with the code `invalid-token` if the token is invalid or has
   * expired.
   */
  async verify<Claims extends object = Record<string, unknown>>(
    token: string,
    options: JwtVerifyOptions,
  ): Promise<Claims> {
    const { algorithm = "HS256", secret, key, issuer, audience, leeway } = options;
    const body = { tag: "text", val: textArgument(token, "the token") } as const;
    const head = { algorithm, secret, key, issuer, audience, leeway };
    return (await operate("jwt.verify", head, { body })).body as Claims;
  },
} as const;
