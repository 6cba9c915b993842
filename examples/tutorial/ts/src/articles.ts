import { Database, HttpError, Router } from "@spikard/wasm";
import { currentUserId, signedIn } from "./auth.js";

const db = new Database();

interface ArticleRow {
  slug: string;
  title: string;
  description: string;
  body: string;
  created_at: string;
  author: string;
}

const text = { type: "string", minLength: 1 } as const;

const newArticle = {
  type: "object",
  properties: {
    article: {
      type: "object",
      properties: { title: text, description: text, body: text },
      required: ["title", "description", "body"],
    },
  },
  required: ["article"],
} as const;

async function findArticle(slug: string) {
  const row = await db.first<ArticleRow>`
    select slug, title, description, body, created_at, username as author
    from articles join users on users.id = author_id
    where slug = ${slug}`;
  if (row === undefined) throw new HttpError(404, `no article \`${slug}\``);
  const { title, description, body, created_at, author } = row;
  return {
    article: { slug, title, description, body, createdAt: created_at, author: { username: author } },
  };
}

export const articles = new Router({ tags: ["articles"] });

articles.post("/", { ...signedIn, body: newArticle, status: 201 }, async ({ body, local }) => {
  const { title, description, body: content } = body.article;
  const words = title.toLowerCase().match(/[a-z0-9]+/g) ?? ["article"];
  const slug = words.join("-");
  await db.execute`
    insert into articles (slug, title, description, body, author_id)
    values (${slug}, ${title}, ${description}, ${content}, ${currentUserId(local)})`;
  return findArticle(slug);
});

articles.get("/{slug}", ({ params }) => findArticle(params.slug));
