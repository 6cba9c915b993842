/** Handlers and hooks that wait for operations, on both engines. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runBundle } from "./run-bundle.js";

const ENGINES = ["quickjs", "starlingmonkey"];

/** The operations of the host. */
const KINDS = `
import { Failed, sleep } from "${new URL("fake-host.js", import.meta.url).href}";
const bytes = (text) => new TextEncoder().encode(text);
let reads = 0;
let transactions = 0;
const log = [];
const uploads = new Map();
export default {
  "sql.query": async (head, body) => {
    await sleep({ ms: 1 });
    const parameters = JSON.parse(body.val);
    log.push([head.sql, head.transaction ?? null]);
    if (head.sql === "log") return { body: [{ log }] };
    if (head.sql.startsWith("insert")) throw new Failed("unique", "UNIQUE constraint failed", { constraint: "u", table: "t", columns: ["name"], sqlstate: "23505" });
    if (head.sql.startsWith("update")) return { head: { changes: 3, last_id: "9007199254740993" } };
    const types = { big: "int", small: "int", at: "timestamp", raw: "bytes", price: "decimal", list: "int", nan: "float" };
    const row = { big: "9007199254740993", small: 5, at: "2026-01-02T03:04:05.678Z", raw: "AQI=", price: "1.50", list: [1, "9007199254740993", null], nan: "NaN", none: null };
    return { head: { types }, body: [{ ...row, sql: head.sql, parameters }] };
  },
  "sql.begin": async (head) => { log.push([JSON.stringify(head), null]); transactions += 1; return { head: { transaction: transactions } }; },
  "sql.commit": async ({ transaction }) => { log.push(["commit", transaction]); },
  "sql.rollback": async ({ transaction }) => { log.push(["rollback", transaction]); },
  "kv.get": async ({ store, key }) => (key === "absent" ? { status: 404 } : { bytes: bytes(store + "/" + key + "/ü") }),
  "kv.set": async () => {},
  "kv.increment": async ({ by }) => ({ head: { value: 40 + by } }),
  "kv.swap": async ({ expected }, body) => ({ status: expected === "b2xk" && new TextDecoder().decode(body.val) === "new" ? 200 : 409 }),
  "kv.list": async ({ cursor }) => ({ head: cursor === undefined ? { keys: ["a", "b"], cursor: "b" } : { keys: ["c"] } }),
  "config.get": ({ name }) => (name === "greeting" ? { text: "hi" } : { status: 404 }),
  "secret.get": () => { throw new Failed("denied", "not granted"); },
  "password.hash": async (head, body) => ({ text: "$" + body.val + JSON.stringify(head) }),
  "password.verify": async ({ hash }, body) => ({ head: { valid: hash === "$" + body.val, outdated: true } }),
  "jwt.sign": async (head, body) => ({ text: JSON.stringify([head, JSON.parse(body.val)]) }),
  "jwt.verify": async (head, body) => { if (body.val === "bad") throw new Failed("invalid-token", "it has expired"); return { body: { sub: "ann", head } }; },
  "fetch.write": async ({ upload, end }, body) => {
    await sleep({ ms: 1 });
    const sent = uploads.get(upload);
    if (sent === undefined) throw new Failed("invalid", "the upload has ended");
    if (body.val !== undefined) sent.parts.push(new TextDecoder().decode(body.val));
    if (end) sent.done();
  },
  fetch: async (head, body) => {
    if (head.upload !== undefined) {
      if (head.url.endsWith("/early")) return { status: 413, head: { url: head.url, headers: [] } };
      const parts = [];
      await new Promise((done) => uploads.set(head.upload, { parts, done }));
      uploads.delete(head.upload);
      return { head: { url: head.url, headers: [] }, bytes: bytes(JSON.stringify({ method: head.method, parts })) };
    }
    if (head.url.endsWith("/down")) throw new Failed("unavailable", "the server refused the connection");
    if (head.url.endsWith("/slow")) await sleep({ ms: 60_000 });
    if (head.url.endsWith("/stream")) return { head: { url: head.url, headers: [["content-type", "text/plain"]], body: 7 }, bytes: bytes("one,") };
    if (head.url.endsWith("/none")) return { status: 204, head: { url: head.url, headers: [] } };
    const sent = body.val === undefined ? null : new TextDecoder().decode(body.val);
    return { status: 201, head: { url: head.url + "?hop", redirected: true, headers: [["x-a", "1"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]] }, bytes: bytes(JSON.stringify({ ...head, sent })) };
  },
  "fetch.read": async ({ body }) => {
    await sleep({ ms: 1 });
    if (body !== 7) throw new Failed("invalid", "no such body");
    reads += 1;
    return reads % 3 === 0 ? { head: { end: true }, bytes: bytes("four") } : { bytes: bytes(["two,", "three,"][(reads - 1) % 3]) };
  },
  "fetch.close": () => {},
};
`;

/** Calls routes of an app whose handlers are these functions, and returns the values of their replies. */
async function replies(engine, handlers, { setup = "", raw = false } = {}) {
  const routes = handlers.map((handler, at) => `app.get("/${at}", ${handler});`).join("\n");
  const {
    replies: list,
    errors,
    output,
  } = await runBundle(
    `import { config, Database, HttpError, jwt, OperationError, password, secret, sleep, Spikard, sql, SqlError, Store, waitUntil } from "@spikard/wasm";
     const app = new Spikard();
     const db = new Database();
     const store = new Store();
     ${setup}
     ${routes}
     export const { definition, handler, hooks } = app.component();`,
    engine,
    null,
    KINDS,
  );
  if (raw) return { list, errors, output };
  return list.map(({ status, body, reported }) => {
    assert.equal(status, 200, `${reported}: ${errors}`);
    return JSON.parse(body);
  });
}

for (const engine of ENGINES) {
  test(`timers and promises wait, on ${engine}`, async () => {
    const [waited, all, order, cleared, abort, interval] = await replies(engine, [
      `async () => { await new Promise((done) => setTimeout(done, 5, "x")); return ["waited"]; }`,
      `async () => { let now = 0; let most = 0; const list = await Promise.all([1, 2, 3, 4].map(async (n) => { now += 1; most = Math.max(most, now); await sleep(20); now -= 1; return n; })); return [list, most]; }`,
      `async () => { const list = []; setTimeout(() => list.push("late"), 20); setTimeout(() => list.push("early"), 9); setTimeout(() => list.push("zero")); queueMicrotask(() => list.push("micro")); await sleep(60); return list; }`,
      `async () => { let ran = false; const id = setTimeout(() => { ran = true; }, 5); clearTimeout(id); clearTimeout(id); clearTimeout(undefined); await sleep(20); return [ran]; }`,
      `async () => { const signal = AbortSignal.timeout(5); try { await sleep(5000, { signal }); } catch (error) { return [error.name, signal.aborted]; } }`,
      `async () => { let ticks = 0; await new Promise((done) => { const id = setInterval((step) => { ticks += step; if (ticks === 6) { clearInterval(id); done(); } }, 1, 2); }); return [ticks]; }`,
    ]);
    assert.deepEqual(waited, ["waited"]);
    assert.deepEqual(all, [[1, 2, 3, 4], 4]);
    assert.deepEqual(order, ["micro", "zero", "early", "late"]);
    assert.deepEqual(cleared, [false]);
    assert.deepEqual(abort, ["TimeoutError", true]);
    assert.deepEqual(interval, [6]);
  });

  test(`a database binds parameters, converts rows and has typed errors, on ${engine}`, async () => {
    const show = `const show = (value) => JSON.parse(JSON.stringify(value, (_, v) => typeof v === "bigint" ? v + "n" : v instanceof Uint8Array ? ["bytes", ...v] : v));`;
    const [template, text, first, error, executed, wrong, fragments] = await replies(
      engine,
      [
        `async () => { const [row] = await db.query\`select \${"a"} \${1n} \${new Date(0)} \${new Uint8Array([1, 2])} \${null} \${true} \${1.5}\`; return show({ ...row, at: [row.at instanceof Date, row.at], nan: String(row.nan) }); }`,
        `async () => { const list = new Database("main", { integers: "bigint" }); const [row] = await list.query("select $1", [[1, "b"], { a: 1 }].concat([Database.json([1]), Database.decimal("2.50")])); return show([row.small, row.big, row.list, row.parameters]); }`,
        `async () => show((await db.first\`select 1\`).small)`,
        `async () => { try { await db.execute("insert into t values ($1)", ["x"]); } catch (error) { const { name, code, constraint, table, columns, sqlstate, message } = error; return [error instanceof SqlError, error instanceof OperationError, error instanceof Error, name, code, constraint, table, columns, sqlstate, message]; } }`,
        `async () => show(await db.execute("update t"))`,
        `async () => { const list = []; for (const value of [undefined, NaN, () => 1, new Date(NaN), Symbol("s")]) { try { await db.query("select $1", [value]); } catch (error) { list.push(error.name + ": " + error.message); } } try { await db.query("select", 5); } catch (error) { list.push(error.message); } return list; }`,
        `async () => { const where = sql\`and a = \${1}\`; const none = sql\`\`; const [row] = await db.query\`select x \${where} \${none} and b = \${2}\`; return [row.sql, row.parameters]; }`,
      ],
      { setup: show },
    );
    assert.equal(template.sql, "select $1 $2 $3 $4 $5 $6 $7");
    assert.deepEqual(template.parameters, [
      "a",
      { int: "1" },
      { timestamp: "1970-01-01T00:00:00.000Z" },
      { bytes: "AQI=" },
      null,
      true,
      1.5,
    ]);
    assert.deepEqual(
      [template.big, template.small, template.at, template.raw, template.price, template.nan, template.none],
      ["9007199254740993n", 5, [true, "2026-01-02T03:04:05.678Z"], ["bytes", 1, 2], "1.50", "NaN", null],
    );
    assert.deepEqual(template.list, [1, "9007199254740993n", null]);
    assert.deepEqual(text, [
      "5n",
      "9007199254740993n",
      ["1n", "9007199254740993n", null],
      [{ array: [1, "b"] }, { json: { a: 1 } }, { json: [1] }, { decimal: "2.50" }],
    ]);
    assert.equal(first, 5);
    assert.deepEqual(error, [
      true,
      true,
      true,
      "SqlError",
      "unique",
      "u",
      "t",
      ["name"],
      "23505",
      "UNIQUE constraint failed",
    ]);
    assert.deepEqual(executed, { changes: 3, lastId: "9007199254740993n" });
    assert.deepEqual(wrong, [
      "TypeError: parameter 1 is of type `undefined`; give `null` or a value",
      "TypeError: parameter 1 is `NaN`, which JSON cannot express; pass it as a string",
      "TypeError: parameter 1 is of type `function`; give `null` or a value",
      "TypeError: parameter 1 is an invalid date",
      "TypeError: parameter 1 is of type `symbol`; give `null` or a value",
      "the parameters of a statement are not a list; give an array",
    ]);
    assert.deepEqual(fragments, ["select x and a = $1  and b = $2", [1, 2]]);
  });

  test(`a transaction commits or rolls back, on ${engine}`, async () => {
    const [committed, rolled, nested, ended, log] = await replies(engine, [
      `async () => [await db.transaction(async (tx) => { await tx.query\`one\`; return "value"; }, { readOnly: true, isolation: "serializable" })]`,
      `async () => { try { await db.transaction(async (tx) => { await tx.query\`two\`; throw new Error("no"); }); } catch (error) { return [error.message]; } }`,
      `async () => [await db.transaction(async (tx) => { try { await tx.transaction(async (part) => { await part.query\`three\`; throw new Error("part"); }); } catch (error) { return error.message; } })]`,
      `async () => { let kept; await db.transaction((tx) => { kept = tx; }); try { await kept.query\`late\`; } catch (error) { return [error.message]; } }`,
      `async () => (await db.query\`log\`)[0].log`,
    ]);
    assert.deepEqual([committed, rolled, nested], [["value"], ["no"], ["part"]]);
    assert.deepEqual(ended, [
      "the transaction has ended; await its statements within the function of `transaction`",
    ]);
    assert.deepEqual(log, [
      ['{"database":"main","read_only":true,"isolation":"serializable"}', null],
      ["one", 1],
      ["commit", 1],
      ['{"database":"main"}', null],
      ["two", 2],
      ["rollback", 2],
      ['{"database":"main"}', null],
      ["savepoint spikard_1", 3],
      ["three", 3],
      ["rollback to savepoint spikard_1", 3],
      ["release savepoint spikard_1", 3],
      ["commit", 3],
      ['{"database":"main"}', null],
      ["commit", 4],
      ["log", null],
    ]);
  });

  test(`stores, settings, passwords and tokens, on ${engine}`, async () => {
    const [kept, settings, passwords, tokens] = await replies(engine, [
      `async () => { const keys = []; for await (const key of store.list()) keys.push(key); await store.set("a", "1", { ttl: 5 }); return [await store.get("k"), await store.get("absent") ?? null, await store.increment("n", 2), await store.swap("k", "old", "new"), await store.swap("k", undefined, "new"), keys]; }`,
      `() => { let denied; try { secret("a"); } catch (error) { denied = [error.name, error.code, error.kind, error.message]; } return [config("greeting"), config("other") ?? null, denied]; }`,
      `async () => [await password.hash("pw", { memory: 8 }), await password.verify("pw", "$pw"), await password.check("no", "$pw")]`,
      `async () => { let bad; try { await jwt.verify("bad", { secret: "jwt" }); } catch (error) { bad = [error.code, error.message]; } return [JSON.parse(await jwt.sign({ sub: "ann" }, { secret: "jwt", expiresIn: 60 })), await jwt.verify("t", { key: "k", issuer: "i" }), bad]; }`,
    ]);
    assert.deepEqual(kept, ["default/k/ü", null, 42, true, false, ["a", "b", "c"]]);
    assert.deepEqual(settings, ["hi", null, ["OperationError", "denied", "secret.get", "not granted"]]);
    assert.deepEqual(passwords, ['$pw{"memory_kib":8}', true, { valid: false, outdated: true }]);
    assert.deepEqual(tokens, [
      [{ algorithm: "HS256", secret: "jwt", expires_in: 60 }, { sub: "ann" }],
      { sub: "ann", head: { algorithm: "HS256", key: "k", issuer: "i" } },
      ["invalid-token", "it has expired"],
    ]);
  });

  test(`fetch streams the body of a request, on ${engine}`, async () => {
    const bytes = "const bytes = (text) => new TextEncoder().encode(text);";
    const post = `const post = (url, body, more) => fetch("https://a.example/" + url, { method: "POST", body, duplex: "half", ...more });`;
    const [sent, early, failed, chunk, duplex, aborted] = await replies(
      engine,
      [
        `async () => { let n = 0; const body = new ReadableStream({ async pull(c) { await sleep(1); n += 1; if (n > 3) c.close(); else c.enqueue(bytes("part " + n)); } }); return (await post("", body)).json(); }`,
        `async () => { let n = 0; const body = new ReadableStream({ async pull(c) { n += 1; await sleep(1); c.enqueue(bytes("x")); } }, { highWaterMark: 0 }); const { status } = await post("early", body); await sleep(100); const before = n; await sleep(20); return [status, n === before]; }`,
        `async () => { const body = new ReadableStream({ async pull(c) { await sleep(1); throw new RangeError("broken"); } }); try { await post("", body); } catch (error) { return [error.name, error.message]; } }`,
        `async () => { const body = new ReadableStream({ pull(c) { c.enqueue("text"); } }); try { await post("", body); } catch (error) { return [error.name, error.message]; } }`,
        `async () => { try { await post("", new ReadableStream(), { duplex: undefined }); } catch (error) { return [error.name]; } }`,
        `async () => { try { await post("", new ReadableStream({ pull: () => sleep(60_000) }), { signal: AbortSignal.timeout(5) }); } catch (error) { return [error.name]; } }`,
      ],
      { setup: bytes + post },
    );
    assert.deepEqual(sent, { method: "POST", parts: ["part 1", "part 2", "part 3"] });
    assert.deepEqual(early, [413, true]);
    assert.deepEqual(failed, ["RangeError", "broken"]);
    assert.deepEqual(chunk, ["TypeError", "a chunk of the request's body is `text`; give a Uint8Array"]);
    assert.deepEqual(duplex, ["TypeError"]);
    assert.deepEqual(aborted, ["TimeoutError"]);
  });

  test(`fetch follows the standard, on ${engine}`, async () => {
    const [sent, bodies, streamed, text, errors, none, cancelled] = await replies(engine, [
      `async () => { const response = await fetch(new URL("https://a.example/x"), { method: "put", headers: { "X-B": "2" }, body: "ü", redirect: "manual" }); return [response instanceof Response, response.status, response.ok, response.url, response.redirected, response.headers.get("x-a"), response.headers.getSetCookie?.() ?? null, await response.json(), response.bodyUsed]; }`,
      `async () => { const form = new FormData(); form.append("a", "1");
        const send = async (body) => { const { sent, headers } = await (await fetch("https://a.example/", { method: "POST", body, duplex: "half" })).json(); return [sent, headers.find(([name]) => name === "content-type")?.[1] ?? null]; };
        const [multipart, type] = await send(form);
        return [await send(new URLSearchParams({ b: "2" })), await send(new Uint8Array([65])), await send(new Blob(["c"], { type: "text/c" })), multipart.includes('name="a"') && type.startsWith("multipart/form-data; boundary="), await send(await new Request("https://a.example/", { method: "POST", body: "r" }).text())]; }`,
      `async () => { const response = await fetch("https://a.example/stream"); const list = []; for await (const chunk of response.body) list.push(new TextDecoder().decode(chunk)); return list; }`,
      `async () => [await (await fetch("https://a.example/stream")).text()]`,
      `async () => { const list = []; for (const [url, init] of [["https://a.example/down"], ["nonsense"], ["https://a.example/", { method: "a b" }], ["https://a.example/slow", { signal: AbortSignal.timeout(5) }], ["https://a.example/", { signal: AbortSignal.abort() }]]) { try { await fetch(url, init); list.push("none"); } catch (error) { list.push([error.name, error.cause instanceof OperationError ? error.cause.code : null]); } } return list; }`,
      `async () => { const response = await fetch("https://a.example/none"); return [response.status, response.body, await response.text()]; }`,
      `async () => { const response = await fetch("https://a.example/stream"); await response.body.cancel(); return [response.bodyUsed]; }`,
    ]);
    assert.deepEqual(sent.slice(0, 6), [true, 201, true, "https://a.example/x?hop", true, "1"]);
    if (sent[6] !== null) assert.deepEqual(sent[6], ["a=1", "b=2"]);
    assert.deepEqual(
      [sent[7].method, sent[7].url, sent[7].redirect, sent[7].sent],
      ["PUT", "https://a.example/x", "manual", "ü"],
    );
    assert.ok(sent[7].headers.some(([name, value]) => name === "x-b" && value === "2"));
    assert.equal(sent[8], true);
    assert.deepEqual(bodies, [
      ["b=2", "application/x-www-form-urlencoded;charset=UTF-8"],
      ["A", null],
      ["c", "text/c"],
      true,
      ["r", "text/plain;charset=UTF-8"],
    ]);
    assert.deepEqual(streamed, ["one,", "two,", "three,", "four"]);
    assert.deepEqual(text, ["one,two,three,four"]);
    assert.deepEqual(errors, [
      ["TypeError", "unavailable"],
      ["TypeError", null],
      ["TypeError", null],
      ["TimeoutError", null],
      ["AbortError", null],
    ]);
    assert.deepEqual(none, [204, null, ""]);
    assert.deepEqual(cancelled, [true]);
  });

  test(`a handler and a hook can return a Response, on ${engine}`, async () => {
    const { list } = await replies(
      engine,
      [
        `() => new Response("text", { status: 201, headers: { "x-a": "1" } })`,
        `async () => { await sleep(1); return Response.json({ late: true }); }`,
        `() => new Response(new ReadableStream({ async start(c) { await sleep(1); c.enqueue(new TextEncoder().encode("streamed")); c.close(); } }))`,
        `async () => new Response(null, { status: 204 })`,
        `() => new Response(new ReadableStream({ start(c) { c.error(new Error("broken")); } }))`,
        `{ hooks: { preHandler: async () => { await sleep(1); return new Response("early", { status: 202 }); } } }, () => "never"`,
        `async () => { const upstream = await fetch("https://a.example/stream"); return new Response(upstream.body, upstream); }`,
      ],
      { raw: true },
    );
    assert.deepEqual(
      list.map(({ status, body }) => [status, body ?? null]),
      [
        [201, "text"],
        [200, '{"late":true}'],
        [200, "streamed"],
        [204, null],
        [500, null],
        [202, "early"],
        [200, "one,two,three,four"],
      ],
    );
    assert.deepEqual(
      JSON.parse(list[0].headers).find(([name]) => name === "x-a"),
      ["x-a", "1"],
    );
    assert.equal(list[4].reported, "Error: broken");
  });

  test(`errors after a wait fail only their own call, on ${engine}`, async () => {
    const { list, errors } = await replies(
      engine,
      [
        `async () => { await sleep(1); throw new Error("late"); }`,
        `async () => { await sleep(1); throw new HttpError(418, "tea"); }`,
        `async () => { await sleep(1); return new Map(); }`,
        `async () => { setTimeout(() => { throw new Error("of a callback"); }, 1); await sleep(20); return "fine"; }`,
        `async () => { await sleep(1); setTimeout(() => console.log("never"), 50); return "left"; }`,
        `async () => { await sleep(90); return "end"; }`,
      ],
      { raw: true },
    );
    assert.deepEqual(
      list.map(({ status, reported }) => [status, reported?.slice(0, 30) ?? null]),
      [
        [500, "Error: late"],
        [418, null],
        [500, "TypeError: a value of type `Ma"],
        [200, null],
        [200, null],
        [200, null],
      ],
    );
    assert.match(errors, /uncaught error in a timer: Error: of a callback/);
    assert.match(errors, /a request ended with timers pending, which were cleared/);
    assert.doesNotMatch(errors, /unhandled rejection/);
  });

  test(`waitUntil continues after the reply, on ${engine}`, async () => {
    const { list, output, errors } = await replies(
      engine,
      [
        `async ({ request }) => { const { id } = request; waitUntil((async () => { await sleep(5); console.log("background of", id); let gone; try { request.id; } catch (error) { gone = error.message; } console.log(gone?.slice(0, 20)); })()); return "replied"; }`,
        `() => { waitUntil(sleep(5).then(() => { throw new Error("of the background"); })); return "again"; }`,
        `async () => { await sleep(60); return "end"; }`,
      ],
      { raw: true },
    );
    assert.deepEqual(
      list.map(({ body }) => body),
      ["replied", "again", "end"],
    );
    assert.equal(output, "background of id of 0\nthe request was used\n");
    assert.match(errors, /^uncaught error in background work: Error: of the background/);
    assert.doesNotMatch(errors, /a request ended with/);
  });

  test(`operations at the top level of a module explain themselves, on ${engine}`, async () => {
    const [texts] = await replies(engine, [`() => texts`], {
      setup: `const texts = []; for (const run of [() => config("a"), () => waitUntil(Promise.resolve())]) { try { run(); } catch (error) { texts.push(error.message); } } await store.get("a").catch((error) => texts.push(error.message));`,
    });
    const rest =
      "was used at the top level of a module, which runs when the component is built; use it in a handler or a hook";
    assert.deepEqual(texts, [`\`config.get\` ${rest}`, `\`waitUntil\` ${rest}`, `\`kv.get\` ${rest}`]);
  });
}
