"""The relay, run for real: what it sends to the test process, what it makes of the answer, and when there is none."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from .factories import TOKEN, run_port_mock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATH = "/0/https/api.example.com/443/v2/items"
BINARY = bytes(range(256))


class Relay:
    """A running relay: `wiremock` asks it, `connect` makes a test process's connection."""

    def __init__(self, wiremock: httpx.AsyncClient, control: int) -> None:
        self.wiremock = wiremock
        self._url = f"ws://127.0.0.1:{control}/relay"

    def connect(self, authorization: str | None = f"Bearer {TOKEN}") -> connect:
        headers = {} if authorization is None else {"Authorization": authorization}
        return connect(self._url, additional_headers=headers, max_size=None, proxy=None)

    def ask(self, path: str = PATH, method: str = "GET", **options: Any) -> asyncio.Task[httpx.Response]:
        """Begin a request."""
        return asyncio.create_task(self.wiremock.request(method, path, **options))


@asynccontextmanager
async def run_relay() -> AsyncIterator[Relay]:
    with run_port_mock() as ports:
        relay = f"http://127.0.0.1:{ports['relay']}"
        async with httpx.AsyncClient(base_url=relay, trust_env=False, timeout=10) as client:
            yield Relay(client, ports["control"])


async def received(connection: ClientConnection) -> dict[str, Any]:
    """Give the next request that the relay sends to a test process."""
    async with asyncio.timeout(10):
        asked: dict[str, Any] = json.loads(await connection.recv())
    return asked


def make_answer(asked: dict[str, Any], body: bytes = b"", **fields: object) -> str:
    """Make an answer as the test process sends it."""
    answer = {"id": asked["id"], "status": 200, "headers": [], "body": base64.b64encode(body).decode()}
    return json.dumps({**answer, **fields})


class TestWhatItSends:
    @pytest.mark.asyncio
    async def test_all_of_the_request(self) -> None:
        async with run_relay() as relay, relay.connect() as connection:
            answer = relay.ask(PATH, "POST", content=BINARY, headers=[("X-Many", "1"), ("X-Many", "2")])
            asked = await received(connection)
            await connection.send(make_answer(asked))
            await answer

        assert (asked["method"], asked["index"], asked["url"]) == ("POST", 0, "https://api.example.com/v2/items")
        assert base64.b64decode(asked["body"]) == BINARY
        assert [value for name, value in asked["headers"] if name == "x-many"] == ["1", "2"]

    @pytest.mark.asyncio
    async def test_the_whole_url_as_it_was_before_wiremock_and_the_number_of_the_route(self) -> None:
        expected = {
            "/0/https/h/443/": (0, "https://h/"),
            "/7/http/h/80/v2": (7, "http://h/v2"),
            "/12/http/h/443/v2": (12, "http://h:443/v2"),
            "/0/https/h/80/v2": (0, "https://h:80/v2"),
            "/0/https/h/8443/v2/": (0, "https://h:8443/v2/"),
            "/0/https/h/443/a%2Fb/c%20d%C3%A9": (0, "https://h/a%2Fb/c%20d%C3%A9"),
            "/0/https/h/443//a//b": (0, "https://h//a//b"),
            "/0/https/h/443/v2?a=1&a=2&b=%2F%26&c=x+y&d": (0, "https://h/v2?a=1&a=2&b=%2F%26&c=x+y&d"),
            "/0/https/h/443/?to=https://other/1": (0, "https://h/?to=https://other/1"),
        }
        sent = {}
        async with run_relay() as relay, relay.connect() as connection:
            for path in expected:
                answer = relay.ask(path)
                asked = await received(connection)
                sent[path] = (asked["index"], asked["url"])
                await connection.send(make_answer(asked))
                await answer

        assert sent == expected


class TestWhatItAnswers:
    @pytest.mark.asyncio
    async def test_the_answer_of_the_test_process(self) -> None:
        async with run_relay() as relay, relay.connect() as connection:
            answer = relay.ask()
            asked = await received(connection)
            headers = [["Set-Cookie", "a=1"], ["X-Other", "x"], ["Set-Cookie", "b=2"]]
            await connection.send(make_answer(asked, BINARY, status=418, headers=headers))
            response = await answer

        assert (response.status_code, response.content) == (418, BINARY)
        assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert response.headers["x-other"] == "x"
        assert response.headers.get_list("content-length") == ["256"]
        assert "content-type" not in response.headers

    @pytest.mark.asyncio
    async def test_answers_may_come_in_any_order(self) -> None:
        async with run_relay() as relay, relay.connect() as connection:
            answers = [relay.ask(f"/0/https/h/443/{number}") for number in range(5)]
            asked = [await received(connection) for _ in answers]
            for each in reversed(asked):
                await connection.send(make_answer(each, each["url"].encode()))
            responses = await asyncio.gather(*answers)

        assert [each.text for each in responses] == [f"https://h/{number}" for number in range(5)]

    @pytest.mark.asyncio
    async def test_an_answer_to_what_nobody_asked_or_to_what_is_answered_already_changes_nothing(self) -> None:
        async with run_relay() as relay, relay.connect() as connection:
            first = relay.ask()
            asked = await received(connection)
            for answer in (make_answer({"id": 999}), make_answer(asked, b"first"), make_answer(asked, b"again")):
                await connection.send(answer)
            second = relay.ask()
            await connection.send(make_answer(await received(connection), b"second"))

            assert [(await first).text, (await second).text] == ["first", "second"]


class TestWhenNobodyAnswers:
    @pytest.mark.asyncio
    async def test_without_a_test_process_there_is_a_503_at_once(self) -> None:
        async with run_relay() as relay, asyncio.timeout(2):
            response = await relay.ask()

        assert response.status_code == 503
        assert response.text == "no test process is connected to answer this request"

    @pytest.mark.asyncio
    @pytest.mark.parametrize("politely", [True, False])
    async def test_all_that_wait_get_a_503_when_the_test_process_hangs_up(self, politely: bool) -> None:  # noqa: FBT001
        async with run_relay() as relay, relay.connect() as connection:
            answers = [relay.ask() for _ in range(3)]
            for _ in answers:
                await received(connection)
            if politely:
                await connection.close()
            else:
                connection.transport.abort()
            responses = await asyncio.gather(*answers)

        assert [(each.status_code, each.text) for each in responses] == [
            (503, "the test process hung up before it answered")
        ] * 3

    @pytest.mark.asyncio
    async def test_the_next_test_process_is_heard(self) -> None:
        async with run_relay() as relay:
            async with relay.connect():
                pass
            nobody = await relay.ask()
            async with relay.connect() as connection:
                answer = relay.ask()
                await connection.send(make_answer(await received(connection)))

                assert [nobody.status_code, (await answer).status_code] == [503, 200]

    @pytest.mark.asyncio
    async def test_of_two_the_newer_is_heard_even_when_the_older_leaves(self) -> None:
        async with run_relay() as relay, relay.connect() as older, relay.connect() as newer:
            for leave in (False, True):
                if leave:
                    await older.close()
                answer = relay.ask()
                await newer.send(make_answer(await received(newer), b"newer"))

                assert (await answer).text == "newer"


class TestToken:
    @pytest.mark.asyncio
    @pytest.mark.parametrize("authorization", [None, "Bearer wrong", TOKEN])
    async def test_without_it_nobody_can_connect(self, authorization: str | None) -> None:
        async with run_relay() as relay:
            with pytest.raises(InvalidStatus) as raised:
                await relay.connect(authorization)

            assert raised.value.response.status_code == 401
            assert (await relay.ask()).status_code == 503

    @pytest.mark.asyncio
    async def test_who_is_refused_takes_nobodys_place(self) -> None:
        async with run_relay() as relay, relay.connect() as connection:
            with pytest.raises(InvalidStatus):
                await relay.connect("Bearer wrong")
            answer = relay.ask()
            await connection.send(make_answer(await received(connection)))

            assert (await answer).status_code == 200

    @pytest.mark.asyncio
    @pytest.mark.parametrize("frame", ["{", "[]", "null", "{}", '{"id": 1}', b"\x00", "made"])
    async def test_what_is_no_answer_ends_the_connection_and_no_more(self, frame: str | bytes) -> None:
        async with run_relay() as relay:
            async with relay.connect() as connection:
                answer = relay.ask()
                asked = await received(connection)
                await connection.send(make_answer(asked, body=b"", headers=[["odd"]]) if frame == "made" else frame)
                async with asyncio.timeout(10):
                    await connection.wait_closed()
                assert (await answer).status_code == 503
                assert connection.close_code == 1007
            async with relay.connect() as connection:
                again = relay.ask()
                await connection.send(make_answer(await received(connection), b"fine"))
                assert (await again).content == b"fine"
