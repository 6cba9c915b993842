import { Database, HttpError, jwt, password, Router, SqlError } from "@spikard/wasm";
import { currentUserId, signedIn } from "./auth.js";

const db = new Database();

interface UserRow {
  id: number;
  username: string;
  email: string;
  password_hash: string;
}

const text = { type: "string", minLength: 1 } as const;

const newUser = {
  type: "object",
  properties: {
    user: {
      type: "object",
      properties: { username: text, email: { type: "string", format: "email" }, password: text },
      required: ["username", "email", "password"],
    },
  },
  required: ["user"],
} as const;

const credentials = {
  type: "object",
  properties: {
    user: {
      type: "object",
      properties: { email: text, password: text },
      required: ["email", "password"],
    },
  },
  required: ["user"],
} as const;

async function reply({ id, username, email }: UserRow) {
  const token = await jwt.sign({ sub: String(id) }, { secret: "jwt", expiresIn: 24 * 3600 });
  return { user: { username, email, token } };
}

export const users = new Router({ tags: ["users"] });

users.post("/users", { body: newUser, status: 201 }, async ({ body }) => {
  const { username, email } = body.user;
  const hash = await password.hash(body.user.password);
  try {
    const row = await db.first<UserRow>`
      insert into users (username, email, password_hash) values (${username}, ${email}, ${hash})
      returning *`;
    return await reply(row as UserRow);
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== "unique") throw error;
    throw new HttpError(422, `${error.columns.join()} has already been taken`);
  }
});

users.post("/users/login", { body: credentials }, async ({ body }) => {
  const row = await db.first<UserRow>`select * from users where email = ${body.user.email}`;
  if (row === undefined || !(await password.verify(body.user.password, row.password_hash)))
    throw new HttpError(401, "wrong email or password");
  return reply(row);
});

users.get("/user", signedIn, async ({ local }) => {
  const row = await db.first<UserRow>`select * from users where id = ${currentUserId(local)}`;
  if (row === undefined) throw new HttpError(401, "this user no longer exists");
  return reply(row);
});
