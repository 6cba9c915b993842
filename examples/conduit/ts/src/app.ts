/**
 * Conduit: the RealWorld blog service.
 *
 * Each feature has a folder: `model.ts` declares what requests and replies contain, `queries.ts` has the statements,
 * and `routes.ts` connects the two.
 */
import { Spikard } from "@spikard/wasm";
import { articleRoutes } from "./articles/routes.js";
import { commentRoutes } from "./comments/routes.js";
import { explainError, relabelError } from "./errors.js";
import { profileRoutes } from "./profiles/routes.js";
import { tagRoutes } from "./tags.js";
import { userRoutes } from "./users/routes.js";

export const app = new Spikard({
  name: "conduit-ts",
  version: "1.0.0",
  bodyLimit: 1_000_000,
  // Web frontends of other origins use the service.
  cors: { origins: "*", headers: ["authorization", "content-type"] },
});

app.onResponse(relabelError);
app.onError(explainError);

userRoutes(app);
profileRoutes(app);
articleRoutes(app);
commentRoutes(app);
tagRoutes(app);

export const { definition, handler, hooks } = app.component();
