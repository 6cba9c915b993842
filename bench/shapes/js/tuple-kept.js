/** Shape `tuple` with one content object for all calls. Routes 0 to 2 as in `tuple.js`. */
const HELLO = '{"message":"Hello, World!"}';
const content = { tag: "json", val: "" };

export const tupleHandler = {
  handle(route, params, body) {
    content.val = route === 0 ? HELLO : route === 1 ? JSON.stringify(JSON.parse(body.val)) : body.val;
    return [200, "", content];
  },
};
