import assert from "node:assert/strict";
import { before, test } from "node:test";
import { api, assertComment, assertError, comment, ok, publish, register } from "./client.mjs";

let ann;
let bob;
before(async () => {
  [ann, bob] = await Promise.all([register("ann"), register("bob")]);
});

const list = async (slug, user) => (await ok("GET", `/articles/${slug}/comments`, { user })).comments;
const add = (user, slug, given) =>
  api("POST", `/articles/${slug}/comments`, { user, body: { comment: given } });
const remove = (user, slug, id) => api("DELETE", `/articles/${slug}/comments/${id}`, { user });

test("a comment is answered with its author", async () => {
  const { slug } = await publish(ann);
  const reply = await add(bob, slug, { body: "Well said!" });
  assert.equal(reply.status, 200, reply.text);
  assertComment(reply.json.comment);
  assert.equal(reply.json.comment.body, "Well said!");
  assert.deepEqual(reply.json.comment.author, {
    username: bob.username,
    bio: null,
    image: null,
    following: false,
  });
});

test("an article without comments has an empty list", async () => {
  const { slug } = await publish(ann);
  assert.deepEqual(await ok("GET", `/articles/${slug}/comments`), { comments: [] });
});

test("comments are public, most recent first, and only those of the article", async () => {
  const [{ slug }, other] = await Promise.all([publish(ann), publish(ann)]);
  const first = await comment(bob, slug, "first");
  await comment(bob, other.slug, "elsewhere");
  const second = await comment(ann, slug, "second");
  const comments = await list(slug);
  for (const one of comments) assertComment(one);
  assert.deepEqual(comments, [second, first]);
});

test("`following` of a comment's author is that of the reader", async () => {
  const [reader, { slug }] = await Promise.all([register("reader"), publish(ann)]);
  await comment(bob, slug);
  await ok("POST", `/profiles/${bob.username}/follow`, { user: reader });
  assert.equal((await list(slug, reader))[0].author.following, true);
  assert.equal((await list(slug, ann))[0].author.following, false);
});

test("a comment without a body is rejected", async () => {
  const { slug } = await publish(ann);
  assertError(await add(bob, slug, {}), 422, "body");
  const empty = await add(bob, slug, { body: "" });
  assertError(empty, 422, "body");
  assert.equal(empty.json.errors.body[0], "can't be blank");
});

test("a comment without a token is 401", async () => {
  const { slug } = await publish(ann);
  assertError(await add(undefined, slug, { body: "x" }), 401);
});

test("a comment on an unknown article is 404", async () => {
  assertError(await add(bob, "no-article-has-this-slug", { body: "x" }), 404);
});

test("comments of an unknown article are 404", async () => {
  assertError(await api("GET", "/articles/no-article-has-this-slug/comments"), 404);
});

test("deleting answers 204 and removes only this comment", async () => {
  const { slug } = await publish(ann);
  const kept = await comment(bob, slug, "kept");
  const { id } = await comment(bob, slug, "removed");
  const reply = await remove(bob, slug, id);
  assert.equal(reply.status, 204);
  assert.equal(reply.text, "");
  assert.deepEqual(await list(slug), [kept]);
  assertError(await remove(bob, slug, id), 404);
});

test("deleting another user's comment is 403, also for the article's author", async () => {
  const { slug } = await publish(ann);
  const { id } = await comment(bob, slug);
  assertError(await remove(ann, slug, id), 403);
  assert.equal((await list(slug)).length, 1);
});

test("a comment cannot be deleted through another article", async () => {
  const [{ slug }, other] = await Promise.all([publish(ann), publish(ann)]);
  const { id } = await comment(bob, slug);
  assertError(await remove(bob, other.slug, id), 404);
  assert.equal((await list(slug)).length, 1);
});

test("deleting a comment without a token is 401", async () => {
  const { slug } = await publish(ann);
  const { id } = await comment(bob, slug);
  assertError(await remove(undefined, slug, id), 401);
});

test("deleting an unknown comment is 404", async () => {
  const { slug } = await publish(ann);
  assertError(await remove(ann, slug, 999_999_999), 404);
  assertError(await remove(ann, "no-article-has-this-slug", 1), 404);
});

test("an id that is not a number is rejected", async () => {
  const { slug } = await publish(ann);
  const reply = await remove(ann, slug, "first");
  assert.ok([404, 422].includes(reply.status), `${reply.status}`);
  assertError(reply, reply.status);
});
