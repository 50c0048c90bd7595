"""Exceptions read back from the text that Python makes of them."""

import json
import re
import traceback
from typing import Any

import httpx
import pytest

from harness.execution.errors import rebuild
from harness.execution.tracebacks import read


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """The exception, as somebody who caught it has it."""
    try:
        raise error from cause  # noqa: TRY301 # so that it has a traceback
    except BaseException as caught:  # noqa: BLE001 # whatever it is
        return caught


def text(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


class OwnError(Exception):
    """An integration's own."""


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no such project"),
        ValueError(),
        ValueError("several\n  lines\n\nof it"),
        KeyError("colour"),
        KeyError(7),
        FileNotFoundError(2, "No such file or directory", "/app/token"),
        ConnectionRefusedError(111, "Connection refused"),
        TimeoutError(),
    ],
)
def test_an_exception_of_pythons_own_is_read_as_it_was(error: Exception) -> None:
    (failure,) = read(text(raised(error)), "thing")

    again = rebuild(failure)

    assert (type(again), str(again), failure.kind) == (type(error), str(error), "thing")
    assert again.args == error.args
    assert "test_tracebacks.py" in failure.traceback


def test_frames_that_python_leaves_out_are_no_part_of_the_exception() -> None:
    def down() -> None:
        down()

    with pytest.raises(RecursionError) as caught:
        down()
    trace = text(caught.value)
    (failure,) = read(trace)

    assert re.search(r"^  \[Previous line repeated \d+ more times\]\nRecursionError", trace, re.MULTILINE)
    assert (failure.type, failure.message) == ("RecursionError", str(caught.value))


@pytest.mark.parametrize(
    ("error", "module", "name"),
    [
        (httpx.ConnectTimeout("slow"), "httpx", "ConnectTimeout"),
        (json.JSONDecodeError("bad", "x", 0), "json.decoder", "JSONDecodeError"),
        (OwnError("mine: with a colon"), OwnError.__module__, "OwnError"),
    ],
)
def test_module_and_class_are_told_apart(error: Exception, module: str, name: str) -> None:
    (failure,) = read(text(raised(error)))

    assert (failure.module, failure.type, failure.message) == (module, name, str(error))


def test_a_class_made_in_a_function_has_its_whole_name() -> None:
    class InnerError(Exception):
        pass

    (failure,) = read(text(raised(InnerError("x"))))

    assert (failure.message, failure.type.endswith("<locals>.InnerError")) == (
        "x",
        False,
    ) or failure.type == "InnerError"
    assert failure.module + "." + failure.type == f"{InnerError.__module__}.{InnerError.__qualname__}"


def test_what_it_was_raised_from_is_its_cause_and_what_was_being_handled_is_not() -> None:
    failure = read(text(raised(OwnError("a"), raised(ValueError("b"), KeyError("c")))))[0]
    assert failure.cause is not None
    assert (failure.cause.type, failure.cause.message) == ("ValueError", "b")
    assert failure.cause.cause is not None
    assert failure.cause.cause.arguments == ["c"]

    try:
        try:
            raise KeyError("c")  # noqa: TRY301 # so that it has a context
        except KeyError:
            raise ValueError("b")  # noqa: B904
    except ValueError as error:
        (alone,) = read(text(error))
    assert (alone.type, alone.cause) == ("ValueError", None)


def test_of_a_group_there_is_each_leaf() -> None:
    inner = ExceptionGroup("inner", [raised(KeyError("a")), ValueError("b\nof two lines")])  # type: ignore[list-item]
    outer = ExceptionGroup("outer", [OwnError("first"), inner, raised(OwnError("last"), TypeError("why"))])  # type: ignore[list-item]

    for whole in (outer, raised(outer)):
        found = [(failure.type, failure.message) for failure in read(text(whole))]
        assert found == [
            ("OwnError", "first"),
            ("KeyError", "'a'"),
            ("ValueError", "b\nof two lines"),
            ("OwnError", "last"),
        ]
    assert [failure.cause and failure.cause.type for failure in read(text(outer))] == [None, None, None, "TypeError"]


@pytest.mark.parametrize("value", ["", "\n", "no traceback at all, only words", "---", "1: x"])
def test_what_is_no_traceback_has_none(value: str) -> None:
    assert read(value) == []


def test_a_key_error_whose_key_cannot_be_read_keeps_its_message() -> None:
    failures: list[Any] = read("KeyError: <object at 0x1>")

    assert failures[0].arguments == ["<object at 0x1>"]
