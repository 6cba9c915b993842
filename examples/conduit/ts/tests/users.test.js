import assert from "node:assert/strict";
import { test } from "node:test";
import { Conduit } from "./client.js";

test("registration and login", async () => {
  const conduit = new Conduit();
  await conduit.register("ann");
  const logIn = (password) =>
    conduit.send("POST", "/users/login", undefined, { user: { email: "ann@example.com", password } });
  const { user } = (await logIn("horse")).json();
  assert.deepEqual([user.username, user.bio, user.image], ["ann", null, null]);
  assert.equal((await conduit.get("/user", user.token)).user.email, "ann@example.com");
  const wrong = await logIn("donkey");
  assert.equal(wrong.status, 401);
  assert.deepEqual(wrong.json(), { errors: { credentials: ["invalid"] } });
});

for (const [field, taken] of Object.entries({ username: "ann", email: "ann@example.com" })) {
  test(`${field} that is taken`, async () => {
    const conduit = new Conduit();
    await conduit.register("ann");
    const user = { username: "bob", email: "bob@example.com", password: "horse", [field]: taken };
    const reply = await conduit.send("POST", "/users", undefined, { user });
    assert.equal(reply.status, 422);
    assert.deepEqual(reply.json(), { errors: { [field]: ["has already been taken"] } });
  });
}

test("errors name all fields", async () => {
  const user = { username: " ", email: "no address" };
  const reply = await new Conduit().send("POST", "/users", undefined, { user });
  assert.equal(reply.status, 422);
  assert.match(reply.header("content-type"), /^application\/json/);
  assert.deepEqual(reply.json(), {
    errors: { username: ["can't be blank"], email: ["is invalid"], password: ["can't be blank"] },
  });
});

test("a missing token is 401 whatever the body", async () => {
  const conduit = new Conduit();
  for (const body of [undefined, { user: { bio: "x" } }, { user: 1 }]) {
    const reply = await conduit.send("PUT", "/user", undefined, body);
    assert.equal(reply.status, 401);
    assert.match(reply.header("content-type"), /^application\/json/);
    assert.deepEqual(reply.json(), { errors: { token: ["is missing"] } });
  }
  assert.equal((await conduit.send("GET", "/articles", "a.b.c")).status, 401);
});

test("an update of a user", async () => {
  const conduit = new Conduit();
  const ann = await conduit.register("ann");
  const update = (user) => conduit.send("PUT", "/user", ann, { user });
  const filled = (await update({ bio: "b", image: "i" })).json().user;
  assert.deepEqual([filled.bio, filled.image], ["b", "i"]);
  const emptied = (await update({ bio: null, image: "" })).json().user;
  assert.deepEqual([emptied.bio, emptied.image], [null, null]);
  assert.equal((await update({ username: null })).status, 422);
  assert.equal((await update({})).status, 200);
});

test("following", async () => {
  const conduit = new Conduit();
  const ann = await conduit.register("ann");
  await conduit.register("bob");
  const following = async (token) => (await conduit.get("/profiles/bob", token)).profile.following;
  assert.equal((await conduit.send("POST", "/profiles/bob/follow", ann)).status, 200);
  assert.deepEqual([await following(ann), await following()], [true, false]);
  assert.equal((await conduit.send("DELETE", "/profiles/bob/follow", ann)).status, 200);
  assert.equal(await following(ann), false);
  assert.equal((await conduit.send("POST", "/profiles/eve/follow", ann)).status, 404);
});
