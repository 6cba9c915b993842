import assert from "node:assert/strict";
import { before, test } from "node:test";
import { api, assertError, assertUser, ok, register, unique } from "./client.mjs";

let ann;
before(async () => {
  ann = await register("ann");
});

function account(fields = {}) {
  const username = unique("new");
  return { username, email: `${username}@example.com`, password: "correct horse", ...fields };
}

const signUp = (user) => api("POST", "/users", { body: { user } });
const logIn = (user) => api("POST", "/users/login", { body: { user } });
const update = (user, changes) => api("PUT", "/user", { user, body: { user: changes } });

test("registration answers 201 with the user, and bio and image are null", async () => {
  const given = account();
  const reply = await signUp(given);
  assert.equal(reply.status, 201);
  assertUser(reply.json.user);
  assert.equal(reply.json.user.username, given.username);
  assert.equal(reply.json.user.email, given.email);
  assert.equal(reply.json.user.bio, null);
  assert.equal(reply.json.user.image, null);
});

test("no reply contains a password or its hash", async () => {
  const given = account();
  const replies = [await signUp(given), await logIn({ email: given.email, password: given.password })];
  for (const { text } of replies) assert.doesNotMatch(text, /password|hash|argon2|correct horse/);
});

test("registration without any field names each of them", async () => {
  const reply = await signUp({});
  for (const field of ["username", "email", "password"]) assertError(reply, 422, field);
  assert.deepEqual(reply.json.errors.username, ["can't be blank"]);
});

for (const field of ["username", "email", "password"]) {
  test(`registration without ${field} is rejected`, async () => {
    assertError(await signUp(account({ [field]: undefined })), 422, field);
  });
  test(`registration with an empty ${field} is rejected`, async () => {
    const reply = await signUp(account({ [field]: "" }));
    assertError(reply, 422, field);
    assert.equal(reply.json.errors[field][0], "can't be blank");
  });
  test(`registration with null as ${field} is rejected`, async () => {
    assertError(await signUp(account({ [field]: null })), 422, field);
  });
}

test("registration with an invalid e-mail address is rejected", async () => {
  assertError(await signUp(account({ email: "not an address" })), 422, "email");
});

test("registration with the name of another user is rejected", async () => {
  const reply = await signUp(account({ username: ann.username }));
  assertError(reply, 422, "username");
  assert.deepEqual(reply.json.errors.username, ["has already been taken"]);
});

test("registration with the e-mail address of another user is rejected", async () => {
  const reply = await signUp(account({ email: ann.email }));
  assertError(reply, 422, "email");
  assert.deepEqual(reply.json.errors.email, ["has already been taken"]);
});

test("of two registrations with one name at the same time, one succeeds", async () => {
  const username = unique("race");
  const replies = await Promise.all([1, 2, 3, 4].map(() => signUp(account({ username }))));
  assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 422, 422, 422]);
});

test("registration without `user` is rejected", async () => {
  assertError(await api("POST", "/users", { body: {} }), 422);
});

test("registration without a body is rejected", async () => {
  assertError(await api("POST", "/users"), 422);
});

test("a body that is not JSON is rejected with an error in the same form", async () => {
  const reply = await api("POST", "/users", { body: "{" });
  assert.ok([400, 422].includes(reply.status), `${reply.status}`);
  assertError(reply, reply.status);
});

test("a name with quotes and SQL is only a name", async () => {
  const username = `${unique("o'neil")}"; drop table users; --`;
  const given = account({ username });
  assert.equal((await signUp(given)).json.user.username, username);
  const { profile } = await ok("GET", `/profiles/${encodeURIComponent(username)}`);
  assert.equal(profile.username, username);
});

test("a name with characters of other scripts is kept", async () => {
  const username = `${unique("løwe")}獅子🦁`;
  await signUp(account({ username }));
  assert.equal((await ok("GET", `/profiles/${encodeURIComponent(username)}`)).profile.username, username);
});

test("login answers 200 with the user", async () => {
  const reply = await logIn({ email: ann.email, password: ann.password });
  assert.equal(reply.status, 200);
  assertUser(reply.json.user);
  assert.equal(reply.json.user.username, ann.username);
  assert.equal(reply.json.user.email, ann.email);
});

test("a token from login authenticates", async () => {
  const { user } = (await logIn({ email: ann.email, password: ann.password })).json;
  assert.equal((await ok("GET", "/user", { user })).user.username, ann.username);
});

test("login with a wrong password is rejected with 401", async () => {
  assertError(await logIn({ email: ann.email, password: "wrong" }), 401);
});

test("login with an unknown address is rejected as a wrong password is", async () => {
  const unknown = await logIn({ email: "nobody@example.com", password: "wrong" });
  const wrong = await logIn({ email: ann.email, password: "wrong" });
  assertError(unknown, 401);
  assert.deepEqual(unknown.json, wrong.json);
});

for (const field of ["email", "password"]) {
  test(`login with an empty ${field} is rejected with 422`, async () => {
    assertError(await logIn({ email: ann.email, password: ann.password, [field]: "" }), 422, field);
  });
  test(`login without ${field} is rejected with 422`, async () => {
    assertError(await logIn({ email: ann.email, password: ann.password, [field]: undefined }), 422, field);
  });
}

test("the current user is the one of the token", async () => {
  const { user } = await ok("GET", "/user", { user: ann });
  assertUser(user);
  assert.equal(user.username, ann.username);
});

test("a token of the current user authenticates too", async () => {
  const { user } = await ok("GET", "/user", { user: ann });
  assert.equal((await ok("GET", "/user", { user })).user.email, ann.email);
});

test("the current user without a token is 401", async () => {
  assertError(await api("GET", "/user"), 401);
});

for (const [what, authorization] of [
  ["a malformed token", "Token not.a.token"],
  ["another scheme", "Basic YW5uOnNlY3JldA=="],
  [
    "a token of another key",
    "Token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.6Z3fpZ9rHPbUvAuAFO2ScEJQ3FnvvXcVsXmA6bIDmrA",
  ],
  ["an unsigned token", "Token eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."],
]) {
  test(`the current user with ${what} is 401`, async () => {
    assertError(await api("GET", "/user", { headers: { authorization } }), 401);
  });
}

test("a token whose claims were changed is 401", async () => {
  const [head, claims, signature] = ann.token.split(".");
  const changed = { ...JSON.parse(Buffer.from(claims, "base64url")), sub: "1", id: 1, username: "admin" };
  const token = [head, Buffer.from(JSON.stringify(changed)).toString("base64url"), signature].join(".");
  assertError(await api("GET", "/user", { user: { token } }), 401);
});

test("an update changes only the given fields", async () => {
  const bob = await register("bob");
  const reply = await update(bob, { bio: "I write", image: "https://example.com/bob.png" });
  assert.equal(reply.status, 200);
  assertUser(reply.json.user);
  assert.equal(reply.json.user.bio, "I write");
  assert.equal(reply.json.user.image, "https://example.com/bob.png");
  assert.equal(reply.json.user.username, bob.username);
  const { user } = await ok("GET", "/user", { user: bob });
  assert.equal(user.bio, "I write");
  assert.equal(user.email, bob.email);
});

for (const field of ["bio", "image"]) {
  for (const [what, empty] of [
    ["null", null],
    ["an empty text", ""],
  ]) {
    test(`an update of ${field} to ${what} sets it to null`, async () => {
      const bob = await register("bob");
      await update(bob, { [field]: "something" });
      const reply = await update(bob, { [field]: empty });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.json.user[field], null);
      assert.equal((await ok("GET", "/user", { user: bob })).user[field], null);
    });
  }
}

for (const field of ["username", "email", "password"]) {
  for (const [what, empty] of [
    ["null", null],
    ["an empty text", ""],
  ]) {
    test(`an update of ${field} to ${what} is rejected`, async () => {
      assertError(await update(ann, { [field]: empty }), 422, field);
    });
  }
}

test("after a change of name and e-mail address, the old token still authenticates", async () => {
  const bob = await register("bob");
  const username = unique("bobby");
  const { user } = (await update(bob, { username, email: `${username}@example.com` })).json;
  assert.equal(user.username, username);
  assert.equal((await ok("GET", "/user", { user: bob })).user.email, `${username}@example.com`);
  assert.equal((await api("GET", `/profiles/${bob.username}`)).status, 404);
});

test("after a change of password, only the new one logs in", async () => {
  const bob = await register("bob");
  assert.equal((await update(bob, { password: "battery staple" })).status, 200);
  assert.equal((await logIn({ email: bob.email, password: bob.password })).status, 401);
  assert.equal((await logIn({ email: bob.email, password: "battery staple" })).status, 200);
});

test("an update to the name or address of another user is rejected", async () => {
  const bob = await register("bob");
  assertError(await update(bob, { username: ann.username }), 422, "username");
  assertError(await update(bob, { email: ann.email }), 422, "email");
  assert.equal((await ok("GET", "/user", { user: bob })).user.username, bob.username);
});

test("an update to one's own name and address succeeds", async () => {
  assert.equal((await update(ann, { username: ann.username, email: ann.email })).status, 200);
});

test("an update without fields changes nothing", async () => {
  const reply = await update(ann, {});
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.json.user.username, ann.username);
});

test("an update without a token is 401, before its body is checked", async () => {
  assertError(await api("PUT", "/user", { body: { user: { bio: "x" } } }), 401);
  assertError(await api("PUT", "/user", { body: { user: 1 } }), 401);
});
