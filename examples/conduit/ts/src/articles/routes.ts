import type { Spikard } from "@spikard/wasm";
import { signedIn, userId, viewer } from "../auth.js";
import { ArticleChanges, filters, NewArticle, page } from "./model.js";
import {
  deleteArticle,
  favorite,
  findArticle,
  findOwnArticle,
  insertArticle,
  listArticles,
  unfavorite,
  updateArticle,
} from "./queries.js";
import { withSlug } from "./slug.js";

const tags = ["articles"];

export function articleRoutes(app: Spikard) {
  app.get("/api/articles", { query: { ...filters, ...page }, tags }, async ({ params, request }) =>
    listArticles(params, await viewer(request), params),
  );

  app.get("/api/articles/feed", { ...signedIn, query: page, tags }, async ({ params, local }) =>
    listArticles({ feedOf: userId(local) }, userId(local), params),
  );

  app.post("/api/articles", { ...signedIn, body: NewArticle, status: 201, tags }, async ({ body, local }) => {
    const author = userId(local);
    const { tagList = [], ...fields } = body.article;
    const slug = await withSlug(fields.title, (slug) => insertArticle(author, slug, { ...fields, tagList }));
    return { article: await findArticle(slug, author) };
  });

  app.get("/api/articles/{slug}", { tags }, async ({ params, request }) => ({
    article: await findArticle(params.slug, await viewer(request)),
  }));

  app.put(
    "/api/articles/{slug}",
    { ...signedIn, body: ArticleChanges, tags },
    async ({ params, body, local }) => {
      const author = userId(local);
      const [id, article] = await findOwnArticle(params.slug, author);
      const { title = article.title, ...changes } = body.article;
      let { slug } = article;
      if (title === article.title) {
        await updateArticle(id, changes);
      } else {
        slug = await withSlug(title, (slug) => updateArticle(id, { ...changes, title, slug }));
      }
      return { article: await findArticle(slug, author) };
    },
  );

  app.delete("/api/articles/{slug}", { ...signedIn, tags }, async ({ params, local }) => {
    const [id] = await findOwnArticle(params.slug, userId(local));
    await deleteArticle(id);
  });

  app.post("/api/articles/{slug}/favorite", { ...signedIn, tags }, async ({ params, local }) => ({
    article: await favorite(params.slug, userId(local)),
  }));

  app.delete("/api/articles/{slug}/favorite", { ...signedIn, tags }, async ({ params, local }) => ({
    article: await unfavorite(params.slug, userId(local)),
  }));
}
