import { config, HttpError, Router, Store, sleep, waitUntil } from "@spikard/wasm";

const store = new Store();

export const invitations = new Router({ tags: ["invitations"] });

const invitation = {
  type: "object",
  properties: { email: { type: "string", format: "email" } },
  required: ["email"],
} as const;

invitations.post("/", { body: invitation, status: 202 }, async ({ body }) => {
  if (blocked.has(body.email)) throw new HttpError(403, `\`${body.email}\` is blocked`);
  waitUntil(invite(body.email));
  return { accepted: body.email };
});

/** Runs after the reply: it takes values of the request, not the request itself. */
async function invite(email: string): Promise<void> {
  await sleep(20); // A mail server takes its time.
  console.log(`invited ${email}`);
  await store.increment("invitations");
}

invitations.get("/count", async () => ({ count: Number(await store.get("invitations")) }));

/** Runs once per host, before it accepts connections. */
export async function prepareInvitations(): Promise<void> {
  await store.swap("invitations", undefined, "0");
}

let blocked: ReadonlySet<string> = new Set();

/** Runs in each instance, before its first request. */
export function loadBlocked(): void {
  blocked = new Set(config("blocked")?.split(","));
}

/** Runs once per host, after the last request. */
export async function reportInvitations(): Promise<void> {
  console.log(`invitations: ${await store.get("invitations")}`);
}
