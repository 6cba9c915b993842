/**
 * An app without the SDK for the engine QuickJS. `/do/NAME` does something hostile, `/depth/NAME/{n}` recurses `n`
 * times in one way, and `/fine` answers.
 */
const deep = (n) => "[".repeat(n) + "]".repeat(n);

/** An array in an array, `n` times. */
const nested = (n) => {
  let array = [];
  for (let i = 0; i < n; i++) array = [array];
  return array;
};

const acts = {
  recursion: () => {
    const f = (n) => 1 + f(n + 1);
    return f(0);
  },
  getter: () => {
    const object = {
      get x() {
        return this.x + 1;
      },
    };
    return object.x;
  },
  conversion: () => {
    const object = { toString: () => `${object}` };
    return `${object}`;
  },
  sort: () => {
    const array = [3, 2, 1];
    const compare = () => array.sort(compare).length;
    return array.sort(compare);
  },
  replacer: () => {
    const f = () => "x".replace("x", f);
    return f();
  },
  class: () => {
    class A {
      constructor() {
        new A();
      }
    }
    return new A();
  },
  generator: () => {
    function* g(n) {
      yield* g(n + 1);
    }
    return [...g(0)];
  },
  async: async () => {
    const f = async () => f();
    return f();
  },
  parse: () => JSON.parse(deep(100_000)),
  unclosed: () => JSON.parse("[".repeat(1_000_000)),
  stringify: () => JSON.stringify(nested(1_000_000)),
  flat: () => nested(1_000_000).flat(Number.POSITIVE_INFINITY),
  // biome-ignore lint/security/noGlobalEval: the compiler is what is tested
  compile: () => globalThis.eval(deep(100_000)),
  expression: () => new RegExp("(?:".repeat(100_000) + ")".repeat(100_000)),
  backtracking: () => /^(((((a+)+)+)+)+)+$/.test(`${"a".repeat(30)}b`),
  arguments: () => Math.max(...new Array(1_000_000).fill(1)),
  string: () => "a".repeat(2 ** 30),
  buffer: () => new ArrayBuffer(4e9),
  memory: () => {
    for (const kept = []; ; ) kept.push(new Array(100_000).fill(kept.length));
  },
  timers: () => {
    for (;;) setTimeout(() => {}, 1e6);
  },
  microtasks: () => {
    const again = () => queueMicrotask(again);
    again();
  },
  getters: () => {
    const error = new Error("x");
    const get = () => {
      throw error;
    };
    for (const name of ["message", "stack", "name", "cause", "toString"]) Object.defineProperty(error, name, { get });
    throw error;
  },
  symbol: () => {
    throw Symbol("s");
  },
  nothing: () => {
    throw undefined;
  },
  prototype: () => {
    Object.prototype.then = 1;
    Object.prototype.tag = "json";
    delete Object.prototype.then;
    delete Object.prototype.tag;
    return "ok";
  },
  globals: () => {
    // What the engine calls is not what an app can replace.
    globalThis.JSON = globalThis.Promise = globalThis.setTimeout = globalThis.console = undefined;
    return "ok";
  },
  missing: () => import(["not", "hing"].join("")),
  malformed: () => ({ reply: [200, "", { tag: "yaml", val: "" }] }),
  status: () => ({ reply: [70_000, "", { tag: "empty" }] }),
  bytes: () => ({ reply: [200, "", { tag: "bytes", val: "text" }] }),
  detached: () => {
    const bytes = new Uint8Array(8);
    bytes.buffer.transfer();
    return { reply: [200, "", { tag: "bytes", val: bytes }] };
  },
  late: () => {
    const bytes = new TextEncoder().encode("late");
    queueMicrotask(() => bytes.buffer.transfer());
    return { reply: [200, "", { tag: "bytes", val: bytes }] };
  },
  shrunk: () => {
    const buffer = new ArrayBuffer(1 << 20, { maxByteLength: 1 << 20 });
    const bytes = new Uint8Array(buffer);
    const content = { tag: "bytes", val: bytes };
    return {
      reply: {
        0: 200,
        1: "",
        get 2() {
          return content;
        },
      },
      after: () => buffer.resize(0),
    };
  },
};

const depths = {
  function: (n) => {
    const f = (left) => (left === 0 ? 0 : 1 + f(left - 1));
    return f(n);
  },
  parse: (n) => JSON.parse(deep(n)).length,
  stringify: (n) => JSON.stringify(nested(n)).length,
  map: (n) => {
    const f = (left) => (left === 0 ? 0 : [1].map(() => f(left - 1))[0]);
    return f(n);
  },
};

const names = [...Object.keys(acts).map((name) => `/do/${name}`), ...Object.keys(depths).map((name) => `/depth/${name}/{n:int}`), "/fine"];

export const definition = {
  describe: () => ({
    name: "hostile-js",
    version: "1.0.0",
    settings: "",
    routes: names.map((path) => ({ method: "get", path, name: "", parameters: "", body: "", replies: "", settings: "" })),
  }),
};

const text = (value) => [200, "", { tag: "text", val: String(value).slice(0, 100) }];

export const handler = {
  handle(route, params) {
    const [, kind, name] = names[route].split("/");
    if (kind === "fine") return text("fine");
    if (kind === "depth") return text(depths[name](Number(/\d+/.exec(params)[0])));
    const value = acts[name]();
    if (value?.reply !== undefined) {
      value.after?.();
      return value.reply;
    }
    return typeof value?.then === "function" ? value.then(text) : text(value);
  },
};
