"""Tests with the bindings that `componentize-py` generates from the WIT."""

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
import asyncio
import json
from dataclasses import fields
from typing import Any
from spikard_wasm import (
    Database,
    ContextError,
    GlobalContext,
    HookReply,
    LocalContext,
    Request,
    Spikard,
    _boundary,
    _local,
)
from componentize_py_types import Err
from wit_world.exports.definition import Description, Method, Route
from wit_world.imports import failure, global_context, io, local_context, reply, request, types

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

@app.get("/contexts")
def contexts(local: LocalContext, everyone: GlobalContext) -> Any:
    try:
        local["spikard.a"] = [1]
    except ContextError as error:
        return {"refused": str(error), "sum": everyone.add("n", 2)}

@app.get("/waits")
async def waits() -> Any:
    await asyncio.sleep(0.02)
    return await Database().query("select $1", 7)

@app.pre_handler
def stop(request: Request) -> Any:
    return {"params": request.params}

@app.on_response
def change(reply: HookReply) -> None:
    reply.headers["x-a"] = "b"

@app.on_error
def answer(reply: HookReply, request: Request, message: str) -> None:
    reply.body = reply.body.upper() + message

def refuse(key: str, value: str | None) -> None:
    raise Err("it is the host's")

app.component()
reports = []
request.path, request.file = lambda: "/here", lambda part: str(part)
local_context.set, global_context.add = refuse, lambda key, delta: delta
reply.body = lambda: types.Content_Text("bad: ")
failure.report = lambda message, detail: reports.append(message)
described = Definition().describe()
assert type(described) is Description and type(described.routes[1]) is Route
assert described.routes[1].method is Method.POST
handler, hooks = Handler(), Hooks()
replies = []

def note(crossing: Any) -> None:
    status, headers, body = crossing
    value = str(getattr(body, "value", None))
    replies.append([status, headers, type(body).__name__, value])

note(handler.handle(0, "", types.Body_Empty()))
note(handler.handle(1, "", types.Body_Text("abc")))
note(handler.handle(2, "", types.Body_Empty()))
note(handler.handle(3, "", types.Body_Empty()))
operations = []
io.task = lambda: 5
io.reply = lambda task, status, headers, body: note((status, headers, body))

def submit(*operation: Any) -> Any:
    operations.append([*operation[:4], getattr(operation[4], "value", None)])
    return 0, "", types.Content_Empty()

io.submit = submit
note(handler.handle(4, "", types.Body_Empty()))
resumable = Resumable()
resumable.resume(1, 200, "", types.Content_Empty())
resumable.resume(2, 200, '{"changes":0}', types.Content_Json('[{"a":7}]'))
resumable.cancel(5)
note(hooks.pre_handler(0, '{"id":1}'))
note(hooks.on_response(0, 200, '[["x-b","c"]]'))
note(hooks.on_error(0, 500, "", "x"))
pairs = [(Route, _local.Route), (Description, _local.Description), (Err, _local.Err)]
stands = [
    (request, _local.LocalRequest), (failure, _local.LocalFailure), (reply, _local.LocalReply),
    (local_context, _local.LocalLocalContext), (global_context, _local.LocalGlobalContext),
    (io, _local.LocalIo),
]
print(json.dumps({
    "in_component": _boundary.IN_COMPONENT,
    "operations": operations,
    "replies": replies,
    "nothing": [hooks.on_request(0), hooks.pre_validation(0)],
    "reports": reports,
    "same": [[f.name for f in fields(a)] == [f.name for f in fields(b)] for a, b in pairs],
    "methods": [m.name for m in Method] == [m.name for m in _local.Method],
    "imports": {
        module.__name__.rpartition(".")[2]:
            sorted(n for n, v in vars(module).items() if type(v).__name__ == "function"
                   and v.__module__ in (module.__name__, "__main__")
                   and n not in ("abstractmethod", "dataclass") and hasattr(stand, n))
        for module, stand in stands
    },
    "stands": {
        module.__name__.rpartition(".")[2]: sorted(n for n in vars(stand) if n[0] != "_")
        for module, stand in stands
    },
}))
"""


def bindings(folder: Path, world: str) -> Path:
    tool = Path(sys.executable).with_name("componentize-py")
    options = ["-q", "-d", str(WIT), "-w", world, "bindings", str(folder)]
    subprocess.run([tool, *options], check=True)
    return folder


def run(script: str, bindings: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(bindings), str(PACKAGE / "src")])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", script], env=environment, check=False, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    done = run(APP, bindings(tmp_path_factory.mktemp("bindings"), "http-service"))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_replies_are_made_of_the_bindings_types(result: Any) -> None:
    assert result["in_component"] is True
    refused = '{"refused":"it is the host\'s","sum":2}'
    assert result["replies"] == [
        [200, "", "Content_Json", '{"path":"/here","file":"3"}'],
        [200, "", "Content_Bytes", str(b"abc")],
        [500, "", "Content_Empty", "None"],
        [200, "", "Content_Json", refused],
        [0, "", "Content_Empty", "None"],
        [200, "", "Content_Json", '[{"a":7}]'],
        [200, "", "Content_Json", '{"params":{"id":1}}'],
        [200, '[["x-b","c"],["x-a","b"]]', "NoneType", "None"],
        [500, "", "Content_Text", "BAD: x"],
    ]
    assert result["nothing"] == [None, None]
    assert result["reports"] == ["KeyError: 'x'"]


def test_operations_cross_the_boundary(result: Any) -> None:
    sleep, query = result["operations"]
    assert sleep[:3] == [5, 1, "sleep"]
    assert 15 < json.loads(sleep[3])["ms"] <= 20
    assert query[:3] == [5, 2, "sql.query"]
    assert json.loads(query[3]) == {"database": "main", "sql": "select $1"}
    assert query[4] == "[7]"


def test_the_stand_ins_have_the_shape_of_the_bindings(result: Any) -> None:
    assert result["same"] == [True, True, True]
    assert result["methods"] is True
    assert result["imports"] == result["stands"]
    assert len(result["stands"]["request"]) == 11


def test_another_world_is_named(tmp_path: Path) -> None:
    done = run("import spikard_wasm", bindings(tmp_path, "http-app-with-hooks"))
    assert done.returncode == 1
    assert "give `-w http-service` to `componentize-py`" in done.stderr
