import assert from "node:assert/strict";
import { before, test } from "node:test";
import { api, assertError, assertProfile, ok, publish, register } from "./client.mjs";

let ann;
let bob;
before(async () => {
  [ann, bob] = await Promise.all([register("ann"), register("bob")]);
});

const follow = (user, name) => ok("POST", `/profiles/${name}/follow`, { user });
const unfollow = (user, name) => ok("DELETE", `/profiles/${name}/follow`, { user });

test("a profile is public", async () => {
  const { profile } = await ok("GET", `/profiles/${bob.username}`);
  assertProfile(profile);
  assert.deepEqual(profile, { username: bob.username, bio: null, image: null, following: false });
});

test("a profile shows bio and image of the user", async () => {
  const eve = await register("eve");
  const shown = { bio: "I listen", image: "https://example.com/eve.png" };
  await ok("PUT", "/user", { user: eve, body: { user: shown } });
  const { profile } = await ok("GET", `/profiles/${eve.username}`);
  assert.deepEqual(profile, { username: eve.username, ...shown, following: false });
});

test("an unknown profile is 404", async () => {
  assertError(await api("GET", "/profiles/nobody-has-this-name"), 404);
});

test("a profile with an invalid token is 401", async () => {
  assertError(await api("GET", `/profiles/${bob.username}`, { user: { token: "x" } }), 401);
});

test("following answers the profile with `following` true, for this user only", async () => {
  const eve = await register("eve");
  const { profile } = await follow(eve, ann.username);
  assertProfile(profile);
  assert.equal(profile.username, ann.username);
  assert.equal(profile.following, true);
  assert.equal((await ok("GET", `/profiles/${ann.username}`, { user: eve })).profile.following, true);
  assert.equal((await ok("GET", `/profiles/${ann.username}`, { user: bob })).profile.following, false);
  assert.equal((await ok("GET", `/profiles/${ann.username}`)).profile.following, false);
  assert.equal((await ok("GET", `/profiles/${eve.username}`, { user: ann })).profile.following, false);
});

test("following twice is the same as once", async () => {
  const eve = await register("eve");
  await follow(eve, bob.username);
  assert.equal((await follow(eve, bob.username)).profile.following, true);
  assert.equal((await unfollow(eve, bob.username)).profile.following, false);
});

test("unfollowing answers the profile with `following` false", async () => {
  const eve = await register("eve");
  await follow(eve, bob.username);
  const { profile } = await unfollow(eve, bob.username);
  assertProfile(profile);
  assert.equal(profile.following, false);
  assert.equal((await ok("GET", `/profiles/${bob.username}`, { user: eve })).profile.following, false);
});

test("unfollowing a user that one does not follow succeeds", async () => {
  assert.equal((await unfollow(ann, bob.username)).profile.following, false);
});

test("`following` of an article's author depends on the reader", async () => {
  const [eve, author] = await Promise.all([register("eve"), register("author")]);
  const { slug } = await publish(author);
  await follow(eve, author.username);
  const get = async (user) => (await ok("GET", `/articles/${slug}`, { user })).article.author.following;
  assert.equal(await get(eve), true);
  assert.equal(await get(ann), false);
});

for (const method of ["POST", "DELETE"]) {
  test(`${method} of a follow without a token is 401`, async () => {
    assertError(await api(method, `/profiles/${bob.username}/follow`), 401);
  });
  test(`${method} of a follow of an unknown user is 404`, async () => {
    assertError(await api(method, "/profiles/nobody-has-this-name/follow", { user: ann }), 404);
  });
}
