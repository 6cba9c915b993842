import { SqlError } from "@spikard/wasm";

/** Slugs that would collide with the path of another route. */
const RESERVED = new Set(["", "feed"]);

/** Returns the words of a title in lower case, joined with `-`. Letters of all scripts are kept, accents are not. */
function slugify(title: string): string {
  return title
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, "-")
    .replace(/^-|-$/g, "");
}

/**
 * Calls `store` with the slug of a title, or with a longer one if another article has that slug. Returns the slug that
 * it stored.
 */
export async function withSlug(title: string, store: (slug: string) => Promise<void>): Promise<string> {
  const slug = slugify(title);
  if (!RESERVED.has(slug)) {
    try {
      await store(slug);
      return slug;
    } catch (error) {
      if (!(error instanceof SqlError) || error.code !== "unique") throw error;
    }
  }
  const longer = `${slug || "article"}-${crypto.randomUUID().slice(0, 8)}`;
  await store(longer);
  return longer;
}
