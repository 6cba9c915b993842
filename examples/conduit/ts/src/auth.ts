/**
 * Tokens: `Authorization: Token JWT`.
 */
import {
  type BeforeHook,
  type HookContext,
  jwt,
  type LocalContext,
  OperationError,
  type Request,
} from "@spikard/wasm";
import { ConduitError } from "./errors.js";

const KEY = { algorithm: "HS256", secret: "jwt" } as const;
const LIFETIME = 60 * 24 * 3600;

/** Returns a token for a user. It names the id, so it stays valid when the user's name changes. */
export function issueToken(id: number): Promise<string> {
  return jwt.sign({ sub: String(id) }, { ...KEY, expiresIn: LIFETIME });
}

/** Returns the id of the user who sent a request, or `null` if it has no token. Rejects an invalid token. */
export async function viewer(request: Request): Promise<number | null> {
  const [scheme, token] = (request.header("authorization") ?? "").split(" ");
  if (!scheme || (scheme === "Token" && !token)) return null;
  if (scheme !== "Token") throw new ConduitError(401, "token", "is not a Conduit token");
  try {
    const { sub } = await jwt.verify<{ sub: string }>(token as string, KEY);
    return Number(sub);
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== "invalid-token") throw error;
    throw new ConduitError(401, "token", "is invalid");
  }
}

const requireUser: BeforeHook = async ({ request, local }: HookContext) => {
  const id = await viewer(request);
  if (id === null) throw new ConduitError(401, "token", "is missing");
  local.set("user", id);
};

/** Options of a route that needs a user. The token is checked before the body, so that a client learns of it first. */
export const signedIn = { hooks: { onRequest: requireUser } } as const;

/** Returns the id of the user of a route with `signedIn`. */
export function userId(local: LocalContext): number {
  return local.get<number>("user") as number;
}
