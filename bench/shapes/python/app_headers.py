"""Shape `headers`. Route 0 says hello, 3 sets headers."""

from shared import HEADERS, HELLO
from wit_world.imports.types import Content_Json


class HeadersHandler:
    def handle(self, route, params, body):
        return 200, list(HEADERS.items()) if route == 3 else [], Content_Json(HELLO)
