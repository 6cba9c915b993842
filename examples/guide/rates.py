"""A small service for the guide's apps to call: `python3 rates.py [PORT]`."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

RATES = {"EUR": 1.09, "GBP": 1.27}
HISTORY = "".join(f"day {day},{1 + day / 1000}\n" for day in range(1000))


class Rates(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        currency = parse_qs(url.query).get("currency", [""])[0]
        if url.path == "/history.csv":
            self.reply(200, HISTORY.encode(), "text/csv")
        elif url.path == "/rates" and currency in RATES:
            self.json(200, {"currency": currency, "dollars": RATES[currency]})
        else:
            self.json(404, {"error": "not found"})

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers["authorization"] != "Bearer a key of the rates service":
            self.json(401, {"error": "wrong key"})
        else:
            self.json(201, {"number": 7, **order})

    def json(self, status: int, value: object) -> None:
        self.reply(status, json.dumps(value).encode(), "application/json")

    def reply(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    ThreadingHTTPServer(("127.0.0.1", port), Rates).serve_forever()
