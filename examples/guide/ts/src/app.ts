import { Spikard } from "@spikard/wasm";
import { invitations, loadBlocked, prepareInvitations, reportInvitations } from "./background.js";
import { notes } from "./databases.js";
import { carts } from "./key-value.js";
import { accounts } from "./passwords.js";
import { rates } from "./requests.js";
import { teams } from "./routers.js";
import { addGreeting, settings } from "./settings.js";
import { waiting } from "./waiting.js";

export const app = new Spikard({
  name: "guide",
  version: "1.0.0",
  config: settings,
  secrets: ["jwt", "rates"],
});

app.route("/notes", notes);
app.route("/rates", rates);
app.route("/carts", carts);
app.route("/accounts", accounts);
app.route("/waiting", waiting);
app.route("/invitations", invitations);
app.route("/teams", teams);
addGreeting(app);

app.onStart(prepareInvitations);
app.onInstance(loadBlocked);
app.onStop(reportInvitations);

export const { definition, handler, hooks } = app.component();
