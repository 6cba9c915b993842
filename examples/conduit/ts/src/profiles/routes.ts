import type { Spikard } from "@spikard/wasm";
import { signedIn, userId, viewer } from "../auth.js";
import { findProfile, follow, unfollow } from "./queries.js";

export function profileRoutes(app: Spikard) {
  app.get("/api/profiles/{username}", { tags: ["profiles"] }, async ({ params, request }) => {
    const [, profile] = await findProfile(params.username, await viewer(request));
    return { profile };
  });

  app.post(
    "/api/profiles/{username}/follow",
    { ...signedIn, tags: ["profiles"] },
    async ({ params, local }) => ({
      profile: await follow(userId(local), params.username),
    }),
  );

  app.delete(
    "/api/profiles/{username}/follow",
    { ...signedIn, tags: ["profiles"] },
    async ({ params, local }) => ({
      profile: await unfollow(userId(local), params.username),
    }),
  );
}
