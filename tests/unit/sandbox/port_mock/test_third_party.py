"""Requests that never come to WireMock are kept in the form of its journal, and their bodies up to a limit."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from harness.routes.request_bodies import large_body, request_of
from sandbox.port_mock.third_party import ThirdParty

ANSWER: dict[str, Any] = {"status": 200, "headers": [["X-A", "1"]], "body": "", "route": 3}


def asked(body: bytes, *headers: list[str]) -> dict[str, Any]:
    return {
        "method": "POST",
        "url": "http://a.example/{x}",
        "headers": list(headers),
        "body": base64.b64encode(body).decode(),
    }


def test_bodies_are_kept_whole_up_to_a_limit_and_small_ones_after_it() -> None:
    kept, large, small = ThirdParty(), b"x" * 1_000_000, b"y" * 10_000
    for body in [large] * 9 + [small]:
        kept.add(asked(body, ["Content-Length", str(len(body))]), ANSWER, 1.5)

    requests = [entry["request"] for entry in kept.entries]
    assert [len(base64.b64decode(each["bodyAsBase64"])) for each in requests] == [1_000_000] * 8 + [0, 10_000]
    headers = [(name.encode(), value.encode()) for name, (value,) in requests[8]["headers"].items()]
    read = large_body(request_of("POST", "http://a.example/", headers, b""))
    assert read is not None
    assert (read.length, read.sha256, read.is_unseen) == (1_000_000, hashlib.sha256(large).hexdigest(), False)


def test_an_answer_that_the_test_process_has_whole_is_not_kept_twice() -> None:
    kept, body = ThirdParty(), base64.b64encode(b"z" * 200_000).decode()
    kept.add(asked(b""), {**ANSWER, "body": body}, 1.5)
    kept.add(asked(b""), {**ANSWER, "body": body, "headers": [["X-Ocean-Sandbox-Large", "1"]]}, 1.5)

    assert [len(base64.b64decode(each["response"]["bodyAsBase64"])) for each in kept.entries] == [100_000, 0]
    assert [each["route"] for each in kept.entries] == [3, 3]


def test_one_that_was_refused_says_why() -> None:
    kept = ThirdParty()
    kept.refuse({**asked(b"", ["X-A", "\xe9"]), "status": 431, "reason": "too large"})

    (entry,) = kept.entries
    assert (entry["refused"], entry["response"]["status"]) == ("too large", 431)
    assert entry["request"]["headers"] == {"X-A": ["\xe9"]}


def test_a_chunked_body_that_was_not_kept_is_read_as_one() -> None:
    told = b"5 " + b"0" * 64 + b" chunked"
    request = request_of("POST", "http://a.example/", [(b"X-Ocean-Sandbox-Body", told), (b"content-length", b"0")], b"")
    assert request.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in request.headers
