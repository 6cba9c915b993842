/** Packages of npm that need Web APIs run on QuickJS. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runBundle } from "./run-bundle.js";

const APP = `
import bcrypt from "bcryptjs";
import { Hono } from "hono";
import { SignJWT, jwtVerify } from "jose";
import { nanoid } from "nanoid";
import { z } from "zod";
import { Spikard } from "@spikard/wasm";

const app = new Spikard();
app.get("/bcryptjs", async () => [await bcrypt.compare("a", await bcrypt.hash("a", 4)), await bcrypt.compare("b", await bcrypt.hash("a", 4))]);
const hono = new Hono().get("/x/:id", (context) => context.json({ id: context.req.param("id"), q: context.req.query("q") }));
app.get("/hono", async () => {
  const response = await hono.request("/x/7?q=a%20b");
  return [response.status, response.headers.get("content-type"), await response.json()];
});
app.get("/jose", async () => {
  const key = new TextEncoder().encode("a secret of thirty-two bytes or more");
  const token = await new SignJWT({ user: 1 }).setProtectedHeader({ alg: "HS256" }).setIssuedAt().setExpirationTime("2h").sign(key);
  const wrong = await jwtVerify(token.slice(0, -4) + "AAAA", key).catch((error) => error.code);
  return [(await jwtVerify(token, key)).payload.user, wrong];
});
app.get("/nanoid", () => [nanoid().length, nanoid() === nanoid()]);
app.get("/zod", () => z.object({ a: z.string().email() }).safeParse({ a: "b" }).success);
export const { definition, handler, hooks } = app.component();
`;

test("bcryptjs, hono, jose, nanoid and zod run on QuickJS", async () => {
  const { replies } = await runBundle(APP, "quickjs");
  assert.deepEqual(
    replies.map(({ status, body, reported }) => reported ?? [status, JSON.parse(body)]),
    [
      [200, [true, false]],
      [200, [200, "application/json", { id: "7", q: "a b" }]],
      [200, [1, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"]],
      [200, [21, false]],
      [200, false],
    ],
  );
});
