import type { Spikard } from "@spikard/wasm";
import { db } from "./database.js";

/** Returns all tags, those of the most articles first. */
async function listTags(): Promise<string[]> {
  const rows = await db.query<{ tag: string }>`
    select tag from article_tags group by tag order by count(*) desc, tag limit 1000`;
  return rows.map(({ tag }) => tag);
}

export function tagRoutes(app: Spikard) {
  app.get("/api/tags", { tags: ["tags"] }, async () => ({ tags: await listTags() }));
}
