import type { LocalContext } from "@spikard/wasm";

/** The option of a route that needs a token. The host checks it. */
export const signedIn = {
  jwt: { algorithms: ["HS256"], secret: { secret: "jwt" } },
} as const;

/** Returns the id in the token of a route with `signedIn`. */
export function currentUserId(local: LocalContext): number {
  return Number(local.get<{ sub: string }>("spikard.jwt")?.sub);
}
