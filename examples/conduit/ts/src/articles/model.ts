import type { Profile } from "../profiles/model.js";
import { envelope, text } from "../schemas.js";

const properties = {
  title: text(300),
  description: text(2000),
  body: text(500_000),
  tagList: { type: "array", items: text(100), maxItems: 50 },
} as const;

export const NewArticle = envelope("article", {
  type: "object",
  properties,
  required: ["title", "description", "body"],
} as const);

export const ArticleChanges = envelope("article", { type: "object", properties } as const);

/** The longest page. A larger `limit` gets this many articles. */
export const MAX_PAGE = 100;

export const page = {
  limit: { type: "integer", minimum: 1, default: 20 },
  offset: { type: "integer", minimum: 0, default: 0 },
} as const;

export const filters = {
  tag: { type: "string" },
  author: { type: "string" },
  favorited: { type: "string" },
} as const;

/** An article of a list. */
export interface Summary {
  slug: string;
  title: string;
  description: string;
  tagList: string[];
  createdAt: string;
  updatedAt: string;
  favorited: boolean;
  favoritesCount: number;
  author: Profile;
}

export interface Article extends Summary {
  body: string;
}

/** A row of `article_details`, with what depends on the viewer. SQLite has 0 and 1 for booleans. */
export interface ArticleRow {
  id: number;
  author_id: number;
  slug: string;
  title: string;
  description: string;
  tag_list: string;
  created_at: string | Date;
  updated_at: string | Date;
  favorites_count: number;
  favorited: boolean | number;
  author_username: string;
  author_bio: string | null;
  author_image: string | null;
  following: boolean | number;
}

export function summary(row: ArticleRow): Summary {
  return {
    slug: row.slug,
    title: row.title,
    description: row.description,
    tagList: JSON.parse(row.tag_list),
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
    favorited: Boolean(row.favorited),
    favoritesCount: row.favorites_count,
    author: {
      username: row.author_username,
      bio: row.author_bio,
      image: row.author_image,
      following: Boolean(row.following),
    },
  };
}
