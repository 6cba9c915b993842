/** Shape `record`: one record in, a record out. Route 0 says hello, 1 round-trips JSON, 2 echoes. */
const HELLO = '{"message":"Hello, World!"}';

export const recordHandler = {
  handle({ route, body }) {
    const text = route === 0 ? HELLO : route === 1 ? JSON.stringify(JSON.parse(body.val)) : body.val;
    return { status: 200, headers: [], body: { tag: "json", val: text } };
  },
};
