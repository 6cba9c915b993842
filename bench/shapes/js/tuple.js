/** Shape `tuple`. Route 0 says hello, 1 round-trips JSON, 2 echoes, 3 sets headers. */
const HELLO = '{"message":"Hello, World!"}';
const HEADERS = { location: "/items/7", "cache-control": "no-store", "set-cookie": "sid=1; Path=/" };

export const tupleHandler = {
  handle(route, params, body) {
    if (route === 0) return [200, "", { tag: "json", val: HELLO }];
    if (route === 3) return [200, JSON.stringify(Object.entries(HEADERS)), { tag: "json", val: HELLO }];
    return [200, "", { tag: "json", val: route === 1 ? JSON.stringify(JSON.parse(body.val)) : body.val }];
  },
};
