import assert from "node:assert/strict";
import { before, test } from "node:test";
import { api, assertArticle, assertError, ok, publish, register } from "./client.mjs";

let author;
let ann;
let bob;
before(async () => {
  [author, ann, bob] = await Promise.all(["author", "ann", "bob"].map(register));
});

const favorite = async (slug, user) => (await ok("POST", `/articles/${slug}/favorite`, { user })).article;
const unfavorite = async (slug, user) => (await ok("DELETE", `/articles/${slug}/favorite`, { user })).article;
const read = async (slug, user) => (await ok("GET", `/articles/${slug}`, { user })).article;
const state = ({ favorited, favoritesCount }) => [favorited, favoritesCount];

test("favoriting answers the article, favorited and counted", async () => {
  const article = await publish(author, { tagList: ["b", "a"] });
  const answered = await favorite(article.slug, ann);
  assertArticle(answered);
  assert.deepEqual(answered, { ...article, favorited: true, favoritesCount: 1 });
});

test("`favorited` is that of the reader, `favoritesCount` that of all", async () => {
  const { slug } = await publish(author);
  await favorite(slug, ann);
  assert.deepEqual(state(await favorite(slug, bob)), [true, 2]);
  assert.deepEqual(state(await read(slug, ann)), [true, 2]);
  assert.deepEqual(state(await read(slug, author)), [false, 2]);
  assert.deepEqual(state(await read(slug)), [false, 2]);
});

test("favoriting twice counts once", async () => {
  const { slug } = await publish(author);
  await favorite(slug, ann);
  assert.deepEqual(state(await favorite(slug, ann)), [true, 1]);
});

test("favorites at the same time are all counted", async () => {
  const { slug } = await publish(author);
  await Promise.all([author, ann, bob, ann].map((user) => favorite(slug, user)));
  assert.equal((await read(slug)).favoritesCount, 3);
});

test("unfavoriting answers the article, not favorited", async () => {
  const { slug } = await publish(author);
  await favorite(slug, ann);
  await favorite(slug, bob);
  const article = await unfavorite(slug, ann);
  assertArticle(article);
  assert.deepEqual(state(article), [false, 1]);
  assert.deepEqual(state(await read(slug, bob)), [true, 1]);
});

test("unfavoriting an article that is not a favorite changes nothing", async () => {
  const { slug } = await publish(author);
  await favorite(slug, bob);
  assert.deepEqual(state(await unfavorite(slug, ann)), [false, 1]);
});

for (const method of ["POST", "DELETE"]) {
  test(`${method} of a favorite without a token is 401`, async () => {
    const { slug } = await publish(author);
    assertError(await api(method, `/articles/${slug}/favorite`), 401);
  });
  test(`${method} of a favorite of an unknown article is 404`, async () => {
    assertError(await api(method, "/articles/no-article-has-this-slug/favorite", { user: ann }), 404);
  });
}
