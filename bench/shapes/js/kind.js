/** Shape `kind`: the body's tag is an enum. Route 0 says hello, 1 round-trips JSON, 2 echoes. */
const HELLO = '{"message":"Hello, World!"}';

export const kindHandler = {
  handle(route, params, kind, body) {
    if (route === 0) return [200, "", "json", HELLO];
    return [200, "", "json", route === 1 ? JSON.stringify(JSON.parse(body)) : body];
  },
};
