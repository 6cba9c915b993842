"""Shape `tuple` with one content object for all calls. Routes 0 to 2 as in `app_tuple`."""

from shared import HELLO, round_trip
from wit_world.imports.types import Content_Json

CONTENT = Content_Json("")


class TupleHandler:
    def handle(self, route, params, body):
        if route == 0:
            CONTENT.value = HELLO
        else:
            CONTENT.value = round_trip(body.value) if route == 1 else body.value
        return 200, "", CONTENT
