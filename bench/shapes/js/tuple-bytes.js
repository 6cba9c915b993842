/** Shape `tuple` with its replies as bytes, which StarlingMonkey copies at once. Routes 0 to 2 as in `tuple.js`. */
const HELLO = '{"message":"Hello, World!"}';
const encoder = new TextEncoder();

export const tupleHandler = {
  handle(route, params, body) {
    const text = route === 0 ? HELLO : route === 1 ? JSON.stringify(JSON.parse(body.val)) : body.val;
    return [200, "", { tag: "bytes", val: encoder.encode(text) }];
  },
};
