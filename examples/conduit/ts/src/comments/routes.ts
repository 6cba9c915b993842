import type { Spikard } from "@spikard/wasm";
import { signedIn, userId, viewer } from "../auth.js";
import { NewComment } from "./model.js";
import { deleteComment, insertComment, listComments } from "./queries.js";

const tags = ["comments"];

export function commentRoutes(app: Spikard) {
  app.get("/api/articles/{slug}/comments", { tags }, async ({ params, request }) => ({
    comments: await listComments(params.slug, await viewer(request)),
  }));

  app.post(
    "/api/articles/{slug}/comments",
    { ...signedIn, body: NewComment, tags },
    async ({ params, body, local }) => ({
      comment: await insertComment(params.slug, userId(local), body.comment.body),
    }),
  );

  app.delete("/api/articles/{slug}/comments/{id:int}", { ...signedIn, tags }, async ({ params, local }) =>
    deleteComment(params.slug, params.id, userId(local)),
  );
}
