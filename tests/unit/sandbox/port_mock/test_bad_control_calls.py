"""Every bad request that the control API can get has a clear 4xx, and leaves it as it was."""

from __future__ import annotations

import itertools
import json
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.port_mock.limit import LARGEST

from .factories import Mock, body_of, make_mapping
from .test_control import EVERY_CALL
from .test_program import AUTHORIZATION, run_program

if TYPE_CHECKING:
    from collections.abc import Iterator

PATHS = sorted({path for _, path in EVERY_CALL} | {"/", "//", "/seed/", "/%ff", "/runs/%00", "/runs/a%2Fb", "/relay"})
KNOWN = {*EVERY_CALL, ("GET", "/health")} - {("POST", "/health"), ("GET", "/no-such-thing")}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"]
WRITES = [("PUT", "/seed"), ("POST", "/faults"), ("POST", "/runs")]
READS = ["/collected", "/captures", "/entities", "/calls", "/state", "/faults", "/empty"]
NO_JSON = {
    "nothing": b"",
    "cut off": b"{",
    "not UTF-8": b"\xff\xfe",
    "NaN": b'{"path": NaN}',
    "too deep": b"[" * 200_000,
    "too long a number": b'{"path": ' + b"1" * 5000 + b"}",
}
NO_OBJECT = [b"null", b"[]", b"7", b'"text"', b"true"]
# The right keys, with values of each type that is not theirs.
WRONG = [None, True, -1, 1.5, 10**400, float("1e308"), "", "\ud800", [], [[]], {}, {"a": {}}]
FITTING: dict[str, dict[str, Any]] = {
    "/seed": {
        "integration": {"identifier": "i", "type": "t"},
        "mapping": {"resources": []},
        "blueprints": {"thing": {"schema": {"properties": {"n": {"type": "number"}}}, "relations": {}}},
        "entities": [{"identifier": "a", "blueprint": "thing", "properties": {}, "relations": {}}],
        "search_entities_response": [{"identifier": "a"}],
        "strict": True,
        "bare": False,
        "faults": [{"path": "/", "status": 500}],
        "expired_token": True,
        "whole_calls": True,
    },
    "/faults": {
        "path": "/",
        "method": "GET",
        "status": 503,
        "times": 1,
        "retry_after": 0,
        "latency": 0,
        "reset": False,
        "entities": [],
        "error": "e",
        "message": "m",
    },
    "/runs": {"kind": "action", "run": {"id": "r", "action": {"identifier": "a"}}},
}


def see_that_it_is_clear(answer: httpx.Response) -> None:
    assert 400 <= answer.status_code < 500, answer.text
    refusal = answer.json()
    assert refusal["ok"] is False
    assert refusal["error"]
    assert refusal["message"]


def variants(body: Any, wrong: object) -> Iterator[Any]:
    """``body`` with one value in it replaced, wherever it is."""
    keys: list[Any] = list(body) if isinstance(body, dict) else list(range(len(body))) if isinstance(body, list) else []
    for key in keys:
        changed = body.copy()
        changed[key] = wrong
        yield changed
        for inner in variants(body[key], wrong):
            deeper = body.copy()
            deeper[key] = inner
            yield deeper


@pytest.mark.parametrize("path", PATHS)
def test_each_path_takes_its_methods_and_names_what_it_refuses(path: str) -> None:
    mock = Mock(mapping=make_mapping())
    taken = {method for method, each in KNOWN if each == path}
    for method in METHODS:
        answer = mock.control(method, path)
        # Where GET is taken, so is HEAD: starlette sees to that.
        if method in taken or (method == "HEAD" and "GET" in taken):
            assert answer.status_code in {200, 422}, method
        else:
            assert answer.status_code == 404, method
            if method != "HEAD":  # which has no body
                see_that_it_is_clear(answer)


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("body", [*NO_JSON.values(), *NO_OBJECT], ids=[*NO_JSON, *map(bytes.decode, NO_OBJECT)])
def test_what_is_no_object_is_refused(method: str, path: str, body: bytes) -> None:
    mock = Mock(mapping=make_mapping())
    before = [mock.control("GET", each).text for each in READS]

    see_that_it_is_clear(mock.control(method, path, content=body))

    assert [mock.control("GET", each).text for each in READS] == before


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_what_fits_is_taken_and_no_wrong_value_in_it_is_a_mistake_of_the_mock(method: str, path: str) -> None:
    assert body_of(Mock().control(method, path, json=FITTING[path])) == {"ok": True}
    refused = 0
    for wrong in WRONG:
        for body in variants(FITTING[path], wrong):
            mock = Mock()
            answer = mock.control(method, path, content=json.dumps(body).encode())
            if answer.status_code != 200:
                see_that_it_is_clear(answer)
                refused += 1
            for read in READS:
                assert mock.control("GET", read).status_code == 200, (read, body)
    assert refused > 20


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_a_missing_or_a_surplus_key_is_named(method: str, path: str) -> None:
    surplus = Mock().control(method, path, json={**FITTING[path], "sruplus": 1})
    see_that_it_is_clear(surplus)
    assert "sruplus" in surplus.json()["message"]
    for missing in {"/seed": [], "/faults": ["path"], "/runs": ["kind", "run"]}[path]:
        answer = Mock().control(method, path, json={k: v for k, v in FITTING[path].items() if k != missing})
        see_that_it_is_clear(answer)
        assert missing in answer.json()["message"]


@pytest.mark.parametrize("calls", ["a", "1.5", "1,b", "9" * 5000, "%00", "--1"])
def test_captures_of_what_is_no_call_are_refused(calls: str) -> None:
    see_that_it_is_clear(Mock().control("GET", f"/captures?calls={calls}"))


def test_a_body_that_is_too_large_is_refused_however_it_comes_and_whoever_it_is_for() -> None:
    chunk = b" " * (LARGEST // 8)
    with run_program() as (process, api, control), httpx.Client(trust_env=False, timeout=60) as client:
        for url, body in itertools.product(
            (f"{control}/seed", f"{api}/v1/organization/secrets"), (chunk * 9, lambda: iter([chunk] * 9))
        ):
            content = body() if callable(body) else body
            method = "PUT" if url.startswith(control) else "POST"
            answer = client.request(method, url, content=content, headers=AUTHORIZATION)
            see_that_it_is_clear(answer)
            assert (answer.status_code, answer.json()["message"]) == (
                413,
                "The body is too large: 72 MiB, at most 64 MiB are allowed.",
            )
        body_of(client.put(f"{control}/seed", content=b"{}" + chunk * 7, headers=AUTHORIZATION))
        assert process.poll() is None


@pytest.mark.parametrize(
    ("path", "token", "status"), [("/relay", b"wrong", 401), ("/nonsense", None, 404), ("/health", None, 404)]
)
def test_a_websocket_where_there_is_none_is_refused(path: str, token: bytes | None, status: int) -> None:
    with run_program() as (_process, _api, control):
        host, _, port = control.removeprefix("http://").partition(":")
        given = token or AUTHORIZATION["authorization"].removeprefix("Bearer ").encode()
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(
                b"GET %s HTTP/1.1\r\nHost: mock\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"Authorization: Bearer %s\r\n\r\n" % (path.encode(), given)
            )
            response = connection.makefile("rb").read()
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.split()[1] == str(status).encode()
    assert json.loads(body)["message"]
