import { sql } from "@spikard/wasm";
import { db } from "../database.js";
import { forbidden, notFound } from "../errors.js";
import type { Comment } from "./model.js";

interface CommentRow {
  id: number;
  body: string;
  created_at: string | Date;
  updated_at: string | Date;
  username: string;
  bio: string | null;
  image: string | null;
  following: boolean | number;
}

/** A statement that returns comments, as a user sees them, without its condition. */
const select = (viewer: number | null) => sql`
  select c.id, c.body, c.created_at, c.updated_at, u.username, u.bio, u.image,
    exists (select 1 from follows f where f.follower_id = ${viewer} and f.followed_id = u.id) as following
  from comments c
  join users u on u.id = c.author_id`;

function comment({ id, body, created_at, updated_at, username, bio, image, following }: CommentRow): Comment {
  return {
    id,
    createdAt: new Date(created_at).toISOString(),
    updatedAt: new Date(updated_at).toISOString(),
    body,
    author: { username, bio, image, following: Boolean(following) },
  };
}

/** Returns the comments of an article, most recent first. */
export async function listComments(slug: string, viewer: number | null): Promise<Comment[]> {
  const article = await db.first<{ id: number }>`select id from articles where slug = ${slug}`;
  if (article === undefined) throw notFound("article");
  const rows = await db.query<CommentRow>`
    ${select(viewer)} where c.article_id = ${article.id} order by c.id desc`;
  return rows.map(comment);
}

export async function insertComment(slug: string, author: number, body: string): Promise<Comment> {
  const inserted = await db.first<{ id: number }>`
    insert into comments (body, author_id, article_id)
    select cast(${body} as text), cast(${author} as bigint), id from articles where slug = ${slug}
    returning id`;
  if (inserted === undefined) throw notFound("article");
  const row = await db.first<CommentRow>`${select(author)} where c.id = ${inserted.id}`;
  return comment(row as CommentRow);
}

export async function deleteComment(slug: string, id: number, user: number): Promise<void> {
  const row = await db.first<{ author_id: number }>`
    select c.author_id from comments c
    join articles a on a.id = c.article_id
    where c.id = ${id} and a.slug = ${slug}`;
  if (row === undefined) throw notFound("comment");
  if (row.author_id !== user) throw forbidden("comment");
  await db.execute`delete from comments where id = ${id}`;
}
