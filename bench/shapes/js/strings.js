/** Shape `strings`: text in, text out. Route 0 says hello, 1 round-trips JSON, 2 echoes. */
const HELLO = '{"message":"Hello, World!"}';

export const stringsHandler = {
  handle(route, head, body) {
    if (route === 0) return [200, "", HELLO];
    return [200, "", route === 1 ? JSON.stringify(JSON.parse(body)) : body];
  },
};
