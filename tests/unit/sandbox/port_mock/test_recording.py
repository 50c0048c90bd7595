"""The record of calls."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from .factories import Mock, body_of, make_entity, make_mapping

if TYPE_CHECKING:
    from starlette.types import Message, Scope


def make_scope(method: str, path: str, **fields: object) -> Scope:
    scope: dict[str, Any] = {"type": "http", "http_version": "1.1", "scheme": "http", "server": ("port", 8000)}
    return {**scope, "method": method, "path": path, "query_string": b"", "headers": [], "root_path": "", **fields}


def test_a_call_is_recorded_in_full() -> None:
    mock = Mock(mapping=make_mapping())
    before = time.time()

    answered = mock.port("DELETE", "/v1/blueprints/service/entities/a%2Fb?delete_dependents=true&x=1", content=b"why")

    (call,) = mock.calls()
    assert before <= call.pop("at") <= time.time()
    assert 0 <= call.pop("duration_ms") < 10_000
    assert call == {
        "sequence": 1,
        "method": "DELETE",
        "path": "/v1/blueprints/service/entities/a%2Fb",
        "query": "delete_dependents=true&x=1",
        # The handler reads no body, so none is recorded.
        "body": "",
        "body_size": 0,
        "status": 200,
        "response": answered.text,
        "known": True,
    }


def test_long_bodies_and_answers_are_cut_but_measured() -> None:
    mock = Mock(search_entities_response=[make_entity(f"service-{number}") for number in range(100)])
    body = '{"rules": ["' + "ü" * 5000 + '"]}'

    answered = mock.port("POST", "/v1/entities/search", content=body.encode())

    (call,) = mock.calls()
    assert call["body"] == body[:2000]
    assert call["body_size"] == len(body.encode())
    assert call["response"] == answered.text[:2000]


def test_they_are_whole_where_the_seed_asks_for_it() -> None:
    mock = Mock(whole_calls=True, search_entities_response=[make_entity(f"service-{n}") for n in range(100)])
    body = '{"rules": ["' + "ü" * 50_000 + '"]}'

    answered = mock.port("POST", "/v1/entities/search", content=body.encode())

    (call,) = mock.calls()
    assert call["body"] == body
    assert call["response"] == answered.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/never/heard%2Fof"),
        ("PUT", "/v1/organization"),
        ("GET", "/v1/organization/"),
        ("POST", "/organization"),
    ],
)
def test_an_unknown_call_is_refused_by_name_and_recorded(method: str, path: str) -> None:
    mock = Mock()

    answer = body_of(mock.port(method, path), status=404)

    assert (answer["ok"], answer["error"]) == (False, "unknown_call")
    assert f"{method} {path}." in answer["message"]
    (call,) = mock.calls()
    assert (call["known"], call["status"], call["path"]) == (False, 404, path)


def test_a_refused_call_is_a_known_one() -> None:
    mock = Mock()
    mock.port("GET", "/v1/integration/missing")

    assert [(call["status"], call["known"]) for call in mock.calls()] == [(404, True)]


def test_calls_are_listed_in_order_of_arrival() -> None:
    mock = Mock()

    async def overlap() -> None:
        first_may_go = asyncio.Event()

        async def receive_late() -> Message:
            await first_may_go.wait()
            return {"type": "http.request", "body": b"{}"}

        async def send(_message: Message) -> None:
            pass

        async def receive_now() -> Message:
            return {"type": "http.request", "body": b""}

        first = asyncio.create_task(mock.port_app(make_scope("POST", "/v1/entities/search"), receive_late, send))
        await asyncio.sleep(0)
        await mock.port_app(make_scope("GET", "/v1/organization"), receive_now, send)
        first_may_go.set()
        await first

    asyncio.run(overlap())

    assert [(call["sequence"], call["path"]) for call in mock.calls()] == [
        (1, "/v1/entities/search"),
        (2, "/v1/organization"),
    ]


def test_a_call_that_is_under_way_during_a_reset_leaves_nothing_behind() -> None:
    mock = Mock()

    async def straggle() -> None:
        async def receive() -> Message:
            mock.state.reset()
            return {"type": "http.request", "body": b'{"identifier": "late"}'}

        async def send(_message: Message) -> None:
            pass

        await mock.port_app(make_scope("POST", "/v1/blueprints/service/entities"), receive, send)

    asyncio.run(straggle())

    assert mock.calls() == []
    assert mock.captures()["upserted_entities"] == []
    assert body_of(mock.control("GET", "/empty")) == {"empty": True}


def test_a_client_that_leaves_is_recorded_and_raises_nothing() -> None:
    mock = Mock()

    async def leave() -> None:
        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(_message: Message) -> None:
            pass

        await mock.port_app(make_scope("POST", "/v1/entities/search"), receive, send)

    asyncio.run(leave())

    assert [(call["status"], call["known"]) for call in mock.calls()] == [(400, True)]


def test_what_is_not_http_is_not_recorded() -> None:
    mock = Mock()

    async def start_and_stop() -> list[str]:
        incoming = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
        sent: list[str] = []

        async def receive() -> Message:
            return next(incoming)

        async def send(message: Message) -> None:
            sent.append(message["type"])

        await mock.port_app({"type": "lifespan"}, receive, send)
        return sent

    assert asyncio.run(start_and_stop()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert mock.calls() == []
