/** Shape `headers`. Route 0 says hello, 3 sets headers. */
const HELLO = '{"message":"Hello, World!"}';
const HEADERS = { location: "/items/7", "cache-control": "no-store", "set-cookie": "sid=1; Path=/" };

export const headersHandler = {
  handle(route, params, body) {
    return [200, route === 3 ? Object.entries(HEADERS) : [], { tag: "json", val: HELLO }];
  },
};
