import { Database, HttpError, jwt, password, Router, SqlError } from "@spikard/wasm";

const db = new Database("main");

interface Account {
  id: number;
  name: string;
  password_hash: string;
}

export const accounts = new Router({ tags: ["accounts"] });

const credentials = {
  type: "object",
  properties: { name: { type: "string", minLength: 1 }, password: { type: "string", minLength: 8 } },
  required: ["name", "password"],
} as const;

accounts.post("/", { body: credentials, status: 201 }, async ({ body }) => {
  const hash = await password.hash(body.password);
  try {
    return await db.first<Pick<Account, "id" | "name">>`
      insert into accounts (name, password_hash) values (${body.name}, ${hash}) returning id, name`;
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== "unique") throw error;
    throw new HttpError(409, `the name \`${body.name}\` is taken`);
  }
});

accounts.post("/login", { body: credentials }, async ({ body }) => {
  const account = await db.first<Account>`select * from accounts where name = ${body.name}`;
  if (account === undefined || !(await password.verify(body.password, account.password_hash))) {
    throw new HttpError(401, "wrong name or password");
  }
  const claims = { sub: String(account.id), name: account.name };
  return { token: await jwt.sign(claims, { secret: "jwt", expiresIn: 3600 }) };
});

/** The host checks the token: the handler runs only with a valid one. */
const signedIn = { jwt: { algorithms: ["HS256"], secret: { secret: "jwt" } } } as const;

accounts.get("/me", signedIn, ({ local }) => {
  const claims = local.get<{ sub: string; name: string }>("spikard.jwt");
  return { id: Number(claims?.sub), name: claims?.name };
});
