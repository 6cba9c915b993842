"""Records of `logging` in the log of the host."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from spikard_wasm import Spikard, _logging, _run, _started
from spikard_wasm.testing import TestClient

logger = logging.getLogger("shop.orders")


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """A root logger without the handlers of pytest, as in a component."""
    root = logging.getLogger()
    monkeypatch.setattr(logging.StreamHandler, "emit", logging.StreamHandler.emit)
    monkeypatch.setattr(logging, "basicConfig", logging.basicConfig)
    before = root.handlers[:], root.level
    root.handlers[:] = []
    _logging.install()
    yield root
    root.handlers[:], root.level = before
    root.setLevel(root.level)


def log(capsys: pytest.CaptureFixture[str], write: Any) -> str:
    app = Spikard()
    app.get("/")(write)
    reply = TestClient(app).get("/")
    assert reply.failure is None
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_records_have_their_level_and_logger(
    capsys: pytest.CaptureFixture[str], root: logging.Logger
) -> None:
    def handler() -> None:
        root.setLevel(1)
        logger.log(5, "zero")
        logger.debug("one")
        logger.info("two %d", 2)
        logger.warning("three\ud800")
        logger.error("four")
        logger.critical("five")

    assert log(capsys, handler).splitlines() == [
        "TRACE shop.orders: zero",
        "DEBUG shop.orders: one",
        "INFO shop.orders: two 2",
        "WARN shop.orders: three\\ud800",
        "ERROR shop.orders: four",
        "ERROR shop.orders: five",
    ]


def test_exceptions_keep_their_stack(capsys: pytest.CaptureFixture[str]) -> None:
    async def handler() -> None:
        try:
            raise KeyError("x")
        except KeyError:
            logger.exception("lost")

    lines = log(capsys, handler).splitlines()
    assert lines[:2] == ["ERROR shop.orders: lost", "Traceback (most recent call last):"]
    assert lines[-1] == "KeyError: 'x'"


def test_a_task_logs_as_part_of_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    import asyncio

    async def handler() -> None:
        await asyncio.sleep(0.001)
        logger.warning("after")

    assert log(capsys, handler) == "WARN shop.orders: after\n"
    assert _run.loop.calls == {}


def test_basic_config_keeps_the_handler(
    capsys: pytest.CaptureFixture[str], root: logging.Logger
) -> None:
    root.handlers[:] = [_logging.HANDLER]  # pytest adds its own
    logging.basicConfig(level=logging.INFO)
    assert root.handlers == [_logging.HANDLER]
    assert log(capsys, lambda: logger.info("a")) == "INFO shop.orders: a\n"
    formatter = _logging.HANDLER.formatter
    logging.basicConfig(format="{message}!", style="{")
    try:
        assert log(capsys, lambda: logger.info("a")) == "INFO a!\n"
    finally:
        _logging.HANDLER.setFormatter(formatter)
    text = io.StringIO()
    logging.basicConfig(stream=text, format="%(message)s", force=True)
    assert log(capsys, lambda: logger.warning("b")) == ""
    assert text.getvalue() == "b\n"


def test_handlers_of_standard_streams_write_to_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    def handler() -> None:
        own = logging.Logger("own", logging.DEBUG)
        own.addHandler(logging.StreamHandler())
        own.debug("one")

    assert log(capsys, handler) == "DEBUG one\n"


def test_without_a_host_records_are_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger.warning("no host")
    monkeypatch.setattr(_started, "started", False)
    logger.warning("built")
    assert capsys.readouterr().err == "shop.orders: no host\nshop.orders: built\n"
