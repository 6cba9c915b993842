/**
 * Expressions that use Web APIs, by subject. They run in an engine, while it builds a component, and in Node.js.
 */

/** Helpers of the cases, which run in both engines. */
export const HELPERS = `
  const bytes = (...list) => new Uint8Array(list);
  const hex = (data) => Array.from(new Uint8Array(data.buffer ?? data), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const utf8 = (text) => new TextEncoder().encode(text);
  const attempt = async (run) => { try { return ["value", await run()]; } catch (error) { return ["error", error.name]; } };
  const lines = [];
`;

/** Expressions by subject. An error is compared by its name. */
export const CASES = {
  TextEncoder: [
    `hex(utf8("aé€😀"))`,
    `hex(utf8("\\ud800x\\udc00"))`,
    `hex(new TextEncoder().encode())`,
    `new TextEncoder().encodeInto("aé€😀", new Uint8Array(7))`,
    `(() => { const a = new Uint8Array(5); return [new TextEncoder().encodeInto("é€x", a.subarray(1)), hex(a)]; })()`,
    `new TextEncoder().encodeInto("\\ud800", new Uint8Array(3))`,
    `new TextEncoder().encodeInto("a", [])`,
    `String(new TextEncoder())`,
  ],
  TextDecoder: [
    `new TextDecoder().decode(bytes(0xef, 0xbb, 0xbf, 0x61))`,
    `new TextDecoder("utf8", { ignoreBOM: true }).decode(bytes(0xef, 0xbb, 0xbf, 0x61))`,
    `new TextDecoder().decode(bytes(0xf0, 0x9f, 0x98, 0x61, 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80))`,
    `new TextDecoder("utf-8", { fatal: true }).decode(bytes(0xff))`,
    `new TextDecoder(" UTF-16 ").encoding`,
    `new TextDecoder("utf-16le").decode(bytes(0x61, 0, 0x3d, 0xd8, 0, 0xde, 0, 0xd8, 0x62))`,
    `new TextDecoder("utf-16be").decode(bytes(0xfe, 0xff, 0, 0x61, 0xd8, 0x3d, 0xde, 0))`,
    `new TextDecoder("utf-16le", { fatal: true }).decode(bytes(0, 0xd8))`,
    `new TextDecoder("latin1").encoding`,
    `new TextDecoder("windows-1252").decode(bytes(0x61, 0x80, 0x9f, 0xe9, 0xff))`,
    `new TextDecoder("nonsense")`,
    `new TextDecoder().decode(new DataView(bytes(1, 0x61, 0x62).buffer, 1, 1))`,
    `new TextDecoder().decode("text")`,
    `(() => { const d = new TextDecoder(), s = { stream: true }; return [d.decode(bytes(0xef, 0xbb), s), d.decode(bytes(0xbf, 0xf0, 0x9f), s), d.decode(bytes(0x98, 0x80, 0xe2), s), d.decode(), d.decode(bytes(0xef, 0xbb, 0xbf, 0x61))]; })()`,
    `(() => { const d = new TextDecoder("utf-16le"), s = { stream: true }; return [d.decode(bytes(0x3d), s), d.decode(bytes(0xd8), s), d.decode(bytes(0, 0xde, 0x61), s), d.decode()]; })()`,
    `[new TextDecoder().fatal, new TextDecoder("utf-8", { fatal: 1 }).fatal]`,
  ],
  URL: [
    ...[
      ["https://user:p%40ss@EXAMPLE.com:443/a/../b c?x=1&y=ü#h ash"],
      ["http://exämple.org/"],
      ["../x?y#z", "http://a.b/c/d/e"],
      ["//host/p", "https://a"],
      ["?q", "http://a/b?c#d"],
      ["file:///C:/a/../b"],
      ["data:text/plain,hi there"],
      ["mailto:a@b"],
      ["http://[::1]:8080/"],
      ["http://0x7f.1/"],
      ["web+demo:/.//not-a-host/"],
      ["http://a/\ud800"],
      ["http://a b/"],
      ["http://a:99999/"],
      ["/relative"],
      ["x", "mailto:a"],
      [""],
      ["http://ho%20st/"],
      ["  http://a/\t\n?\u0000"],
    ].map((parts) => {
      const list = parts.map((part) => JSON.stringify(part)).join(", ");
      return `(() => { const u = new URL(${list}); return [u.href, u.origin, u.protocol, u.username, u.password, u.host, u.hostname, u.port, u.pathname, u.search, u.hash]; })()`;
    }),
    ...[
      ["protocol", "ftp"],
      ["protocol", "mailto"],
      ["username", "ü:"],
      ["password", "@"],
      ["host", "b.c:81"],
      ["host", "b c"],
      ["hostname", "x:1"],
      ["port", "90x"],
      ["port", ""],
      ["port", "99999"],
      ["pathname", "a b/../c"],
      ["search", "?a=\ud800"],
      ["search", ""],
      ["hash", "#"],
      ["hash", "a b"],
      ["href", "nonsense"],
      ["href", "http://other/?z=1"],
    ].map(
      ([name, value]) =>
        `(() => { const u = new URL("http://u:p@a:80/b?c=1#d"); const p = u.searchParams; u.${name} = ${JSON.stringify(value)}; return [u.href, String(p)]; })()`,
    ),
    `[URL.canParse("x"), URL.canParse("x", "http://a"), JSON.stringify(new URL("http://a"))]`,
    `new URL()`,
    `Object.prototype.toString.call(new URL("http://a"))`,
  ],
  URLSearchParams: [
    `String(new URLSearchParams("?a=1&b=%20+%2B&a=2&=&c"))`,
    `String(new URLSearchParams([["a", "ü"], ["b", "*-._~'()"]]))`,
    `String(new URLSearchParams({ a: 1, b: null, "\\ud800": "\\udc00" }))`,
    `String(new URLSearchParams(new URLSearchParams("x=y")))`,
    `String(new URLSearchParams(new Map([["m", "1"]])))`,
    `new URLSearchParams([["a"]])`,
    `new URLSearchParams([1])`,
    `(() => { const p = new URLSearchParams("a=1&b=2&a=3"); p.append("c", 4); p.set("a", 5); p.delete("b"); return [String(p), p.get("a"), p.get("z"), p.getAll("a"), p.has("c"), p.has("c", "5"), p.size]; })()`,
    `(() => { const p = new URLSearchParams("z=1&a=2&é=3&a=1"); p.sort(); return [...p]; })()`,
    `(() => { const p = new URLSearchParams("a=1&b=2"); return [[...p.keys()], [...p.values()], [...p.entries()]]; })()`,
    `(() => { const l = []; new URLSearchParams("a=1&b=2").forEach((v, k) => l.push(k, v)); return l; })()`,
    `(() => { const u = new URL("http://a/?x=1"); u.searchParams.append("y", "ü &"); const h = u.href; u.searchParams.delete("x"); u.searchParams.delete("y"); return [h, u.href]; })()`,
    `new URLSearchParams().append("a")`,
    `new URLSearchParams("a=%ff%zz%").get("a")`,
  ],
  crypto: [
    `crypto.randomUUID().replace(/[0-9a-f]/g, "x")`,
    `crypto.randomUUID()[14]`,
    `crypto.randomUUID() !== crypto.randomUUID()`,
    `(() => { const a = new Uint8Array(64); return [crypto.getRandomValues(a) === a, a.some(Boolean)]; })()`,
    `crypto.getRandomValues(new Uint32Array(4)).length`,
    `crypto.getRandomValues(new Float64Array(1))`,
    `crypto.getRandomValues(new Uint8Array(65537))`,
    `crypto.getRandomValues([])`,
    ...["SHA-1", "sha-256", "SHA-384", "SHA-512"].map(
      (hash) => `crypto.subtle.digest("${hash}", utf8("abc")).then(hex)`,
    ),
    `crypto.subtle.digest({ name: "SHA-256" }, new ArrayBuffer(0)).then(hex)`,
    `crypto.subtle.digest("MD5", bytes())`,
    `crypto.subtle.digest("SHA-256", "text")`,
  ],
  HMAC: [
    ...["SHA-1", "SHA-256", "SHA-384", "SHA-512"].map(
      (hash) => `(async () => {
        const key = await crypto.subtle.importKey("raw", utf8("secret"), { name: "HMAC", hash: "${hash}" }, true, ["sign", "verify"]);
        const mac = await crypto.subtle.sign("HMAC", key, utf8("data"));
        return [hex(mac), await crypto.subtle.verify("HMAC", key, mac, utf8("data")), await crypto.subtle.verify("HMAC", key, mac, utf8("date")), key.algorithm, key.usages, key.type, key.extractable, await crypto.subtle.exportKey("jwk", key)];
      })()`,
    ),
    `(async () => { const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-512" }, true, ["sign"]); return [key.algorithm.hash, key.algorithm.length, (await crypto.subtle.exportKey("raw", key)).byteLength]; })()`,
    `(async () => { const key = await crypto.subtle.importKey("jwk", { kty: "oct", k: "AQIDBA", alg: "HS256", ext: true }, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]); return [hex(await crypto.subtle.exportKey("raw", key)), hex(await crypto.subtle.sign("HMAC", key, bytes(1)))]; })()`,
    `crypto.subtle.importKey("raw", utf8("k"), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]).then((key) => crypto.subtle.exportKey("raw", key))`,
    `crypto.subtle.importKey("raw", utf8("k"), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]).then((key) => crypto.subtle.verify("HMAC", key, bytes(), bytes()))`,
    `crypto.subtle.importKey("raw", utf8("k"), { name: "HMAC", hash: "SHA-256" }, false, ["encrypt"])`,
    `crypto.subtle.importKey("raw", utf8("k"), { name: "HMAC", hash: "SHA-256" }, false, [])`,
    `crypto.subtle.importKey("raw", bytes(), { name: "HMAC", hash: "SHA-256" }, false, ["sign"])`,
    `crypto.subtle.importKey("jwk", { kty: "oct", k: "AQ", alg: "HS512" }, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])`,
    `crypto.subtle.importKey("raw", bytes(1), { name: "HMAC" }, false, ["sign"])`,
    `crypto.subtle.importKey("raw", bytes(1), "nonsense", false, ["sign"])`,
  ],
  "key derivation and AES-GCM": [
    `(async () => { const key = await crypto.subtle.importKey("raw", utf8("password"), "PBKDF2", false, ["deriveBits", "deriveKey"]); const a = { name: "PBKDF2", hash: "SHA-256", salt: utf8("salt"), iterations: 100 }; const aes = await crypto.subtle.deriveKey(a, key, { name: "AES-GCM", length: 256 }, true, ["encrypt"]); return [hex(await crypto.subtle.deriveBits(a, key, 512)), hex(await crypto.subtle.exportKey("raw", aes))]; })()`,
    `(async () => { const key = await crypto.subtle.importKey("raw", utf8("input"), "HKDF", false, ["deriveBits", "deriveKey"]); const a = { name: "HKDF", hash: "SHA-512", salt: bytes(), info: utf8("info") }; const mac = await crypto.subtle.deriveKey(a, key, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]); return [hex(await crypto.subtle.deriveBits(a, key, 800)), hex(await crypto.subtle.exportKey("raw", mac))]; })()`,
    `crypto.subtle.importKey("raw", utf8("x"), "HKDF", true, ["deriveBits"])`,
    `crypto.subtle.importKey("raw", utf8("x"), "HKDF", false, ["deriveBits"]).then((key) => crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-1", salt: bytes(), info: bytes() }, key, 8 * 20 * 256))`,
    `crypto.subtle.importKey("raw", utf8("x"), "PBKDF2", false, ["deriveBits"]).then((key) => crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-1", salt: bytes(), iterations: 0 }, key, 8))`,
    ...[16, 24, 32].flatMap((size) =>
      [12, 16, 60].map(
        (iv) => `(async () => {
          const key = await crypto.subtle.importKey("raw", new Uint8Array(${size}).fill(7), "AES-GCM", true, ["encrypt", "decrypt"]);
          const a = { name: "AES-GCM", iv: new Uint8Array(${iv}).fill(3), additionalData: utf8("more"), tagLength: ${iv === 16 ? 96 : 128} };
          const data = await crypto.subtle.encrypt(a, key, new Uint8Array(301).fill(5));
          const back = await crypto.subtle.decrypt(a, key, data);
          const wrong = await attempt(() => crypto.subtle.decrypt({ ...a, additionalData: bytes() }, key, data));
          return [hex(data), hex(back), wrong, await crypto.subtle.exportKey("jwk", key)];
        })()`,
      ),
    ),
    `crypto.subtle.importKey("raw", new Uint8Array(5), "AES-GCM", true, ["encrypt"])`,
    `crypto.subtle.generateKey({ name: "AES-GCM", length: 100 }, true, ["encrypt"])`,
    `crypto.subtle.generateKey({ name: "AES-GCM", length: 192 }, true, ["encrypt"]).then((key) => key.algorithm)`,
    `crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["decrypt"]).then((key) => crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(1) }, key, bytes(1)))`,
  ],
  Headers: [
    `[...new Headers({ B: "2", a: " 1\\t", "Set-Cookie": "x=1" })]`,
    `(() => { const h = new Headers([["a", "1"], ["A", "2"]]); h.append("set-cookie", "a=1"); h.append("Set-Cookie", "b=2"); h.set("x", 3); h.delete("X"); return [[...h], h.get("A"), h.get("z"), h.has("a"), h.getSetCookie(), h.get("set-cookie"), [...h.keys()], [...h.values()]]; })()`,
    `[...new Headers(new Headers({ a: "b" }))]`,
    `new Headers({ "a b": "c" })`,
    `new Headers({ a: "b\\nc" })`,
    `new Headers({ a: "\\u0100" })`,
    `new Headers([["a"]])`,
    `new Headers(null)`,
    `new Headers().append("a")`,
    `(() => { const l = []; new Headers({ b: 1, a: 2 }).forEach((v, k) => l.push(k, v)); return l; })()`,
  ],
  "Request and Response": [
    `(async () => { const r = new Response("aé"); return [r.status, r.ok, r.statusText, r.type, r.url, r.redirected, r.bodyUsed, [...r.headers], await r.text(), r.bodyUsed, await attempt(() => r.text())]; })()`,
    `(async () => { const r = Response.json({ a: 1 }, { status: 201, headers: { x: "y" } }); const c = r.clone(); return [r.status, [...r.headers], await r.json(), await c.text()]; })()`,
    `new Response(null, { status: 99 })`,
    `new Response("x", { status: 204 })`,
    `new Response(null, { statusText: "\\n" })`,
    `new Response("nonsense").json()`,
    `(() => { const r = Response.redirect("http://a/b", 307); return [r.status, r.headers.get("location")]; })()`,
    `Response.redirect("http://a", 200)`,
    `Response.redirect("nonsense")`,
    `[Response.error().type, Response.error().status]`,
    `Response.json(undefined)`,
    `new Response(bytes(1, 2)).arrayBuffer().then(hex)`,
    `new Response(new URLSearchParams("a=1 2")).text()`,
    `new Response(new URLSearchParams("a=1")).formData().then((f) => [...f])`,
    `new Response(new Blob(["x"], { type: "a/b" })).headers.get("content-type")`,
    `new Response("abc").blob().then((b) => [b.size, b.type.toLowerCase()])`,
    `new Response("a").formData()`,
    `(async () => { const f = new FormData(); f.append("a", "1\\n2"); f.append('q"', new File(["data"], "n.txt", { type: "text/plain" })); const g = await new Response(f).formData(); const file = g.get('q"'); return [g.get("a"), file.name, file.type, await file.text()]; })()`,
    `new Response("--x\\r\\nContent-Disposition: form-data; name=\\"a\\"\\r\\n\\r\\n1\\r\\n--x--", { headers: { "content-type": "multipart/form-data; boundary=x" } }).formData().then((f) => [...f])`,
    `new Response("broken", { headers: { "content-type": "multipart/form-data; boundary=x" } }).formData()`,
    `(async () => { const r = new Response(new ReadableStream({ start(c) { c.enqueue(utf8("a")); c.enqueue(utf8("b")); c.close(); } })); return [r.body instanceof ReadableStream, await r.text(), r.bodyUsed]; })()`,
    `(async () => { const l = []; for await (const c of new Response("abc").body) l.push(hex(c)); return l; })()`,
    `(async () => { const r = new Response("abc"); const reader = r.body.getReader(); const c = await reader.read(); return [hex(c.value), r.bodyUsed, await attempt(() => r.text())]; })()`,
    `(async () => { const r = new Request("http://a/b?c#d", { method: "post", body: "x", headers: { a: "b" } }); return [r.method, r.url, [...r.headers], await r.clone().text(), await r.text(), r.bodyUsed]; })()`,
    `(async () => { const a = new Request("http://a", { method: "PUT", body: "x" }); const b = new Request(a, { headers: { z: "1" } }); return [b.method, b.headers.get("z"), a.bodyUsed, await b.text()]; })()`,
    `[new Request("http://a", { method: "patch" }).method, new Request("http://a").body]`,
    `new Request("/relative")`,
    `new Request("http://u:p@a")`,
    `new Request("http://a", { body: "x" })`,
    `new Request("http://a", { method: "TRACE" })`,
    `new Request("http://a", { method: "a b" })`,
    `new Request("http://a", { method: "POST", body: new ReadableStream() })`,
    `(() => { const c = new AbortController(); const r = new Request("http://a", { signal: c.signal }); c.abort(); return r.signal.aborted; })()`,
  ],
  "Blob and File": [
    `(async () => { const b = new Blob(["aé", bytes(98), new Blob(["c"])], { type: "Text/PLAIN" }); return [b.size, b.type, await b.text(), hex(await b.arrayBuffer()), await b.slice(1, -1, "x/y").text(), b.slice(0, 1, "x/y").type]; })()`,
    `(async () => { const f = new File(["x"], "n", { lastModified: 5 }); return [f.name, f.lastModified, f.size, f.type, f instanceof Blob, await f.text()]; })()`,
    `new Response(new Blob(["stream"]).stream()).text()`,
    `new Blob("text")`,
    `new File(["x"])`,
    `new Blob([1, null]).text()`,
  ],
  FormData: [
    `(() => { const f = new FormData(); f.append("a", 1); f.append("a", "2"); f.append("b", "3"); f.set("a", "4"); f.delete("z"); return [[...f], f.get("a"), f.getAll("a"), f.has("b"), f.get("z"), [...f.keys()], [...f.values()]]; })()`,
    `(() => { const f = new FormData(); f.append("a", new Blob(["x"])); f.append("b", new Blob(["x"]), "n"); return [f.get("a").name, f.get("b").name, f.get("a") instanceof File]; })()`,
    `new FormData().append("a")`,
  ],
  "events and abort": [
    `(() => { const t = new EventTarget(), l = []; const f = (e) => l.push(e.type, e.target === t, e.eventPhase); t.addEventListener("x", f); t.addEventListener("x", f); t.addEventListener("x", { handleEvent(e) { l.push(this === e.currentTarget); } }, { once: true }); t.dispatchEvent(new Event("x")); t.dispatchEvent(new Event("x")); t.removeEventListener("x", f); t.dispatchEvent(new Event("x")); return l; })()`,
    `(() => { const t = new EventTarget(), l = []; t.addEventListener("x", (e) => { l.push(1); e.stopImmediatePropagation(); e.preventDefault(); }); t.addEventListener("x", () => l.push(2)); const e = new Event("x", { cancelable: true }); return [t.dispatchEvent(e), l, e.defaultPrevented, e.bubbles, e.target === t, e.currentTarget]; })()`,
    `(() => { const c = new AbortController(), t = new EventTarget(), l = []; t.addEventListener("x", () => l.push(1), { signal: c.signal }); t.dispatchEvent(new Event("x")); c.abort(); t.dispatchEvent(new Event("x")); return l; })()`,
    `[new CustomEvent("x", { detail: { a: 1 } }).detail, new CustomEvent("x").detail]`,
    `new Event()`,
    `new EventTarget().dispatchEvent({})`,
    `[new Event("x").isTrusted, typeof new Event("x").timeStamp]`,
    `[Event.AT_TARGET, new Event("x").AT_TARGET]`,
    `(() => { const c = new AbortController(), l = []; c.signal.onabort = (e) => l.push(e.type); c.abort(); c.abort(); return [l, c.signal.aborted, c.signal.reason.name, c.signal.reason.code]; })()`,
    `(() => { const c = new AbortController(); c.abort("why"); return attempt(() => c.signal.throwIfAborted()).then(() => c.signal.reason); })()`,
    `(() => { const a = new AbortController(), b = new AbortController(), s = AbortSignal.any([a.signal, AbortSignal.any([b.signal])]); b.abort(7); return [s.aborted, s.reason]; })()`,
    `[AbortSignal.abort().reason.name, AbortSignal.abort(3).reason, AbortSignal.any([]).aborted, AbortSignal.any([AbortSignal.abort(1)]).reason]`,
    `new Promise((done) => { const s = AbortSignal.timeout(5); s.addEventListener("abort", () => done(s.reason.name)); setTimeout(() => {}, 50); })`,
    `new AbortSignal()`,
    `AbortSignal.timeout(-1)`,
  ],
  DOMException: [
    `(() => { const e = new DOMException("m", "AbortError"); return [e.name, e.message, e.code, e instanceof Error, String(e), DOMException.ABORT_ERR, Object.prototype.toString.call(e)]; })()`,
    `(() => { const e = new DOMException(); return [e.name, e.message, e.code]; })()`,
  ],
  structuredClone: [
    `structuredClone({ a: [1, , 3], b: { c: null, d: undefined }, e: -0, f: 1n }).a.length`,
    `(() => { const m = structuredClone(new Map([[{ k: 1 }, new Set([1, "x"])]])); const [[k, v]] = m; return [k, [...v], m instanceof Map]; })()`,
    `(() => { const o = { a: 1 }; o.self = o; o.list = [o]; const c = structuredClone(o); return [c !== o, c.self === c, c.list[0] === c]; })()`,
    `[structuredClone(new Date(5)).getTime(), String(structuredClone(/a+/gi)), structuredClone(new String("s")) instanceof String]`,
    `(() => { const e = structuredClone(new RangeError("m", { cause: { a: 1 } })); return [e instanceof RangeError, e.message, e.cause, e.name]; })()`,
    `(() => { class E extends TypeError {} const e = structuredClone(new E("m")); return [e.constructor.name, e.message]; })()`,
    `(() => { const b = bytes(1, 2, 3).buffer; const [x, y, d] = structuredClone([new Uint8Array(b, 1), new Uint16Array(b, 0, 1), new DataView(b, 2)]); return [x.buffer === y.buffer, x.buffer === d.buffer, hex(x.slice()), y[0], d.getUint8(0), x.byteOffset]; })()`,
    `(() => { const b = new ArrayBuffer(4); const c = structuredClone({ b }, { transfer: [b] }); return [b.byteLength, c.b.byteLength]; })()`,
    `(() => { class A { x = 1; get y() { return 2; } } return structuredClone(new A()); })()`,
    `structuredClone({ f() {} })`,
    `structuredClone(Symbol("s"))`,
    `structuredClone(new WeakMap())`,
    `structuredClone(Promise.resolve())`,
    `structuredClone(new Proxy({}, {}))`,
    `structuredClone()`,
    `structuredClone(1, { transfer: [{}] })`,
  ],
  streams: [
    `(async () => { const l = []; const r = new ReadableStream({ start(c) { c.enqueue(1); c.enqueue(2); c.close(); } }); for await (const x of r.pipeThrough(new TransformStream({ transform(x, c) { c.enqueue(x * 10); } }))) l.push(x); return l; })()`,
    `(async () => { const l = []; const w = new WritableStream({ write(x) { l.push(x); }, close() { l.push("end"); } }).getWriter(); await w.write("a"); await w.close(); return l; })()`,
    `(async () => { const [a, b] = new Response("tee").body.tee(); return [await new Response(a).text(), await new Response(b).text()]; })()`,
    `new Response(new Response("aé😀").body.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream())).text()`,
    `(async () => { const r = new ReadableStream({ start(c) { c.error(new RangeError("x")); } }); return attempt(() => r.getReader().read()); })()`,
    `(() => { const r = new ReadableStream(); r.getReader(); return r.getReader(); })()`,
    `new CountQueuingStrategy({ highWaterMark: 3 }).highWaterMark`,
  ],
  "base64, microtasks, time and language": [
    `btoa("hé")`,
    `atob(" aGk= ")`,
    `btoa("€")`,
    `atob("a")`,
    `new Promise((done) => { const l = []; queueMicrotask(() => l.push(1)); Promise.resolve().then(() => { l.push(2); done(l); }); l.push(0); })`,
    `queueMicrotask(1)`,
    `[typeof performance.now(), performance.now() <= performance.now(), Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 2000, typeof performance.toJSON()]`,
    `[self => 1].length`,
    `[typeof globalThis, typeof structuredClone, typeof setTimeout, typeof clearInterval]`,
    `["é".normalize("NFD").length, "\\u0041\\u030a".normalize("NFC").length, "ﬁ".normalize("NFKC")]`,
    `[/^\\p{Lu}\\p{Script=Greek}+$/u.test("Éα"), "aΑ".match(/\\p{L}/gu).length, /[\\p{Emoji}--[0-9]]/v.test("😀")]`,
    `["İ".toLowerCase().length, "ß".toUpperCase()]`,
    // Far apart: Node.js reads the clock at each call, so that on a busy machine two near timers can change places.
    `new Promise((done) => { const l = []; setTimeout((x) => l.push(x), 100, "b"); setTimeout(() => l.push("a")); const i = setInterval(() => { l.push("i"); clearInterval(i); }, 200); setTimeout(() => done(l), 600); })`,
  ],
};

/** Returns a module that writes the results of the cases as JSON. */
export const moduleOf = (cases) => `${HELPERS}
const results = [];
for (const run of [${cases.map((code) => `async () => (${code})`).join(",\n")}]) {
  results.push(JSON.stringify(await attempt(run), (_, value) => (value === undefined ? "undefined" : typeof value === "bigint" ? String(value) + "n" : Object.is(value, -0) ? "-0" : value)));
}
`;

/** Evaluates the cases in this process. */
export async function inNode(cases, prelude = "") {
  const AsyncFunction = (async () => {}).constructor;
  return await new AsyncFunction(`${prelude} ${moduleOf(cases)} return results;`)();
}
