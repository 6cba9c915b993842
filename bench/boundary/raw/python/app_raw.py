"""The world `http-app` without an SDK, with the handlers of shape `strings`
(`bench/shapes/python/app_strings.py`). Content objects are reused, as in the SDK."""

from shared import HELLO, round_trip
from wit_world.exports.definition import Description, Method, Route
from wit_world.imports.types import Content_Json, Content_Text

JSON = Content_Json("")
TEXT = Content_Text("")


def route(method, path):
    return Route(method=method, path=path, name="", parameters="", body="", replies="", settings="")


class Definition:
    def describe(self):
        routes = [
            route(Method.GET, "/hello"),
            route(Method.POST, "/echo"),
            route(Method.POST, "/text"),
        ]
        return Description(name="bench-raw", version="", routes=routes, settings="")


class Handler:
    def handle(self, route, params, body):
        if route == 2:
            TEXT.value = body.value
            return 200, "", TEXT
        JSON.value = HELLO if route == 0 else round_trip(body.value)
        return 200, "", JSON
