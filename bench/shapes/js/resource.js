/** Shape `resource`: a resource in, a tuple out. Route 0 says hello, 1 round-trips JSON, 2 echoes. */
const HELLO = '{"message":"Hello, World!"}';

export const resourceHandler = {
  handle(request) {
    const route = request.route();
    if (route === 0) return [200, "", { tag: "json", val: HELLO }];
    const text = request.body().val;
    return [200, "", { tag: "json", val: route === 1 ? JSON.stringify(JSON.parse(text)) : text }];
  },
};
