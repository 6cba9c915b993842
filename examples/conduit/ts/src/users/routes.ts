import { password, type Spikard } from "@spikard/wasm";
import { issueToken, signedIn, userId } from "../auth.js";
import { ConduitError } from "../errors.js";
import { Credentials, NewUser, type User, UserChanges, type UserRow } from "./model.js";
import { findUser, findUserByEmail, insertUser, updateUser } from "./queries.js";

async function reply(row: UserRow | undefined): Promise<{ user: User }> {
  if (row === undefined) throw new ConduitError(401, "token", "is of an unknown user");
  const { id, username, email, bio, image } = row;
  return { user: { username, email, token: await issueToken(id), bio, image } };
}

export function userRoutes(app: Spikard) {
  app.post("/api/users", { body: NewUser, status: 201, tags: ["users"] }, async ({ body }) => {
    const { username, email, password: secret } = body.user;
    return reply(await insertUser(username, email, await password.hash(secret)));
  });

  app.post("/api/users/login", { body: Credentials, tags: ["users"] }, async ({ body }) => {
    const row = await findUserByEmail(body.user.email);
    if (row === undefined || !(await password.verify(body.user.password, row.password_hash))) {
      throw new ConduitError(401, "credentials", "invalid");
    }
    return reply(row);
  });

  app.get("/api/user", { ...signedIn, tags: ["users"] }, async ({ local }) => {
    return reply(await findUser(userId(local)));
  });

  app.put("/api/user", { ...signedIn, body: UserChanges, tags: ["users"] }, async ({ body, local }) => {
    const { username, email, password: secret, bio, image } = body.user;
    const row = await updateUser(userId(local), {
      username,
      email,
      passwordHash: secret === undefined ? undefined : await password.hash(secret),
      // An empty text removes the value, as null does.
      bio: bio === "" ? null : bio,
      image: image === "" ? null : image,
    });
    return reply(row);
  });
}
