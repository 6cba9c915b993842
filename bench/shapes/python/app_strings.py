"""Shape `strings`: text in, text out. Route 0 says hello, 1 round-trips JSON, 2 echoes."""

from shared import HELLO, round_trip


class StringsHandler:
    def handle(self, route, head, body):
        if route == 0:
            return 200, "", HELLO
        return 200, "", round_trip(body) if route == 1 else body
