/**
 * Faulty handlers, and handlers that return what they see of a request. The Rust and Python apps in the
 * sibling directories are equivalent; `host/tests` serves all three.
 */
import { HttpError, Spikard } from "@spikard/wasm";
import * as replies from "./replies.js";
import * as requests from "./requests.js";

const app = new Spikard({ name: "faulty-js", version: "0.1.0" });

let calls = 0;

function in_the_stack() {
  throw new TypeError("the secret is 4711");
}

// The number of calls that this instance has received.
app.get("/count", () => {
  calls += 1;
  return { calls };
});
app.get("/throw", () => in_the_stack());
app.get("/throw-async", async () => {
  await new Promise((resolve) => setTimeout(resolve, 1));
  in_the_stack();
});
app.get("/throw-text", () => {
  throw "the secret is 4711";
});
app.get("/refuse", () => {
  throw new HttpError(409, "there is one already", { "x-reason": "twice" });
});
// A promise that never settles: StarlingMonkey ends the instance.
app.get("/end", () => new Promise(() => {}));
app.get("/spin", () => {
  for (;;);
});

const nap = { query: { ms: { type: "integer", required: true } } };
app.get("/sleep", nap, async ({ params }) => {
  await new Promise((resolve) => setTimeout(resolve, params.ms));
  return "slept";
});

replies.define(app);
requests.define(app);

export const { definition, handler, hooks } = app.component();
