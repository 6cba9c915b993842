/**
 * Settings and secrets, which the operator of the host supplies.
 */
import { operateNow } from "./io.js";
import { textArgument } from "./text.js";

const NOT_FOUND = 404;

function lookUp(kind: string, name: string, what: string): string | undefined {
  const { status, body } = operateNow(kind, { name: textArgument(name, `the name of a ${what}`) });
  return status === NOT_FOUND ? undefined : (body as string);
}

/**
 * Returns the value of a setting, from the grant `config` of the host, or `undefined` if it is not set.
 *
 * ```js
 * const greeting = config("greeting") ?? "Hello";
 * ```
 */
export function config(name: string): string | undefined {
  return lookUp("config.get", name, "setting");
}

/** Returns the value of a secret, from the grant `secrets` of the host, or `undefined` if there is none. */
export function secret(name: string): string | undefined {
  return lookUp("secret.get", name, "secret");
}
