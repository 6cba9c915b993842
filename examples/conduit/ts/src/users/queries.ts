import { SqlError, sql } from "@spikard/wasm";
import { db, join, set } from "../database.js";
import { ConduitError } from "../errors.js";
import type { UserRow } from "./model.js";

export function findUser(id: number) {
  return db.first<UserRow>`select * from users where id = ${id}`;
}

export function findUserByEmail(email: string) {
  return db.first<UserRow>`select * from users where email = ${email}`;
}

export function insertUser(username: string, email: string, passwordHash: string) {
  return unlessTaken(
    db.first<UserRow>`
      insert into users (username, email, password_hash) values (${username}, ${email}, ${passwordHash})
      returning *`,
  );
}

/** Values of columns; one that is `undefined` stays as it is. */
export interface UserColumns {
  username?: string | undefined;
  email?: string | undefined;
  passwordHash?: string | undefined;
  bio?: string | null | undefined;
  image?: string | null | undefined;
}

export function updateUser(id: number, { username, email, passwordHash, bio, image }: UserColumns) {
  const changes = [
    ...set(sql`username`, username),
    ...set(sql`email`, email),
    ...set(sql`password_hash`, passwordHash),
    ...set(sql`bio`, bio),
    ...set(sql`image`, image),
  ];
  if (changes.length === 0) return findUser(id);
  return unlessTaken(
    db.first<UserRow>`update users set ${join(changes, sql`, `)} where id = ${id} returning *`,
  );
}

async function unlessTaken<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (error) {
    if (!(error instanceof SqlError) || error.code !== "unique") throw error;
    const field = error.columns.includes("email") ? "email" : "username";
    throw new ConduitError(422, field, "has already been taken");
  }
}
