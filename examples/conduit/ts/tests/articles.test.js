import assert from "node:assert/strict";
import { test } from "node:test";
import { Conduit } from "./client.js";

test("an article", async () => {
  const conduit = new Conduit();
  const ann = await conduit.register("ann");
  const article = await conduit.publish(ann, "A crème title!", { tagList: ["z", "a", "z"] });
  assert.equal(article.slug, "a-creme-title");
  assert.deepEqual(article.tagList, ["z", "a"]);
  assert.match(article.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(await conduit.get("/articles/a-creme-title"), { article });
  const again = await conduit.publish(ann, "A crème title!");
  assert.match(again.slug, /^a-creme-title-[0-9a-f]{8}$/);
  assert.deepEqual(again.tagList, []);
  assert.match((await conduit.publish(ann, "Feed")).slug, /^feed-/);
  assert.match((await conduit.publish(ann, "!?")).slug, /^article-/);
});

test("an update of an article", async () => {
  const conduit = new Conduit();
  const [ann, bob] = [await conduit.register("ann"), await conduit.register("bob")];
  const before = await conduit.publish(ann, "Title", { tagList: ["t"] });
  const changes = { article: { title: "Another", body: "new" } };
  assert.equal((await conduit.send("PUT", "/articles/title", bob, changes)).status, 403);
  const { article } = (await conduit.send("PUT", "/articles/title", ann, changes)).json();
  const { updatedAt } = article;
  assert.deepEqual(article, { ...before, title: "Another", slug: "another", body: "new", updatedAt });
  assert.equal((await conduit.send("DELETE", "/articles/another", bob)).status, 403);
  assert.equal((await conduit.send("DELETE", "/articles/another", ann)).status, 204);
  assert.equal((await conduit.send("DELETE", "/articles/another", ann)).status, 404);
});

test("lists", async () => {
  const conduit = new Conduit();
  const [ann, bob] = [await conduit.register("ann"), await conduit.register("bob")];
  await conduit.publish(ann, "One", { tagList: ["t"] });
  await conduit.publish(bob, "Two", { tagList: ["t"] });
  await conduit.publish(ann, "Three");
  await conduit.send("POST", "/articles/one/favorite", bob);
  const titles = async (path, token) => (await conduit.get(path, token)).articles.map(({ title }) => title);
  assert.deepEqual(await titles("/articles"), ["Three", "Two", "One"]);
  assert.deepEqual(await titles("/articles?tag=t"), ["Two", "One"]);
  assert.deepEqual(await titles("/articles?author=ann&tag=t"), ["One"]);
  assert.deepEqual(await titles("/articles?favorited=bob"), ["One"]);
  assert.deepEqual(await titles("/articles?limit=1&offset=1"), ["Two"]);
  const page = await conduit.get("/articles?limit=1");
  assert.equal(page.articlesCount, 3);
  assert.equal("body" in page.articles[0], false);
  assert.deepEqual(await titles("/articles/feed", bob), []);
  await conduit.send("POST", "/profiles/ann/follow", bob);
  assert.deepEqual(await titles("/articles/feed", bob), ["Three", "One"]);
  assert.deepEqual(await conduit.get("/tags"), { tags: ["t"] });
});

test("favorites", async () => {
  const conduit = new Conduit();
  const [ann, bob] = [await conduit.register("ann"), await conduit.register("bob")];
  await conduit.publish(ann, "One");
  const state = async (method, path, token) => {
    const { article } = (await conduit.send(method, path, token)).json();
    return [article.favorited, article.favoritesCount];
  };
  assert.deepEqual(await state("POST", "/articles/one/favorite", bob), [true, 1]);
  assert.deepEqual(await state("POST", "/articles/one/favorite", bob), [true, 1]);
  assert.deepEqual(await state("GET", "/articles/one", ann), [false, 1]);
  assert.deepEqual(await state("DELETE", "/articles/one/favorite", bob), [false, 0]);
});

test("comments", async () => {
  const conduit = new Conduit();
  const [ann, bob] = [await conduit.register("ann"), await conduit.register("bob")];
  await conduit.publish(ann, "One");
  const add = (body) => conduit.send("POST", "/articles/one/comments", bob, { comment: { body } });
  assert.equal((await add("")).status, 422);
  const { comment } = (await add("Well said!")).json();
  assert.equal(comment.author.username, "bob");
  assert.deepEqual(await conduit.get("/articles/one/comments"), { comments: [comment] });
  const path = `/articles/one/comments/${comment.id}`;
  for (const [token, status] of [
    [undefined, 401],
    [ann, 403],
    [bob, 204],
    [bob, 404],
  ]) {
    assert.equal((await conduit.send("DELETE", path, token)).status, status);
  }
});
