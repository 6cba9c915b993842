import { envelope, optionalText, text } from "../schemas.js";

const username = text(100);
const email = { ...text(254), format: "email" } as const;
const password = text(1000);

export const NewUser = envelope("user", {
  type: "object",
  properties: { username, email, password },
  required: ["username", "email", "password"],
} as const);

export const Credentials = envelope("user", {
  type: "object",
  properties: { email: text(254), password },
  required: ["email", "password"],
} as const);

export const UserChanges = envelope("user", {
  type: "object",
  properties: { username, email, password, bio: optionalText(10_000), image: optionalText(2000) },
} as const);

/** A row of `users`. */
export interface UserRow {
  id: number;
  username: string;
  email: string;
  password_hash: string;
  bio: string | null;
  image: string | null;
}

/** A user, as only that user sees it. */
export interface User {
  username: string;
  email: string;
  token: string;
  bio: string | null;
  image: string | null;
}
