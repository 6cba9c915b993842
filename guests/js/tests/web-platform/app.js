/** An app that runs cases in its engine. */
import { Spikard } from "@spikard/wasm";
import { run } from "./checks.js";

const app = new Spikard({ name: "web-platform" });

// The body is a text, because JSON with a lone surrogate is not JSON for the host.
app.post("/run", ({ body }) => {
  const { check, cases } = JSON.parse(body);
  return run(check, cases);
});

export const { definition, handler, hooks } = app.component();
