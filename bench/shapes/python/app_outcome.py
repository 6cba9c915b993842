"""Shape `outcome`: the tuple in a result, so that a returned value is a success. Says hello."""

from shared import HELLO
from wit_world.imports.types import Content_Json


class OutcomeHandler:
    def handle(self, route, params, body):
        return 200, "", Content_Json(HELLO)
