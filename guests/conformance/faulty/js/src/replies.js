/**
 * Replies of all kinds, and replies that HTTP forbids.
 */
import { html, Reply, redirect } from "@spikard/wasm";

export function define(app) {
  app.get("/reply/json", () => ({ text: "é", number: 1.5, list: [true, null] }));
  app.get("/reply/text", () => "grün");
  app.get("/reply/bytes", () => new Uint8Array([0, 1, 254, 255]));
  app.get("/reply/html", () => html("<p>grün</p>"));
  app.get("/reply/none", () => {});
  app.get("/reply/redirect", () => redirect("/reply/text"));
  app.get("/reply/cookies", () => {
    const cookies = ["a=1; Path=/; HttpOnly", "b=2; Secure"];
    return new Reply("two", { headers: { "set-cookie": cookies } });
  });
  // Headers that only the host may set.
  app.get("/reply/framing", () => {
    const headers = {
      "content-length": "2",
      "transfer-encoding": "chunked",
      connection: "close",
      "x-own": "kept",
    };
    return new Reply("body", { headers });
  });
  app.get("/reply/split", () => new Reply("body", { headers: { "x-own": "a\r\nx-injected: b" } }));
  app.get("/reply/status", () => new Reply("body", { status: 99 }));
}
