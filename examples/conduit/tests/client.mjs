/**
 * Sends requests to a running Conduit service and checks the form of its replies.
 *
 * All names are unique, so that test files run at the same time, and again on a database that is not empty.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

const origin = (process.env.CONDUIT_URL ?? "http://127.0.0.1:8000").replace(/\/+$/, "");

/** Returns a name that no other test uses. */
export function unique(prefix) {
  return `${prefix}${randomUUID().replaceAll("-", "").slice(0, 16)}`;
}

/**
 * Sends a request below `/api`. `user` signs it; `body` is sent as JSON, a string unchanged. Returns the status, the
 * headers, and the value of a JSON body.
 */
export async function api(method, path, { user, body, headers = {} } = {}) {
  const reply = await fetch(`${origin}/api${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(user === undefined ? {} : { authorization: `Token ${user.token}` }),
      ...headers,
    },
    body: body === undefined || typeof body === "string" ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  const text = await reply.text();
  const type = reply.headers.get("content-type") ?? "";
  const json = /^application\/json\b/.test(type) && text !== "" ? JSON.parse(text) : undefined;
  return { status: reply.status, headers: reply.headers, text, json };
}

/** Sends a request that must succeed, and returns the value of its body. */
export async function ok(method, path, options, status = 200) {
  const reply = await api(method, path, options);
  assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
  return reply.json;
}

/** Registers a user. The result has the password too. */
export async function register(prefix = "user") {
  const username = unique(prefix);
  const account = { username, email: `${username}@example.com`, password: `password of ${username}` };
  const { user } = await ok("POST", "/users", { body: { user: account } }, 201);
  return { ...account, ...user };
}

/** Publishes an article and returns it. */
export async function publish(user, fields = {}) {
  const article = { title: unique("Title "), description: "A description", body: "A body", ...fields };
  return (await ok("POST", "/articles", { user, body: { article } }, 201)).article;
}

/** Adds a comment and returns it. */
export async function comment(user, slug, body = "A comment") {
  return (await ok("POST", `/articles/${slug}/comments`, { user, body: { comment: { body } } })).comment;
}

const USER = ["bio", "email", "image", "token", "username"];
const PROFILE = ["bio", "following", "image", "username"];
const LISTED = [
  "author",
  "createdAt",
  "description",
  "favorited",
  "favoritesCount",
  "slug",
  "tagList",
  "title",
  "updatedAt",
];
const COMMENT = ["author", "body", "createdAt", "id", "updatedAt"];

/** Checks that a value has these members and no others. */
export function assertMembers(value, names) {
  assert.equal(typeof value, "object");
  assert.notEqual(value, null);
  assert.deepEqual(Object.keys(value).sort(), [...names].sort());
}

/** Checks that a text is a time in ISO 8601 with milliseconds, in UTC. */
export function assertTime(text) {
  assert.match(text, /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z$/);
  const age = Date.now() - Date.parse(text);
  assert.ok(age > -60_000 && age < 3_600_000, `\`${text}\` is not a recent time`);
}

function assertNullableText(value) {
  assert.ok(value === null || typeof value === "string", `\`${value}\` is neither a text nor null`);
}

export function assertUser(user) {
  assertMembers(user, USER);
  assert.equal(typeof user.username, "string");
  assert.equal(typeof user.email, "string");
  assertNullableText(user.bio);
  assertNullableText(user.image);
  assert.match(user.token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
}

export function assertProfile(profile) {
  assertMembers(profile, PROFILE);
  assert.equal(typeof profile.username, "string");
  assert.equal(typeof profile.following, "boolean");
  assertNullableText(profile.bio);
  assertNullableText(profile.image);
}

/** Checks an article of a list, which has no `body`. */
export function assertListed(article) {
  assertMembers(article, LISTED);
  assertArticleValues(article);
}

export function assertArticle(article) {
  assertMembers(article, [...LISTED, "body"]);
  assert.equal(typeof article.body, "string");
  assertArticleValues(article);
}

function assertArticleValues(article) {
  for (const name of ["slug", "title", "description"]) assert.equal(typeof article[name], "string");
  assert.ok(Array.isArray(article.tagList));
  assertTime(article.createdAt);
  assertTime(article.updatedAt);
  assert.equal(typeof article.favorited, "boolean");
  assert.ok(Number.isInteger(article.favoritesCount));
  assertProfile(article.author);
}

export function assertComment(one) {
  assertMembers(one, COMMENT);
  assert.ok(Number.isInteger(one.id));
  assert.equal(typeof one.body, "string");
  assertTime(one.createdAt);
  assertTime(one.updatedAt);
  assertProfile(one.author);
}

/** Checks that a reply is an error of a status, in the form `{"errors": {"field": ["message"]}}`. */
export function assertError(reply, status, field) {
  assert.equal(reply.status, status, reply.text);
  assert.match(reply.headers.get("content-type") ?? "", /^application\/json\b/);
  assertMembers(reply.json, ["errors"]);
  for (const [name, messages] of Object.entries(reply.json.errors)) {
    assert.ok(Array.isArray(messages) && messages.length > 0, `\`${name}\` has no messages`);
    for (const message of messages) assert.equal(typeof message, "string");
  }
  if (field !== undefined) assert.ok(field in reply.json.errors, `no error of \`${field}\`: ${reply.text}`);
}
