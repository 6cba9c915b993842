"""Shape `tuple`. Route 0 says hello, 1 round-trips JSON, 2 echoes, 3 sets headers."""

import json

from shared import HEADERS, HELLO, round_trip
from wit_world.imports.types import Content_Json


class TupleHandler:
    def handle(self, route, params, body):
        if route == 0:
            return 200, "", Content_Json(HELLO)
        if route == 3:
            return 200, json.dumps(list(HEADERS.items())), Content_Json(HELLO)
        return 200, "", Content_Json(round_trip(body.value) if route == 1 else body.value)
