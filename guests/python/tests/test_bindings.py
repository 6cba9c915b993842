"""The package against the bindings that `componentize-py` generates from the WIT."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PACKAGE = Path(__file__).parents[1]
WIT = PACKAGE.parents[1] / "wit"

APP = """
import json
from dataclasses import fields
from typing import Any
from spikard_wasm import Request, Spikard, _boundary, _local
from componentize_py_types import Err
from wit_world.exports.definition import Description, Method, Route
from wit_world.imports import failure, request, types

app = Spikard("bound", "1.0.0")

@app.get("/")
def hello(request: Request) -> Any:
    return {"path": request.path, "file": _boundary.request.file(3)}

@app.post("/")
def text(body: str) -> Any:
    return body.encode()

@app.get("/fail")
def fail() -> None:
    raise KeyError("x")

Handler, Definition = app.component()
reports = []
request.path, request.file = lambda: "/here", lambda part: str(part)
failure.report = lambda message, detail: reports.append(message)
described = Definition().describe()
assert type(described) is Description and type(described.routes[1]) is Route
assert described.routes[1].method is Method.POST
handler = Handler()
replies = [
    handler.handle(0, "", types.Body_Empty()),
    handler.handle(1, "", types.Body_Text("abc")),
    handler.handle(2, "", types.Body_Empty()),
]
pairs = [(Route, _local.Route), (Description, _local.Description)]
print(json.dumps({
    "in_component": _boundary.IN_COMPONENT,
    "replies": [[s, h, type(c).__name__, repr(getattr(c, "value", None))] for s, h, c in replies],
    "reports": reports,
    "same": [[f.name for f in fields(a)] == [f.name for f in fields(b)] for a, b in pairs],
    "methods": [m.name for m in Method] == [m.name for m in _local.Method],
    "request": sorted(n for n in vars(request) if hasattr(_local.LocalRequest, n)
                      and not n.startswith("_")),
}))
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    bindings = tmp_path_factory.mktemp("bindings")
    tool = Path(sys.executable).with_name("componentize-py")
    options = ["-q", "-d", str(WIT), "-w", "http-app", "bindings", str(bindings)]
    subprocess.run([tool, *options], check=True)
    path = os.pathsep.join([str(bindings), str(PACKAGE / "src")])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", APP], env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout)


def test_replies_are_made_of_the_bindings_types(result: Any) -> None:
    assert result["in_component"] is True
    assert result["replies"] == [
        [200, "", "Content_Json", repr('{"path":"/here","file":"3"}')],
        [200, "", "Content_Bytes", repr(b"abc")],
        [500, "", "Content_Empty", "None"],
    ]
    assert result["reports"] == ["KeyError: 'x'"]


def test_the_stand_ins_have_the_shape_of_the_bindings(result: Any) -> None:
    assert result["same"] == [True, True]
    assert result["methods"] is True
    assert result["request"] == [
        "cookie",
        "cookies",
        "file",
        "header",
        "headers",
        "id",
        "method",
        "path",
        "peer",
        "query",
        "raw_body",
    ]
