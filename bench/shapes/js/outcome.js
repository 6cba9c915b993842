/** Shape `outcome`: the tuple in a result, so that a returned value is a success. Says hello. */
const HELLO = '{"message":"Hello, World!"}';

export const outcomeHandler = {
  handle(route, params, body) {
    return [200, "", { tag: "json", val: HELLO }];
  },
};
