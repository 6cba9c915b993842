"""Shape `kind`: the body's tag is an enum. Route 0 says hello, 1 round-trips JSON, 2 echoes."""

from shared import HELLO, round_trip
from wit_world.exports.kind_handler import Kind

JSON = Kind.JSON


class KindHandler:
    def handle(self, route, params, kind, body):
        if route == 0:
            return 200, "", JSON, HELLO
        return 200, "", JSON, round_trip(body) if route == 1 else body
