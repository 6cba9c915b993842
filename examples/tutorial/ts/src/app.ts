import { Spikard } from "@spikard/wasm";
import { articles } from "./articles.js";
import { users } from "./users.js";

export const app = new Spikard({ name: "conduit", version: "1.0.0" });

app.route("/api", users);
app.route("/api/articles", articles);

export const { definition, handler, hooks } = app.component();
