/**
 * What the host's fairness is compared with: Node's own HTTP server, which runs one
 * handler at a time. `node server.js --port N`.
 */
import { createServer } from "node:http";

const port = Number(process.argv[process.argv.indexOf("--port") + 1] || 0);

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  let body = { message: "Hello, World!" };
  if (url.pathname === "/spin") {
    const ms = Number(url.searchParams.get("ms"));
    const until = Date.now() + ms;
    while (Date.now() < until);
    body = { spun: ms };
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
});

server.listen(port, "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
