/**
 * The world `http-app` without an SDK, with the handlers of shape `strings`
 * (`bench/shapes/js/strings.js`). Content objects are reused, as in the SDK.
 */
const HELLO = '{"message":"Hello, World!"}';
const json = { tag: "json", val: "" };
const text = { tag: "text", val: "" };

const route = (method, path) => ({
  method,
  path,
  name: "",
  parameters: "",
  body: "",
  replies: "",
  settings: "",
});

export const definition = {
  describe: () => ({
    name: "bench-raw",
    version: "",
    routes: [route("get", "/hello"), route("post", "/echo"), route("post", "/text")],
    settings: "",
  }),
};

export const handler = {
  handle(route, params, body) {
    if (route === 2) {
      text.val = body.val;
      return [200, "", text];
    }
    json.val = route === 0 ? HELLO : JSON.stringify(JSON.parse(body.val));
    return [200, "", json];
  },
};
