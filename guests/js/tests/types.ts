/** Tests of the inferred types. `tsc` checks this file; it never runs. */
import {
  config,
  Database,
  type GlobalContext,
  type HookReply,
  jwt,
  Router,
  Spikard,
  type SqlRow,
  Store,
  schema,
  sql,
  waitUntil,
} from "@spikard/wasm";
import { z } from "zod";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Fails to compile unless the two types are the same. */
function same<A, B>(_: Same<A, B>): void {}
/** Flattens an intersection to one object. */
type Flat<T> = { [K in keyof T]: T[K] };

interface User {
  name: string;
}

const app = new Spikard();

app.get("/", ({ params, body }) => {
  same<Flat<typeof params>, Record<never, never>>(true);
  same<typeof body, unknown>(true);
});

app.get("/{id:int}/{price:number}/{all:bool}/{day:date}", ({ params }) => {
  same<Flat<typeof params>, { id: number; price: number; all: boolean; day: string }>(true);
  return params;
});
app.get("/{id}/{*rest}", ({ params }) => {
  same<Flat<typeof params>, { id: string; rest: string }>(true);
  // @ts-expect-error: the route has no such parameter
  params.other;
});

app.get(
  "/{id}/{name}",
  {
    path: { id: { type: "integer" } },
    query: {
      q: { type: "string", required: true },
      page: { type: "integer", default: 1 },
      tags: { type: "array", items: { type: "string" } },
      order: { enum: ["asc", "desc"] },
    },
    headers: { "X-Api-Key": { type: "string", required: true } },
    cookies: { "session-id": { type: "string" } },
  },
  ({ params }) => {
    same<
      Flat<typeof params>,
      {
        id: number;
        name: string;
        q: string;
        page: number;
        tags?: string[];
        order?: "asc" | "desc";
        x_api_key: string;
        session_id?: string;
      }
    >(true);
  },
);

app.post(
  "/",
  {
    body: {
      type: "object",
      properties: {
        name: { type: "string" },
        price: { type: "number" },
        tags: { type: "array", items: { type: "string" } },
        nested: { type: "object", properties: { deep: { type: "boolean" } }, required: ["deep"] },
      },
      required: ["name", "price"],
    },
  },
  async ({ body }) => {
    same<typeof body, { name: string; price: number; tags?: string[]; nested?: { deep: boolean } }>(true);
    return { id: 1, ...body };
  },
);

app.post("/typed", { body: schema<User>({ type: "object" }), bodyRequired: false }, ({ body }) => {
  same<typeof body, User | undefined>(true);
});

app.post("/raw", { rawBody: true }, ({ body }) => {
  same<typeof body, Uint8Array>(true);
});

app.post(
  "/zod",
  { query: z.object({ q: z.string(), page: z.int().optional() }), body: z.object({ name: z.string() }) },
  ({ params, body, request }) => {
    same<Flat<typeof params>, { q: string; page?: number | undefined }>(true);
    same<typeof body, { name: string }>(true);
    same<typeof request.method, string>(true);
  },
);

// @ts-expect-error: a status is a number
app.get("/", { status: "200" }, () => "");
// @ts-expect-error: an app has no such option
new Spikard({ title: "x" });

app
  .onRequest(({ request, local }) => {
    same<typeof request.id, string>(true);
    const claims = local.get<{ sub: string }>("spikard.jwt");
    same<typeof claims, { sub: string } | undefined>(true);
  })
  .preHandler(async ({ params }) => {
    same<typeof params, Record<string, unknown>>(true);
  })
  // @ts-expect-error: a hook has no `body`; it reads the body of the request
  .preHandler(({ body }) => body)
  .onResponse((reply) => {
    same<typeof reply, HookReply>(true);
    same<typeof reply.body, unknown>(true);
    reply.status = 201;
  })
  .onError((reply, { request }, message) => {
    same<typeof message, string>(true);
    return { error: message, request: request.id, status: reply.status };
  });

app.get("/globals", ({ globals }) => {
  same<typeof globals, GlobalContext>(true);
  same<typeof app.globals, GlobalContext>(true);
  const visits = globals.get<number>("visits");
  same<typeof visits, number | undefined>(true);
  return globals.add("visits") + (globals.swap("visits", visits, 0) ? 1 : 0);
});

app.get(
  "/{id}",
  {
    path: { id: { type: "integer" } },
    hooks: { preHandler: [() => undefined], onError: (reply) => reply.headers.set("x-a", reply.status) },
    rateLimit: { requests: 10, per: "second", by: { header: "x-key" } },
    jwt: { algorithms: ["HS256"], secret: { secret: "jwt" } },
    apiKey: { keys: { demo: { secret: "demo" } } },
    cors: false,
    response: z.object({ id: z.int() }),
    responses: { 404: "no such item", 409: { description: "taken", schema: { type: "object" } } },
    deprecated: true,
    instances: "fresh",
  },
  ({ params }) => {
    same<Flat<typeof params>, { id: number }>(true);
  },
);
new Spikard({
  static: [{ prefix: "/p", folder: "p", cacheControl: "no-store" }],
  trailingSlash: "redirect",
  instances: "reuse",
  openapi: { title: "T", license: { name: "MIT" } },
  securityHeaders: { frameOptions: null },
  compression: { algorithms: ["zstd"], minSize: 10 },
});
// @ts-expect-error: a period is a second, a minute or an hour
new Spikard({ rateLimit: { requests: 1, per: "day" } });
new Spikard({ instances: "shared" });
// @ts-expect-error: instances are reused, fresh or shared
new Spikard({ instances: "often" });
// @ts-expect-error: the member is called maxAge
new Spikard({ cors: { origins: "*", max_age: 1 } });
// @ts-expect-error: only apps have static files
app.get("/", { static: [] }, () => "");
// @ts-expect-error: no hook has this name
app.get("/", { hooks: { onReqest: () => {} } }, () => "");

const db = new Database();

async function types(): Promise<void> {
  const rows = await db.query`select 1`;
  same<typeof rows, SqlRow[]>(true);
  const users = await db.query<User>`select name from users where id = ${1}`;
  same<typeof users, User[]>(true);
  const user = await db.first<User>("select name from users where id = $1", [1n]);
  same<typeof user, User | undefined>(true);
  const { changes, lastId } = await db.execute`delete from users where ${sql`id = ${1}`}`;
  same<typeof changes, number>(true);
  same<typeof lastId, number | bigint | undefined>(true);
  const name = await db.transaction(async (tx) => (await tx.first<User>`select name`)?.name ?? "");
  same<typeof name, string>(true);
  await db.query("select $1", [
    null,
    true,
    1,
    1n,
    "a",
    new Date(),
    new Uint8Array(),
    [1],
    { a: 1 },
    Database.json([1]),
  ]);
  // @ts-expect-error: a parameter is not `undefined`
  await db.query`select ${undefined}`;
  // @ts-expect-error: a parameter is not a function
  await db.query("select $1", [() => 1]);
  // @ts-expect-error: parameters are a list
  await db.query("select $1", 1);
  const claims = await jwt.verify<{ sub: string }>("token", { secret: "jwt" });
  same<typeof claims, { sub: string }>(true);
  // @ts-expect-error: a key is needed
  await jwt.sign({ sub: "ann" }, { expiresIn: 60 });
  // @ts-expect-error: a secret or a key
  await jwt.sign({ sub: "ann" }, { secret: "jwt", key: "k" });
  const setting = config("greeting");
  same<typeof setting, string | undefined>(true);
  for await (const key of new Store().list()) same<typeof key, string>(true);
}
waitUntil(types());
app.get("/response", async ({ request }) => {
  same<typeof request.signal, AbortSignal>(true);
  return new Response("a");
});

const teams = new Router<"/teams/{team:int}">({ tags: ["teams"] });
teams.get("/members/{name}", ({ params }) => {
  same<Flat<typeof params>, { team: number; name: string }>(true);
});
app.route("/teams/{team:int}", teams).get("/chained", () => "");
// @ts-expect-error: a router is needed
app.route("/x", {});
// @ts-expect-error: no option has this name
new Router({ tag: "a" });

/** Dependencies, exception handlers and declared settings. */
class Missing extends Error {
  readonly item = 1;
}
const shop = new Spikard({
  config: {
    greeting: { type: "string", default: "Hi" },
    pageSize: { type: "integer", minimum: 1 },
    mode: { type: "string", enum: ["a", "b"] },
    strict: { type: "boolean", required: false },
  },
});
same<
  Flat<typeof shop.config>,
  {
    readonly greeting: string;
    readonly pageSize: number;
    readonly mode: "a" | "b";
    readonly strict?: boolean;
  }
>(true);
const fromZod = new Spikard({ config: z.object({ size: z.int().default(1) }) });
same<typeof fromZod.config.size, number>(true);
// @ts-expect-error: the setting is not declared
shop.config.other;

const data = shop.with({ db: async () => new Database() });
const members = data.with({
  user: async ({ db, request }) => ({ db, path: request.path }),
  *lock() {
    yield 5;
  },
  async *tx() {
    yield "tx";
  },
});
members.get("/{id:int}", ({ db, user, lock, tx, params }) => {
  same<typeof db, Database>(true);
  same<typeof user, { db: Database; path: string }>(true);
  same<typeof lock, number>(true);
  same<typeof tx, string>(true);
  same<typeof params.id, number>(true);
});
// @ts-expect-error: there is no such dependency
data.get("/", ({ user }) => user);
shop.route("/sub", new Router().with({ a: () => 1 })).onException(Missing, (error) => {
  same<typeof error, Missing>(true);
});
shop.onStart(async ({ globals }) => globals.set("a", 1)).onStop(() => {});
