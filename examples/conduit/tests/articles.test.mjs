import assert from "node:assert/strict";
import { before, test } from "node:test";
import { api, assertArticle, assertError, ok, publish, register, unique } from "./client.mjs";

let ann;
let bob;
before(async () => {
  [ann, bob] = await Promise.all([register("ann"), register("bob")]);
});

const create = (user, article) => api("POST", "/articles", { user, body: { article } });
const read = async (slug, user) => (await ok("GET", `/articles/${slug}`, { user })).article;
const update = (user, slug, article) => api("PUT", `/articles/${slug}`, { user, body: { article } });

test("publishing answers 201 with the article", async () => {
  const title = unique("How to train your dragon ");
  const given = {
    title,
    description: "Ever wonder how?",
    body: "You have to believe",
    tagList: ["dragons", "training"],
  };
  const reply = await create(ann, given);
  assert.equal(reply.status, 201, reply.text);
  const { article } = reply.json;
  assertArticle(article);
  assert.equal(article.title, title);
  assert.equal(article.description, given.description);
  assert.equal(article.body, given.body);
  assert.deepEqual(article.tagList, given.tagList);
  assert.equal(article.favorited, false);
  assert.equal(article.favoritesCount, 0);
  assert.equal(article.createdAt, article.updatedAt);
  assert.deepEqual(article.author, { username: ann.username, bio: null, image: null, following: false });
});

test("the slug is made from the title", async () => {
  const word = unique("x");
  const { slug } = await publish(ann, { title: `How to: Train YOUR ${word}, quickly!` });
  assert.equal(slug, `how-to-train-your-${word}-quickly`);
});

test("articles with the same title get different slugs", async () => {
  const title = unique("Same ");
  const articles = await Promise.all([1, 2, 3].map(() => publish(ann, { title })));
  assert.equal(new Set(articles.map(({ slug }) => slug)).size, 3);
  for (const { slug } of articles) assert.equal((await read(slug)).title, title);
});

test("a title without letters of the alphabet gets a slug that works", async () => {
  const articles = await Promise.all([
    publish(ann, { title: "如何训练你的龙" }),
    publish(ann, { title: "!?" }),
  ]);
  for (const { slug, title } of articles) {
    assert.notEqual(slug, "");
    assert.equal((await read(encodeURIComponent(slug))).title, title);
  }
});

test("`feed` as a title does not hide the article", async () => {
  const { slug } = await publish(ann, { title: "Feed" });
  assert.equal((await read(slug)).title, "Feed");
});

test("tags keep their order", async () => {
  const tagList = ["zebra", "apple", "mango", "Kiwi, green", '"quoted"'];
  const { slug, tagList: answered } = await publish(ann, { tagList });
  assert.deepEqual(answered, tagList);
  assert.deepEqual((await read(slug)).tagList, tagList);
});

test("a repeated tag is kept once", async () => {
  assert.deepEqual((await publish(ann, { tagList: ["a", "b", "a"] })).tagList, ["a", "b"]);
});

for (const [what, fields] of [
  ["an empty", { tagList: [] }],
  ["no", {}],
]) {
  test(`an article with ${what} tag list has an empty one`, async () => {
    const { slug, tagList } = await publish(ann, fields);
    assert.deepEqual(tagList, []);
    assert.deepEqual((await read(slug)).tagList, []);
  });
}

for (const field of ["title", "description", "body"]) {
  const given = () => ({ title: unique("T"), description: "d", body: "b" });
  test(`publishing without ${field} is rejected`, async () => {
    assertError(await create(ann, { ...given(), [field]: undefined }), 422, field);
  });
  test(`publishing with an empty ${field} is rejected`, async () => {
    const reply = await create(ann, { ...given(), [field]: "" });
    assertError(reply, 422, field);
    assert.equal(reply.json.errors[field][0], "can't be blank");
  });
}

test("publishing names all missing fields at once", async () => {
  const reply = await create(ann, {});
  for (const field of ["title", "description", "body"]) assertError(reply, 422, field);
});

test("publishing with a tag list that is not a list of texts is rejected", async () => {
  const given = { title: unique("T"), description: "d", body: "b" };
  assertError(await create(ann, { ...given, tagList: "dragons" }), 422, "tagList");
  assertError(await create(ann, { ...given, tagList: [1] }), 422, "tagList");
});

test("publishing without a token is 401", async () => {
  const article = { title: unique("T"), description: "d", body: "b" };
  assertError(await api("POST", "/articles", { body: { article } }), 401);
});

test("text is kept as sent", async () => {
  const body = "Line one\nLine two\t\"quoted\" \\ 'x' <b>&amp; 龍 🐉";
  const { slug } = await publish(ann, { body, description: body });
  const article = await read(slug);
  assert.equal(article.body, body);
  assert.equal(article.description, body);
});

test("a NUL character, which PostgreSQL cannot store, is rejected", async () => {
  const given = { title: unique("T"), description: "d", body: "one\u0000two" };
  assertError(await create(ann, given), 422, "body");
});

test("an article is public", async () => {
  const { slug } = await publish(ann);
  assertArticle(await read(slug));
});

test("an unknown article is 404", async () => {
  assertError(await api("GET", "/articles/no-article-has-this-slug"), 404);
});

test("an update of the body keeps everything else", async () => {
  const article = await publish(ann, { tagList: ["one", "two"] });
  const reply = await update(ann, article.slug, { body: "With two hands" });
  assert.equal(reply.status, 200, reply.text);
  assertArticle(reply.json.article);
  const { updatedAt } = reply.json.article;
  assert.deepEqual(reply.json.article, { ...article, body: "With two hands", updatedAt });
  assert.ok(updatedAt >= article.updatedAt);
  assert.deepEqual(await read(article.slug), reply.json.article);
});

test("an update of the title changes the slug", async () => {
  const article = await publish(ann);
  const word = unique("w");
  const reply = await update(ann, article.slug, { title: `New ${word}` });
  assert.equal(reply.json.article.title, `New ${word}`);
  assert.equal(reply.json.article.slug, `new-${word}`);
  assert.equal((await api("GET", `/articles/${article.slug}`)).status, 404);
  assert.equal((await read(`new-${word}`)).createdAt, article.createdAt);
});

test("an update with the same title keeps the slug", async () => {
  const article = await publish(ann);
  const reply = await update(ann, article.slug, { title: article.title, description: "other" });
  assert.equal(reply.json.article.slug, article.slug);
  assert.equal(reply.json.article.description, "other");
});

test("an update to the title of another article gets another slug", async () => {
  const [one, two] = await Promise.all([publish(ann), publish(ann)]);
  const reply = await update(ann, two.slug, { title: one.title });
  assert.equal(reply.status, 200, reply.text);
  assert.notEqual(reply.json.article.slug, one.slug);
  assert.equal((await read(reply.json.article.slug)).title, one.title);
});

test("an update can replace and remove the tags", async () => {
  const { slug } = await publish(ann, { tagList: ["one", "two"] });
  assert.deepEqual((await update(ann, slug, { tagList: ["two", "three"] })).json.article.tagList, [
    "two",
    "three",
  ]);
  assert.deepEqual((await update(ann, slug, { tagList: [] })).json.article.tagList, []);
});

for (const [what, value] of [
  ["an empty text", ""],
  ["null", null],
]) {
  for (const field of ["title", "description", "body"]) {
    test(`an update of ${field} to ${what} is rejected`, async () => {
      const { slug } = await publish(ann);
      assertError(await update(ann, slug, { [field]: value }), 422, field);
    });
  }
}

test("an update of another user's article is 403", async () => {
  const article = await publish(ann);
  assertError(await update(bob, article.slug, { body: "mine now" }), 403);
  assert.deepEqual(await read(article.slug), article);
});

test("an update of an unknown article is 404", async () => {
  assertError(await update(ann, "no-article-has-this-slug", { body: "x" }), 404);
});

test("an update without a token is 401", async () => {
  const { slug } = await publish(ann);
  assertError(await update(undefined, slug, { body: "x" }), 401);
});

test("deleting answers 204 and the article is gone", async () => {
  const { slug } = await publish(ann, { tagList: ["x"] });
  const reply = await api("DELETE", `/articles/${slug}`, { user: ann });
  assert.equal(reply.status, 204);
  assert.equal(reply.text, "");
  assertError(await api("GET", `/articles/${slug}`), 404);
  assertError(await api("DELETE", `/articles/${slug}`, { user: ann }), 404);
});

test("an article with comments and favorites can be deleted", async () => {
  const { slug } = await publish(ann);
  await ok("POST", `/articles/${slug}/favorite`, { user: bob });
  await ok("POST", `/articles/${slug}/comments`, { user: bob, body: { comment: { body: "x" } } });
  assert.equal((await api("DELETE", `/articles/${slug}`, { user: ann })).status, 204);
  assertError(await api("GET", `/articles/${slug}/comments`), 404);
});

test("deleting another user's article is 403", async () => {
  const { slug } = await publish(ann);
  assertError(await api("DELETE", `/articles/${slug}`, { user: bob }), 403);
  assert.equal((await read(slug)).slug, slug);
});

test("deleting without a token is 401", async () => {
  const { slug } = await publish(ann);
  assertError(await api("DELETE", `/articles/${slug}`), 401);
});
