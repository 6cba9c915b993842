"""Shape `record`: one record in, a record out. Route 0 says hello, 1 round-trips JSON, 2 echoes."""

from shared import HELLO, round_trip
from wit_world.exports.record_handler import Reply
from wit_world.imports.types import Content_Json


class RecordHandler:
    def handle(self, call):
        if call.route == 0:
            return Reply(200, [], Content_Json(HELLO))
        text = call.body.value
        return Reply(200, [], Content_Json(round_trip(text) if call.route == 1 else text))
