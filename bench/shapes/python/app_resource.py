"""Shape `resource`: a resource in, a tuple out. Route 0 says hello, 1 round-trips JSON, 2 echoes."""

from shared import HELLO, round_trip
from wit_world.imports.types import Content_Json


class ResourceHandler:
    def handle(self, request):
        route = request.route()
        if route == 0:
            return 200, "", Content_Json(HELLO)
        text = request.body().value
        return 200, "", Content_Json(round_trip(text) if route == 1 else text)
