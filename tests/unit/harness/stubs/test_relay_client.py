"""The test process answers what WireMock passes to the relay: both are real, only WireMock is missing."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from harness import AnswerError, InterceptTransport
from harness.routes.transport import whole_url
from harness.stubs.mappings import PASS_HEADER, UNMATCHED_HEADER
from sandbox.errors import EngineError
from sandbox.services.wiremock import WireMock
from tests.unit.harness.factories import URL, run_integration

BINARY = bytes(range(256))
# More than uvicorn (16 MB) and websockets (1 MB) take of their own accord, base64 not even counted.
LARGE = BINARY * 70_000


def answering(answer: Any, **options: Any) -> InterceptTransport:
    """Make a transport with one route, for every request."""
    return InterceptTransport().add_route(None, "", answer, **options)


async def answer_to(answer: Any, method: str = "GET", **options: Any) -> httpx.Response:
    """Give what an integration gets, where nothing went wrong in the test process."""
    async with run_integration() as integration, integration.answered_by(answering(answer)):
        response = await integration.ask(method=method, **options)
    assert integration.errors == []
    return response


def slowly(asked: asyncio.Event) -> Callable[[httpx.Request], dict[str, Any]]:
    """Make a callable that says when it is asked, and whose answer nobody waits for."""

    def answer(_request: httpx.Request) -> dict[str, Any]:
        asked.set()
        return {"delay": 60}

    return answer


class TestRequests:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        "url",
        [
            "https://api.example.com/",
            "http://api.example.com/v2/items/",
            "http://api.example.com:8080/v2",
            "http://api.example.com:443/v2",
            "https://[2001:db8::9]:8443/v2",
            "https://my_api.example.com./v2",
            "https://api.example.com/groups/a%2Fb%20c//d?tag=1&tag=2&to=https%3A%2F%2Fh%2F%3Fx&empty=&q=a+b",
        ],
    )
    async def test_a_route_sees_the_url_that_the_integration_asked_for(self, url: str) -> None:
        async with (
            run_integration() as integration,
            integration.answered_by(answering(lambda request: {"body": whole_url(request)})),
        ):
            assert (await integration.ask(url)).text == url

    @pytest.mark.asyncio
    async def test_a_pattern_is_held_against_that_url(self) -> None:
        transport = InterceptTransport().add_route("GET", r"^https://api\.example\.com/v2/items$", {"json": 1}, times=1)

        async with run_integration() as integration, integration.answered_by(transport):
            assert (await integration.ask(URL)).json() == 1

    @pytest.mark.asyncio
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    async def test_a_route_sees_the_method(self, method: str) -> None:
        assert (await answer_to(lambda request: {"body": request.method}, method)).text == method

    @pytest.mark.asyncio
    async def test_a_route_sees_the_headers_but_for_those_of_the_way_here(self) -> None:
        seen: list[httpx.Headers] = []

        def answer(request: httpx.Request) -> dict[str, Any]:
            seen.append(request.headers)
            return {}

        await answer_to(answer, headers=[("X-Many", "1"), ("X-Many", "2"), ("Authorization", "Bearer x")])

        (headers,) = seen
        assert headers.get_list("x-many") == ["1", "2"]
        assert headers["authorization"] == "Bearer x"
        assert headers.get_list("host") == ["api.example.com"]
        assert "connection" not in headers

    @pytest.mark.asyncio
    async def test_a_route_sees_the_body_byte_for_byte(self) -> None:
        seen: list[bytes] = []

        def answer(request: httpx.Request) -> dict[str, Any]:
            seen.append(request.content)
            return {}

        await answer_to(answer, "POST", content=BINARY)

        assert seen == [BINARY]

    @pytest.mark.asyncio
    async def test_routes_before_the_one_that_wiremock_found_are_not_asked(self) -> None:
        transport = InterceptTransport()
        for number in range(3):
            transport.add_route("GET", "/v2", {"json": number}, times=9)

        async with run_integration() as integration, integration.answered_by(transport):
            answers = [(await integration.ask(start=start)).json() for start in (2, 0, 1)]

        assert answers == [2, 0, 1]


class TestAnswers:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        "answer",
        [
            {"body": BINARY, "status_code": 206, "headers": {"Content-Type": "x/y"}},
            httpx.Response(206, content=BINARY, headers={"Content-Type": "x/y"}),
            lambda _request: {"body": BINARY, "status_code": 206, "headers": {"Content-Type": "x/y"}},
            lambda _request: httpx.Response(206, content=BINARY, headers={"Content-Type": "x/y"}),
        ],
        ids=["dict", "response", "callable for a dict", "callable for a response"],
    )
    async def test_the_integration_gets_status_headers_and_body(self, answer: Any) -> None:
        response = await answer_to(answer)

        assert (response.status_code, response.content) == (206, BINARY)
        assert response.headers.get_list("content-type") == ["x/y"]

    @pytest.mark.asyncio
    async def test_a_header_that_is_repeated_stays_so(self) -> None:
        response = await answer_to({"headers": {"Set-Cookie": ["a=1; Path=/", "b=2"], "Link": "<x>, <y>"}})

        assert response.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2"]
        assert response.headers.get_list("link") == ["<x>, <y>"]

    @pytest.mark.asyncio
    async def test_nothing_is_said_of_the_type_of_a_body_unless_the_route_says_it(self) -> None:
        assert "content-type" not in (await answer_to({"body": "text"})).headers

    @pytest.mark.asyncio
    async def test_a_wrong_length_does_not_break_the_connection(self) -> None:
        response = await answer_to({"body": "hello", "headers": {"Content-Length": "99"}})

        assert (response.text, response.headers.get_list("content-length")) == ("hello", ["5"])

    @pytest.mark.asyncio
    async def test_a_compressed_body_is_compressed_on_its_way(self) -> None:
        compressed = httpx.Response(200, content=gzip.compress(BINARY), headers={"content-encoding": "gzip"})
        response = await answer_to(lambda _request: compressed)

        assert response.content == BINARY
        assert response.headers["content-length"] == str(len(gzip.compress(BINARY)))

    @pytest.mark.asyncio
    async def test_no_body_is_too_large_either_way(self) -> None:
        response = await answer_to(lambda request: {"body": request.content[::-1]}, "POST", content=LARGE)

        assert response.content == LARGE[::-1]

    @pytest.mark.asyncio
    @pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204)])
    async def test_what_can_have_no_body_has_none(self, method: str, status: int) -> None:
        response = await answer_to({"json": [1], "status_code": status, "headers": {"X-A": "b"}}, method)

        assert (response.status_code, response.content, response.headers["x-a"]) == (status, b"", "b")

    @pytest.mark.asyncio
    async def test_a_delay_is_waited_for(self) -> None:
        async with (
            run_integration() as integration,
            integration.answered_by(answering(lambda _request: {"delay": 0.2})),
        ):
            started = time.monotonic()
            await integration.ask()

            assert time.monotonic() - started >= 0.2

    @pytest.mark.asyncio
    async def test_a_delay_holds_up_nobody_else(self) -> None:
        asked = asyncio.Event()
        transport = InterceptTransport().add_route("GET", "/slow", slowly(asked)).add_route("GET", "/quick", {})

        async with run_integration() as integration, integration.answered_by(transport):
            slow = asyncio.ensure_future(integration.ask("https://h/slow"))
            await asked.wait()

            assert (await integration.ask("https://h/quick")).status_code == 200
            assert not slow.done()
            slow.cancel()

    @pytest.mark.asyncio
    async def test_times_are_drawn_exactly_however_many_ask_at_once(self) -> None:
        transport = InterceptTransport()
        transport.add_route("GET", "/v2", {"status_code": 429, "delay": 0.05}, times=7)
        transport.add_route("GET", "/v2", lambda _request: {"status_code": 503}, times=4)
        transport.add_route("GET", "/v2", {"status_code": 200})

        async with run_integration() as integration, integration.answered_by(transport):
            responses = await asyncio.gather(*(integration.ask() for _ in range(20)))

        assert Counter(each.status_code for each in responses) == {429: 7, 503: 4, 200: 9}

    @pytest.mark.asyncio
    async def test_of_many_at_once_each_gets_its_own_answer(self) -> None:
        def answer(request: httpx.Request) -> dict[str, Any]:
            number = int(request.url.params["n"])
            return {"json": number, "delay": 0.01 * (20 - number)}  # the last one is answered first

        async with run_integration() as integration, integration.answered_by(answering(answer)):
            responses = await asyncio.gather(*(integration.ask(f"{URL}?n={number}") for number in range(20)))

        assert [each.json() for each in responses] == list(range(20))


class TestErrors:
    @pytest.mark.asyncio
    @pytest.mark.parametrize("what", ["callable", "predicate"])
    async def test_what_the_test_raises_is_told_to_it_and_the_integration_gets_a_500(self, what: str) -> None:
        error = LookupError("the test's own")

        def fail(_request: httpx.Request) -> Any:
            raise error

        transport = InterceptTransport()
        transport.add_route("GET", fail if what == "predicate" else "/v2", fail if what == "callable" else {})
        async with run_integration() as integration, integration.answered_by(transport):
            response = await integration.ask()

        assert integration.errors == [error]
        assert (response.status_code, response.text) == (500, "LookupError: the test's own")

    @pytest.mark.asyncio
    @pytest.mark.parametrize("answer", [None, {"status": 200}])
    async def test_a_callable_that_makes_no_answer_is_an_error_too(self, answer: Any) -> None:
        async with run_integration() as integration, integration.answered_by(answering(lambda _request: answer)):
            response = await integration.ask()

        assert [type(each) for each in integration.errors] == [AnswerError]
        assert response.status_code == 500

    @pytest.mark.asyncio
    async def test_the_next_request_is_answered_all_the_same(self) -> None:
        def fail(_request: httpx.Request) -> Any:
            raise LookupError

        transport = InterceptTransport().add_route("GET", "/v2", fail, times=1).add_route("GET", "/v2", {"json": 1})
        async with run_integration() as integration, integration.answered_by(transport):
            assert [(await integration.ask()).status_code for _ in range(2)] == [500, 200]

        assert [type(each) for each in integration.errors] == [LookupError]

    @pytest.mark.asyncio
    @pytest.mark.parametrize("strict", [True, False])
    async def test_what_no_route_wants_is_a_404_that_says_so(self, strict: bool) -> None:  # noqa: FBT001
        transport = InterceptTransport(strict=strict).add_route("GET", lambda _request: False, {})

        async with run_integration() as integration, integration.answered_by(transport):
            response = await integration.ask()

        assert (response.status_code, response.headers[UNMATCHED_HEADER]) == (404, "1")
        assert integration.errors == []

    @pytest.mark.asyncio
    async def test_a_404_of_a_route_does_not_say_so(self) -> None:
        assert UNMATCHED_HEADER not in (await answer_to(lambda _request: {"status_code": 404})).headers


class StubFiles:
    """A server where WireMock would be: keeps what it is asked, and answers everything alike."""

    def __init__(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self._status, self._content = status, content
        self._headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), *headers.items()]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        headers = dict(line.lower().split(": ", 1) for line in lines)
        self.asked.append((start, headers, await reader.readexactly(int(headers.get("content-length", 0)))))
        head = [f"HTTP/1.1 {self._status} Any", *(f"{name}: {value}" for name, value in self._headers)]
        head.append(f"Content-Length: {len(self._content)}")
        writer.write("\r\n".join([*head, "", ""]).encode() + self._content)
        writer.close()


def wiremock_at(server: asyncio.Server) -> WireMock:
    host, port = server.sockets[0].getsockname()
    return WireMock.at(f"{host}:{port}", "not-asked-for", death=lambda: None)


async def ask_with(files: StubFiles, transport: InterceptTransport, **options: Any) -> httpx.Response:
    """Make one request where there are stub files, too."""
    async with (
        run_integration() as integration,
        await asyncio.start_server(files.answer, "127.0.0.1", 0) as server,
        integration.answered_by(transport, wiremock=wiremock_at(server)),
    ):
        response = await integration.ask(**options)
    assert integration.errors == []
    return response


class TestStubFiles:
    @pytest.mark.asyncio
    async def test_they_are_asked_what_no_route_wants(self) -> None:
        files = StubFiles(201, b"", {"Matched-Stub-Id": "5"})
        transport = InterceptTransport().add_route("GET", lambda _request: False, {})
        await ask_with(files, transport, url=f"{URL}?a=1&a=2", method="POST", content=BINARY, headers={"X-A": "b"})

        ((start, headers, content),) = files.asked
        assert (start, content) == (f"POST {URL}?a=1&a=2 HTTP/1.1", BINARY)
        assert (headers["host"], headers["x-a"]) == ("api.example.com", "b")
        assert headers[PASS_HEADER.lower()] == "1"

    @pytest.mark.asyncio
    async def test_they_are_not_asked_what_a_route_wants(self) -> None:
        files = StubFiles(201, b"", {})
        response = await ask_with(files, answering({"json": 1}, times=1))

        assert (response.json(), files.asked) == (1, [])

    @pytest.mark.asyncio
    async def test_their_answer_arrives_as_it_is(self) -> None:
        headers = {"Matched-Stub-Id": "5", "Content-Encoding": "gzip"}
        response = await ask_with(StubFiles(201, gzip.compress(BINARY, mtime=0), headers), InterceptTransport())

        assert (response.status_code, response.content) == (201, BINARY)
        assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert response.headers.get_list("content-length") == [str(len(gzip.compress(BINARY, mtime=0)))]
        assert UNMATCHED_HEADER not in response.headers

    @pytest.mark.asyncio
    async def test_what_they_have_no_stub_for_is_unmatched(self) -> None:
        files = StubFiles(404, b"No route matched", {UNMATCHED_HEADER: "1"})
        response = await ask_with(files, InterceptTransport())

        assert (response.status_code, response.text) == (404, "No route matched")
        assert response.headers.get_list(UNMATCHED_HEADER) == ["1"]


class TestConnection:
    @pytest.mark.asyncio
    async def test_without_a_test_process_there_is_a_503_at_once(self) -> None:
        async with run_integration() as integration:
            async with asyncio.timeout(2):
                before = await integration.ask()
            async with integration.answered_by(answering({})):
                during = await integration.ask()
            async with asyncio.timeout(2):
                after = await integration.ask()

        assert [each.status_code for each in (before, during, after)] == [503, 200, 503]

    @pytest.mark.asyncio
    async def test_a_request_that_is_under_way_when_the_test_ends_gets_a_503_and_no_error_is_told(self) -> None:
        asked = asyncio.Event()
        async with run_integration() as integration:
            async with integration.answered_by(answering(slowly(asked))):
                under_way = asyncio.ensure_future(integration.ask())
                await asked.wait()
                ended = time.monotonic()
            response = await under_way

        assert response.status_code == 503
        assert time.monotonic() - ended < 10  # and not after the answer's delay
        assert integration.errors == []

    @pytest.mark.asyncio
    async def test_the_end_leaves_no_task_behind(self) -> None:
        asked = asyncio.Event()
        async with run_integration() as integration:
            before = asyncio.all_tasks()
            async with integration.answered_by(answering(slowly(asked))):
                under_way = asyncio.ensure_future(integration.ask())
                await asked.wait()
            await under_way

            assert asyncio.all_tasks() == before

    @pytest.mark.asyncio
    async def test_with_a_wrong_token_it_is_refused(self) -> None:
        async with run_integration() as integration:
            with pytest.raises(EngineError, match=r"The Port mock does not accept the connection .* 401"):
                await integration.answered_by(answering({}), token="wrong").__aenter__()

            assert (await integration.ask()).status_code == 503
