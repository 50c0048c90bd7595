"""Errors of a resync container come back as real exceptions: raised, described by the runner, sent as JSON, rebuilt."""

from __future__ import annotations

import dataclasses
import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness import RemoteError
from harness.execution.errors import rebuild
from tests.unit.harness.factories import make_failure, make_rebuilt, make_request


class IntegrationOwnError(Exception):
    """One that only the integration knows."""


class BrokenError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    "error",
    [
        ValueError("wrong"),
        ValueError(),
        KeyError("missing"),
        KeyError(5),
        IndexError("list index out of range"),
        RuntimeError("a", 1, None),
        TimeoutError(),
        TimeoutError("late"),
        ZeroDivisionError("division by zero"),
        PermissionError("no"),
        UnicodeEncodeError("ascii", "é", 0, 1, "ordinal not in range"),
        NotImplementedError("not yet"),
    ],
    ids=repr,
)
def test_pythons_own_come_back_as_they_were(error: Exception) -> None:
    rebuilt = make_rebuilt(error)

    assert type(rebuilt) is type(error)
    assert rebuilt.args == error.args
    assert str(rebuilt) == str(error)


def test_an_error_of_the_system_keeps_the_name_of_its_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        (tmp_path / "none").read_text()
    rebuilt: Any = make_rebuilt(raised.value)

    assert type(rebuilt) is FileNotFoundError
    assert rebuilt.filename == str(tmp_path / "none")
    assert str(rebuilt) == str(raised.value)


def test_one_with_arguments_that_do_not_travel_has_its_message() -> None:
    rebuilt = make_rebuilt(ValueError("wrong", object))

    assert type(rebuilt) is ValueError
    assert rebuilt.args == (f"('wrong', {object!r})",)


def test_an_error_tells_where_it_was_raised_and_for_which_kind() -> None:
    failure = dataclasses.replace(make_failure(ValueError("wrong")), kind="service")
    rebuilt: Any = rebuild(failure)

    assert rebuilt.kind == "service"
    assert rebuilt.remote_traceback == failure.traceback
    assert "in make_failure" in failure.traceback
    assert rebuilt.__notes__ == [f"In the resync container, kind service:\n{failure.traceback}"]


def test_an_error_of_no_kind_says_so() -> None:
    rebuilt: Any = make_rebuilt(ValueError("wrong"))

    assert rebuilt.kind is None
    assert rebuilt.__notes__[0].startswith("In the resync container:\nTraceback")


@pytest.mark.parametrize(
    "error",
    [
        IntegrationOwnError("its own"),
        json.JSONDecodeError("Expecting value", "x", 0),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        SystemExit(1),
        BrokenError(),
        httpx.StreamConsumed(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_others_come_as_remote_errors(error: BaseException) -> None:
    failure = dataclasses.replace(make_failure(error), kind="service")
    rebuilt = rebuild(failure)

    assert isinstance(rebuilt, RemoteError)
    assert rebuilt.name == f"{type(error).__module__}.{type(error).__qualname__}"
    assert str(rebuilt) == f"{rebuilt.name}: {rebuilt.message}"
    assert (rebuilt.message, rebuilt.remote_traceback, rebuilt.kind) == (failure.message, failure.traceback, "service")


def test_what_is_called_like_an_error_of_pythons_is_none_of_its_own() -> None:
    failure = make_failure(ValueError("wrong"))

    assert isinstance(rebuild(dataclasses.replace(failure, module="integration")), RemoteError)
    assert isinstance(rebuild(dataclasses.replace(failure, type="print")), RemoteError)
    assert isinstance(rebuild(dataclasses.replace(failure, module="httpx", type="Response")), RemoteError)


def test_an_error_of_a_package_whose_name_begins_as_httpxs_is_none_of_httpxs() -> None:
    failure = make_failure(httpx.ReadTimeout("late"))

    assert isinstance(rebuild(failure), httpx.ReadTimeout)
    assert isinstance(rebuild(dataclasses.replace(failure, module="httpx_ws")), RemoteError)


class TestHttpx:
    def test_a_status_error_has_its_request_and_response(self) -> None:
        response = httpx.Response(
            404, json={"message": "Not Found"}, headers={"x-a": "b"}, request=make_request(method="POST")
        )
        rebuilt = make_rebuilt(httpx.HTTPStatusError("404", request=response.request, response=response))

        assert isinstance(rebuilt, httpx.HTTPStatusError)
        assert (rebuilt.response.status_code, rebuilt.response.json()) == (404, {"message": "Not Found"})
        assert rebuilt.response.headers["x-a"] == "b"
        assert rebuilt.response.headers["content-type"] == "application/json"
        assert (rebuilt.request.method, rebuilt.request.url) == ("POST", response.request.url)
        assert rebuilt.response.request is rebuilt.request

    def test_a_compressed_body_comes_as_text(self) -> None:
        headers = {"content-encoding": "gzip"}
        response = httpx.Response(500, content=gzip.compress(b"down"), headers=headers, request=make_request())
        rebuilt = make_rebuilt(httpx.HTTPStatusError("500", request=response.request, response=response))

        assert isinstance(rebuilt, httpx.HTTPStatusError)
        assert rebuilt.response.text == "down"

    def test_a_body_keeps_its_charset(self) -> None:
        headers = {"content-type": "text/plain; charset=iso-8859-1"}
        response = httpx.Response(500, content="é".encode("latin-1"), headers=headers, request=make_request())
        rebuilt = make_rebuilt(httpx.HTTPStatusError("500", request=response.request, response=response))

        assert isinstance(rebuilt, httpx.HTTPStatusError)
        assert rebuilt.response.text == "é"

    @pytest.mark.parametrize("kind", [httpx.ReadTimeout, httpx.ConnectError, httpx.RemoteProtocolError])
    def test_a_request_error_has_its_request(self, kind: type[httpx.RequestError]) -> None:
        rebuilt = make_rebuilt(kind("gone", request=make_request()))

        assert type(rebuilt) is kind
        assert str(rebuilt) == "gone"
        assert rebuilt.request.url == make_request().url

    def test_one_that_never_had_a_request_has_none(self) -> None:
        rebuilt = make_rebuilt(httpx.ConnectError("gone"))

        assert isinstance(rebuilt, httpx.ConnectError)
        with pytest.raises(RuntimeError, match="has not been set"):
            _ = rebuilt.request

    def test_one_without_a_request_by_its_nature_has_its_message(self) -> None:
        rebuilt = make_rebuilt(httpx.InvalidURL("no scheme"))

        assert isinstance(rebuilt, httpx.InvalidURL)
        assert str(rebuilt) == "no scheme"

    def test_a_status_error_whose_response_is_lost_is_a_remote_error(self) -> None:
        response = httpx.Response(404, request=make_request())
        failure = make_failure(httpx.HTTPStatusError("404", request=response.request, response=response))

        assert isinstance(rebuild(dataclasses.replace(failure, exchange=None)), RemoteError)
