// The contract of ../README.md, as a fetch event of a service worker.

import { getEnvironment } from "wasi:cli/environment@0.2.10";

/** The size of a piece in bytes. */
const PIECE = 64 << 10;

let requests = 0;

addEventListener("fetch", (event) => event.respondWith(handle(event.request)));

function text(body, status = 200) {
  return new Response(body, { status, headers: { "content-type": "text/plain" } });
}

async function handle(request) {
  requests += 1;
  const url = new URL(request.url);
  switch (`${request.method} ${url.pathname}`) {
    case "GET /hello":
    case "HEAD /hello":
      return text("hello");
    case "POST /echo":
      return echo(request);
    case "POST /count":
      return count(request);
    case "GET /stream":
      return stream();
    case "GET /big":
      return big(Number(url.searchParams.get("bytes") ?? 0));
    case "GET /headers":
      return headers(request);
    case "GET /outgoing":
      return outgoing(url.searchParams.get("url") ?? "");
    case "GET /trap":
      throw new Error("asked to trap");
    case "GET /spin":
      for (;;);
    case "GET /state":
      return text(String(requests));
    case "GET /env":
      return text(environment());
    case "GET /print":
      console.log("a line on standard output");
      console.error("a line on standard error");
      return text("printed");
    default:
      return text("not found", 404);
  }
}

function echo(request) {
  const headers = new Headers();
  const kind = request.headers.get("content-type");
  if (kind !== null) {
    headers.set("content-type", kind);
  }
  return new Response(request.body, { headers });
}

async function count(request) {
  let bytes = 0;
  if (request.body !== null) {
    const reader = request.body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      bytes += next.value.byteLength;
    }
  }
  return text(String(bytes));
}

function stream() {
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(encoder.encode("first\n"));
      await new Promise((resolve) => setTimeout(resolve, 300));
      controller.enqueue(encoder.encode("second\n"));
      controller.close();
    },
  });
  return text(body);
}

function big(bytes) {
  const piece = new Uint8Array(PIECE).fill("x".charCodeAt(0));
  let left = bytes;
  const body = new ReadableStream({
    pull(controller) {
      if (left > 0) {
        controller.enqueue(piece.slice(0, Math.min(left, PIECE)));
        left -= PIECE;
      } else {
        controller.close();
      }
    },
  });
  return text(body);
}

function headers(request) {
  const headers = new Headers({ "content-type": "text/plain" });
  headers.append("x-multi", "one");
  headers.append("x-multi", "two");
  // A script sees the values of one name joined.
  headers.set("x-seen", (request.headers.get("x-in") ?? "").split(", ").join("|"));
  return new Response("headers", { headers });
}

async function outgoing(url) {
  let response;
  try {
    response = await fetch(url);
  } catch (error) {
    return text(`${error.name}: ${error.message}`, 502);
  }
  return text(response.body, response.status);
}

function environment() {
  return getEnvironment()
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
