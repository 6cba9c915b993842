/**
 * The workloads of the Spikard benchmark harness: each raw, and under `/validated` with schemas.
 */
import { Spikard } from "@spikard/wasm";
import { handlers } from "./handlers.js";
import * as schemas from "./schemas.js";

const app = new Spikard({ name: "spikard-target-js", version: "1.0.0" });

app.get("/", handlers.health);
app.get("/health", handlers.health);

for (const size of ["small", "medium", "large", "very-large"]) {
  app.post(`/json/${size}`, handlers.body);
  app.post(`/validated/json/${size}`, { body: schemas.json[size] }, handlers.body);
}

const paths = {
  "simple/{id}": schemas.paths.simple,
  "multiple/{user_id}/{post_id}": schemas.paths.multiple,
  "deep/{org}/{team}/{project}/{resource}/{id}": schemas.paths.deep,
  "int/{id}": schemas.paths.int,
  "uuid/{uuid}": schemas.paths.uuid,
  "date/{date}": schemas.paths.date,
};
for (const [pattern, path] of Object.entries(paths)) {
  // The route without validation also declares the integer's type, so that the handler gets a number.
  app.get(`/path/${pattern}`, pattern.startsWith("int/") ? { path } : {}, handlers.params);
  app.get(`/validated/path/${pattern}`, { path }, handlers.params);
}

for (const name of ["few", "medium", "many"]) {
  app.get(`/query/${name}`, { query: schemas.optional(schemas.queries[name]) }, handlers.params);
  app.get(`/validated/query/${name}`, { query: schemas.queries[name] }, handlers.params);
}

for (const name of ["simple", "complex"]) {
  app.post(`/urlencoded/${name}`, handlers.body);
  app.post(`/validated/urlencoded/${name}`, { form: schemas.forms[name] }, handlers.body);
}

for (const size of ["small", "medium", "large"]) {
  app.post(`/multipart/${size}`, handlers.files);
  app.post(`/validated/multipart/${size}`, handlers.someFiles);
}

export const { definition, handler, hooks } = app.component();
