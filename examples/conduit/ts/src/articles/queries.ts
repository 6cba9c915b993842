import { type SqlFragment, sql, type Transaction } from "@spikard/wasm";
import { db, join, set } from "../database.js";
import { forbidden, notFound } from "../errors.js";
import { type Article, type ArticleRow, MAX_PAGE, type Summary, summary } from "./model.js";

type Viewer = number | null;

/** The columns of a summary, as a user sees it. */
const columns = (viewer: Viewer) => sql`
  a.id, a.author_id, a.slug, a.title, a.description, a.tag_list, a.created_at, a.updated_at, a.favorites_count,
  a.author_username, a.author_bio, a.author_image,
  exists (select 1 from favorites f where f.article_id = a.id and f.user_id = ${viewer}) as favorited,
  exists (select 1 from follows f where f.follower_id = ${viewer} and f.followed_id = a.author_id) as following`;

export interface Filter {
  tag?: string | undefined;
  author?: string | undefined;
  favorited?: string | undefined;
  /** The user whose followed authors wrote the articles. */
  feedOf?: number;
}

export interface Page {
  limit: number;
  offset: number;
}

/** Returns a page of the articles that match all filters, most recent first, and the number of all that match. */
export async function listArticles(filter: Filter, viewer: Viewer, { limit, offset }: Page) {
  const where = condition(filter);
  const [rows, count] = await Promise.all([
    db.query<ArticleRow>`
      select ${columns(viewer)}
      from article_details a
      where ${where}
      order by a.id desc
      limit ${Math.min(limit, MAX_PAGE)} offset ${offset}`,
    db.first<{ total: number }>`select count(*) as total from articles a where ${where}`,
  ]);
  return { articles: rows.map(summary), articlesCount: count?.total ?? 0 };
}

function condition({ tag, author, favorited, feedOf }: Filter): SqlFragment {
  const user = (name: string) => sql`(select id from users where username = ${name})`;
  const all = [sql`true`];
  if (tag !== undefined) all.push(sql`a.id in (select article_id from article_tags where tag = ${tag})`);
  if (author !== undefined) all.push(sql`a.author_id = ${user(author)}`);
  if (favorited !== undefined) {
    all.push(sql`a.id in (select article_id from favorites where user_id = ${user(favorited)})`);
  }
  if (feedOf !== undefined) {
    all.push(sql`a.author_id in (select followed_id from follows where follower_id = ${feedOf})`);
  }
  return join(all, sql` and `);
}

async function findRow(slug: string, viewer: Viewer): Promise<ArticleRow & { body: string }> {
  const row = await db.first<ArticleRow & { body: string }>`
    select a.body, ${columns(viewer)} from article_details a where a.slug = ${slug}`;
  if (row === undefined) throw notFound("article");
  return row;
}

export async function findArticle(slug: string, viewer: Viewer): Promise<Article> {
  const row = await findRow(slug, viewer);
  return { ...summary(row), body: row.body };
}

/** Returns an article that the user may change, and its id. */
export async function findOwnArticle(slug: string, user: number): Promise<[id: number, Summary]> {
  const row = await findRow(slug, user);
  if (row.author_id !== user) throw forbidden("article");
  return [row.id, summary(row)];
}

export interface NewFields {
  title: string;
  description: string;
  body: string;
  tagList: readonly string[];
}

export function insertArticle(author: number, slug: string, article: NewFields): Promise<void> {
  const { title, description, body, tagList } = article;
  return db.transaction(async (tx) => {
    const row = await tx.first<{ id: number }>`
      insert into articles (slug, title, description, body, author_id)
      values (${slug}, ${title}, ${description}, ${body}, ${author})
      returning id`;
    await insertTags(tx, (row as { id: number }).id, tagList);
  });
}

/** Values of fields; one that is `undefined` stays as it is. */
export interface ChangedFields {
  slug?: string;
  title?: string | undefined;
  description?: string | undefined;
  body?: string | undefined;
  tagList?: readonly string[] | undefined;
}

export function updateArticle(id: number, { tagList, ...fields }: ChangedFields): Promise<void> {
  const changes = [
    sql`updated_at = ${new Date()}`,
    ...set(sql`slug`, fields.slug),
    ...set(sql`title`, fields.title),
    ...set(sql`description`, fields.description),
    ...set(sql`body`, fields.body),
  ];
  return db.transaction(async (tx) => {
    await tx.execute`update articles set ${join(changes, sql`, `)} where id = ${id}`;
    if (tagList === undefined) return;
    await tx.execute`delete from article_tags where article_id = ${id}`;
    await insertTags(tx, id, tagList);
  });
}

async function insertTags(tx: Transaction, article: number, tagList: readonly string[]): Promise<void> {
  const rows = [...new Set(tagList)].map((tag, position) => sql`(${article}, ${position}, ${tag})`);
  if (rows.length === 0) return;
  await tx.execute`insert into article_tags (article_id, position, tag) values ${join(rows, sql`, `)}`;
}

export async function deleteArticle(id: number): Promise<void> {
  await db.execute`delete from articles where id = ${id}`;
}

export async function favorite(slug: string, user: number): Promise<Article> {
  await db.execute`
    insert into favorites (article_id, user_id)
    select id, cast(${user} as bigint) from articles where slug = ${slug}
    on conflict do nothing`;
  return findArticle(slug, user);
}

export async function unfavorite(slug: string, user: number): Promise<Article> {
  await db.execute`
    delete from favorites
    where user_id = ${user} and article_id = (select id from articles where slug = ${slug})`;
  return findArticle(slug, user);
}
