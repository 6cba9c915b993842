import assert from "node:assert/strict";
import { before, test } from "node:test";
import { api, assertError, assertListed, ok, publish, register, unique } from "./client.mjs";

let author;
let reader;
let tag;
/** Articles of `author`, oldest first. */
let articles;
before(async () => {
  [author, reader] = await Promise.all([register("author"), register("reader")]);
  tag = unique("tag");
  articles = [];
  for (let number = 0; number < 5; number++) {
    articles.push(await publish(author, { tagList: number < 3 ? ["first", tag] : ["first"] }));
  }
  await ok("POST", `/articles/${articles[1].slug}/favorite`, { user: reader });
  await ok("POST", `/articles/${articles[3].slug}/favorite`, { user: reader });
});

async function list(query, user) {
  const text = new URLSearchParams(query).toString();
  const page = await ok("GET", `/articles?${text}`, { user });
  assert.deepEqual(Object.keys(page).sort(), ["articles", "articlesCount"]);
  for (const article of page.articles) assertListed(article);
  return { ...page, slugs: page.articles.map(({ slug }) => slug) };
}
const slugs = (...numbers) => numbers.map((number) => articles[number].slug);

test("the list is public, and its articles have no body", async () => {
  const page = await list({});
  assert.ok(page.articles.length > 0);
  assert.ok(Number.isInteger(page.articlesCount));
  assert.ok(page.articlesCount >= page.articles.length);
});

test("the list has at most 20 articles by default", async () => {
  const many = await register("many");
  await Promise.all(Array.from({ length: 22 }, () => publish(many)));
  const page = await list({ author: many.username });
  assert.equal(page.articles.length, 20);
  assert.equal(page.articlesCount, 22);
});

test("a list by author has the author's articles, most recent first", async () => {
  const page = await list({ author: author.username });
  assert.deepEqual(page.slugs, slugs(4, 3, 2, 1, 0));
  assert.equal(page.articlesCount, 5);
});

test("a list by tag has the articles with the tag, and all of their tags in order", async () => {
  const page = await list({ tag });
  assert.deepEqual(page.slugs, slugs(2, 1, 0));
  assert.equal(page.articlesCount, 3);
  for (const { tagList } of page.articles) assert.deepEqual(tagList, ["first", tag]);
});

test("a list by favorites has the articles that the user favorited", async () => {
  const page = await list({ favorited: reader.username });
  assert.deepEqual(page.slugs, slugs(3, 1));
  assert.equal(page.articlesCount, 2);
  for (const article of page.articles) {
    assert.equal(article.favoritesCount, 1);
    assert.equal(article.favorited, false);
  }
});

test("`favorited` of a list is that of the reader", async () => {
  const page = await list({ author: author.username }, reader);
  assert.deepEqual(
    page.articles.map(({ favorited }) => favorited),
    [false, true, false, true, false],
  );
});

test("filters can be combined", async () => {
  const page = await list({ author: author.username, tag, favorited: reader.username });
  assert.deepEqual(page.slugs, slugs(1));
  assert.equal(page.articlesCount, 1);
});

for (const [name, value] of [
  ["author", "nobody-has-this-name"],
  ["tag", "no-such-tag"],
  ["favorited", "nobody-has-this-name"],
]) {
  test(`a list by an unknown ${name} is empty`, async () => {
    assert.deepEqual(await ok("GET", `/articles?${name}=${value}`), { articles: [], articlesCount: 0 });
  });
}

test("`limit` and `offset` select a page, and the count is that of all pages", async () => {
  const page = await list({ author: author.username, limit: 2, offset: 1 });
  assert.deepEqual(page.slugs, slugs(3, 2));
  assert.equal(page.articlesCount, 5);
});

test("a page past the end is empty and has the count", async () => {
  const page = await list({ author: author.username, limit: 2, offset: 100 });
  assert.deepEqual(page.slugs, []);
  assert.equal(page.articlesCount, 5);
});

for (const [name, value] of [
  ["limit", "0"],
  ["limit", "-1"],
  ["limit", "x"],
  ["offset", "-1"],
  ["offset", "x"],
]) {
  test(`${name}=${value} is rejected`, async () => {
    assertError(await api("GET", `/articles?${name}=${value}`), 422, name);
  });
}

test("a list with an invalid token is 401", async () => {
  assertError(await api("GET", "/articles", { user: { token: "x" } }), 401);
});

test("the feed has the articles of followed authors, most recent first", async () => {
  const [one, two, other, fan] = await Promise.all(["one", "two", "other", "fan"].map(register));
  const published = [];
  for (const user of [one, two, one, other]) published.push(await publish(user, { tagList: ["b", "a"] }));
  assert.deepEqual(await ok("GET", "/articles/feed", { user: fan }), { articles: [], articlesCount: 0 });
  await ok("POST", `/profiles/${one.username}/follow`, { user: fan });
  await ok("POST", `/profiles/${two.username}/follow`, { user: fan });
  const feed = await ok("GET", "/articles/feed", { user: fan });
  assert.equal(feed.articlesCount, 3);
  for (const article of feed.articles) {
    assertListed(article);
    assert.equal(article.author.following, true);
    assert.deepEqual(article.tagList, ["b", "a"]);
  }
  const expected = [published[2], published[1], published[0]].map(({ slug }) => slug);
  assert.deepEqual(
    feed.articles.map(({ slug }) => slug),
    expected,
  );
  const page = await ok("GET", "/articles/feed?limit=1&offset=1", { user: fan });
  assert.deepEqual(
    page.articles.map(({ slug }) => slug),
    [expected[1]],
  );
  assert.equal(page.articlesCount, 3);
  await ok("DELETE", `/profiles/${one.username}/follow`, { user: fan });
  assert.equal((await ok("GET", "/articles/feed", { user: fan })).articlesCount, 1);
});

test("the feed does not have one's own articles", async () => {
  assert.equal((await ok("GET", "/articles/feed", { user: author })).articlesCount, 0);
});

test("the feed without a token is 401", async () => {
  assertError(await api("GET", "/articles/feed"), 401);
});

test("the feed rejects an invalid limit", async () => {
  assertError(await api("GET", "/articles/feed?limit=0", { user: reader }), 422, "limit");
});

test("the list of tags has each tag once", async () => {
  const { tags } = await ok("GET", "/tags");
  assert.equal(tags.filter((one) => one === tag).length, 1);
  assert.equal(tags.filter((one) => one === "first").length, 1);
  assert.equal(new Set(tags).size, tags.length);
});

test("a tag of no article is not in the list of tags", async () => {
  const gone = unique("gone");
  const { slug } = await publish(author, { tagList: [gone] });
  assert.ok((await ok("GET", "/tags")).tags.includes(gone));
  await ok("DELETE", `/articles/${slug}`, { user: author }, 204);
  assert.ok(!(await ok("GET", "/tags")).tags.includes(gone));
});
