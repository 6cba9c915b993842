import { Router, Store, sleep, waitUntil } from "@spikard/wasm";

const store = new Store();

export const invitations = new Router({ tags: ["invitations"] });

const invitation = {
  type: "object",
  properties: { email: { type: "string", format: "email" } },
  required: ["email"],
} as const;

invitations.post("/", { body: invitation, status: 202 }, async ({ body }) => {
  waitUntil(invite(body.email));
  return { accepted: body.email };
});

/** Runs after the reply: it takes values of the request, not the request itself. */
async function invite(email: string): Promise<void> {
  await sleep(20); // A mail server takes its time.
  console.log(`invited ${email}`);
  await store.increment("invitations");
}

invitations.get("/count", async () => ({ count: Number((await store.get("invitations")) ?? 0) }));
