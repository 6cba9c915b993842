import { Spikard } from "@spikard/wasm";
import { invitations } from "./background.js";
import { notes } from "./databases.js";
import { carts } from "./key-value.js";
import { accounts } from "./passwords.js";
import { rates } from "./requests.js";
import { waiting } from "./waiting.js";

export const app = new Spikard({ name: "guide", version: "1.0.0" });

app.route("/notes", notes);
app.route("/rates", rates);
app.route("/carts", carts);
app.route("/accounts", accounts);
app.route("/waiting", waiting);
app.route("/invitations", invitations);

export const { definition, handler, hooks } = app.component();
