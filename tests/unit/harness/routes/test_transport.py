"""The routes of a transport, evaluated in this process by a real httpx client."""

from __future__ import annotations

import asyncio
import gzip
import json
import math
import re
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from harness import AnswerError, InterceptTransport, RequestLog, Route, UnmatchedRequestError, asks
from harness.routes.transport import header_list, raw_content, response_of, whole_url
from tests.unit.harness.factories import URL, call, make_request


async def answer_to(answer: Any, **options: Any) -> httpx.Response:
    return await call(InterceptTransport().add_route(None, "", answer), **options)


class TestMatching:
    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("method", "pattern"),
        [
            ("GET", "/v2/items"),
            ("get", "api.example.com/v2"),
            (None, "https://"),
            ("GET", ""),
            ("GET", r"/v\d/items$"),
            ("GET", re.compile("/V2/", re.IGNORECASE)),
            ("GET", lambda request: request.url.path == "/v2/items"),
        ],
    )
    async def test_a_route_answers_what_its_method_and_pattern_match(self, method: str | None, pattern: Any) -> None:
        transport = InterceptTransport().add_route(method, pattern, {"json": 1})

        assert (await call(transport)).json() == 1

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("method", "pattern"),
        [
            ("POST", "/v2/items"),
            ("GET", "/v3"),
            ("GET", r"/v\d$"),
            ("GET", re.compile("^/v2")),
            ("GET", "/V2"),
            ("GET", lambda _request: False),
        ],
    )
    async def test_it_does_not_answer_anything_else(self, method: str, pattern: Any) -> None:
        transport = InterceptTransport().add_route(method, pattern, {"json": 1})

        with pytest.raises(UnmatchedRequestError, match=f"No route matched: GET {re.escape(URL)}"):
            await call(transport)

    @pytest.mark.asyncio
    async def test_the_first_route_that_matches_answers(self) -> None:
        transport = InterceptTransport()
        transport.add_route("GET", "/none", {"json": 0}).add_route("GET", "/v2", {"json": 1})
        transport.add_route("GET", "/v2/items", {"json": 2})

        assert (await call(transport)).json() == 1

    @pytest.mark.asyncio
    async def test_a_query_is_part_of_the_url(self) -> None:
        transport = InterceptTransport().add_route("GET", r"\?page=\d", {"json": 1})

        assert (await call(transport, params={"page": 2})).json() == 1

    @pytest.mark.parametrize("character", list(r"\.+*?[](){}|^$"))
    def test_text_with_any_character_of_a_regular_expression_is_one(self, character: str) -> None:
        transport = InterceptTransport().add_route("GET", f"/a{re.escape(character)}", {})

        pattern = transport._routes[0].url_pattern
        assert isinstance(pattern, re.Pattern)
        assert pattern.search(f"https://h/a{character}")

    def test_text_without_any_is_text(self) -> None:
        transport = InterceptTransport().add_route("GET", "/api/items-1_2~3", {})

        assert transport._routes[0].url_pattern == "/api/items-1_2~3"

    def test_a_search_for_a_route_can_begin_later(self) -> None:
        transport = InterceptTransport().add_route("GET", "/v2", {}).add_route("GET", "/v2/items", {})

        assert transport.find_route(make_request()) is transport._routes[0]
        assert transport.find_route(make_request(), 1) is transport._routes[1]
        assert transport.find_route(make_request(), 2) is None

    def test_a_predicate_may_answer_with_anything_that_is_true_or_not(self) -> None:
        assert Route("GET", lambda _request: "yes", {}).matches(make_request()) is True  # type: ignore[arg-type, return-value]
        assert Route("GET", lambda _request: None, {}).matches(make_request()) is False  # type: ignore[arg-type, return-value]

    @pytest.mark.parametrize(
        ("url", "whole"),
        [
            ("https://h", "https://h/"),
            ("https://h?a=1", "https://h/?a=1"),
            ("https://h:443/", "https://h/"),
            ("https://h:8080/", "https://h:8080/"),
            ("https://H/a b", "https://h/a%20b"),
            ("https://h/a%2Fb?c=%20&c=+", "https://h/a%2Fb?c=%20&c=+"),
            ("https://user:test-secret@h/x", "https://h/x"),
            ("https://h/x#part", "https://h/x"),
            ("https://user:test-secret@h:8080?a=1#part", "https://h:8080/?a=1"),
        ],
    )
    def test_a_pattern_is_held_against_the_url_of_the_wire(self, url: str, whole: str) -> None:
        assert whole_url(make_request(url)) == whole


class TestTimes:
    @pytest.mark.asyncio
    async def test_the_next_route_has_its_turn_when_one_is_used_up(self) -> None:
        transport = InterceptTransport()
        transport.add_route("GET", "/v2", {"status_code": 429}, times=2).add_route("GET", "/v2", {"json": []})

        assert [(await call(transport)).status_code for _ in range(4)] == [429, 429, 200, 200]

    @pytest.mark.asyncio
    @pytest.mark.parametrize("answer", [{"json": 1, "delay": 0.02}, lambda _request: {"json": 1, "delay": 0.02}])
    async def test_requests_at_once_do_not_overdraw_one_with_a_delay(self, answer: Any) -> None:
        transport = InterceptTransport()
        transport.add_route("GET", "/v2", answer, times=3).add_route("GET", "/v2", {"json": 2})
        answers = await asyncio.gather(*(call(transport) for _ in range(8)))

        assert sorted(each.json() for each in answers) == [1, 1, 1, 2, 2, 2, 2, 2]

    @pytest.mark.asyncio
    async def test_nothing_answers_when_all_are_used_up(self) -> None:
        transport = InterceptTransport().add_route("GET", "/v2", {}, times=1)
        await call(transport)

        with pytest.raises(UnmatchedRequestError):
            await call(transport)

    @pytest.mark.asyncio
    async def test_a_reset_forgets_the_calls_and_what_was_used_up(self) -> None:
        transport = InterceptTransport().add_route("GET", "/v2", {"json": 1}, times=1)
        await call(transport)
        transport._port_call_log.extend(transport.calls)
        transport.reset()

        assert transport.calls == []
        assert "0 calls" in transport.print_call_log(include_port=True)
        assert (await call(transport)).json() == 1


class TestAnswers:
    @pytest.mark.asyncio
    async def test_json(self) -> None:
        response = await answer_to({"json": [{"id": 1}]})

        assert (response.status_code, response.content) == (200, b'[{"id": 1}]')
        assert response.headers["content-type"] == "application/json"

    @pytest.mark.asyncio
    async def test_json_may_be_null(self) -> None:
        assert (await answer_to({"json": None, "body": "other"})).content == b"null"

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("body", "content"), [("text é", "text é".encode()), (b"\xff", b"\xff"), (None, b""), ("", b""), (b"", b"")]
    )
    async def test_a_body_is_sent_as_it_is(self, body: str | bytes | None, content: bytes) -> None:
        response = await answer_to({"body": body})

        assert response.content == content
        assert "content-type" not in response.headers

    @pytest.mark.asyncio
    async def test_an_answer_may_be_no_more_than_a_status(self) -> None:
        assert (await answer_to({"status_code": 503})).status_code == 503
        assert (await answer_to({"status_code": HTTPStatus.NOT_FOUND})).status_code == 404
        assert (await answer_to({})).status_code == 200

    @pytest.mark.asyncio
    async def test_headers_of_a_test_win_over_those_of_json(self) -> None:
        response = await answer_to({"json": {}, "headers": {"Content-Type": "application/vnd.api+json"}})

        assert response.headers.get_list("content-type") == ["application/vnd.api+json"]

    @pytest.mark.asyncio
    async def test_a_header_may_have_several_values(self) -> None:
        response = await answer_to({"headers": {"Link": ["<a>", "<b>"], "X-Count": 2}})

        assert response.headers.get_list("link") == ["<a>", "<b>"]
        assert response.headers["x-count"] == "2"

    def test_headers_may_be_pairs(self) -> None:
        assert header_list({"headers": [("a", "1"), ("a", ("2", 3))]}) == [(b"a", b"1"), (b"a", b"2"), (b"a", b"3")]
        assert header_list({"headers": None}) == header_list({}) == []

    @pytest.mark.asyncio
    async def test_an_httpx_response_is_the_answer(self) -> None:
        response = await answer_to(httpx.Response(201, json={"id": 1}, headers={"x-a": "b"}))

        assert (response.status_code, response.json(), response.headers["x-a"]) == (201, {"id": 1}, "b")
        assert str(response.request.url) == URL

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        "answer",
        [lambda request: {"json": request.url.path}, lambda request: httpx.Response(200, json=request.url.path)],
    )
    async def test_a_callable_makes_the_answer_of_the_request(self, answer: Any) -> None:
        assert (await answer_to(answer)).json() == "/v2/items"

    @pytest.mark.asyncio
    async def test_a_callable_can_read_the_body(self) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield b"streamed"

        response = await answer_to(lambda request: {"body": request.content}, method="POST", content=body())

        assert response.text == "streamed"

    @pytest.mark.asyncio
    async def test_what_a_callable_raises_reaches_the_caller(self) -> None:
        def fail(_request: httpx.Request) -> dict[str, Any]:
            message = "the callable's own"
            raise LookupError(message)

        with pytest.raises(LookupError, match="the callable's own"):
            await answer_to(fail)

    @pytest.mark.asyncio
    @pytest.mark.parametrize("answer", [{"delay": 0.05}, lambda _request: {"delay": 0.05}])
    async def test_a_delay_is_waited_for(self, answer: Any) -> None:
        started = time.monotonic()
        await answer_to(answer)

        assert time.monotonic() - started >= 0.05

    @pytest.mark.asyncio
    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("connection_reset", httpx.ReadError),
            ("empty", httpx.RemoteProtocolError),
            ("garbage", httpx.RemoteProtocolError),
            ("truncated", httpx.RemoteProtocolError),
        ],
    )
    async def test_a_fault_is_an_error_of_the_transport(self, fault: str, error: type[httpx.TransportError]) -> None:
        with pytest.raises(error, match=f"the route's fault: {fault}") as raised:
            await answer_to({"fault": fault})

        assert str(raised.value.request.url) == URL

    @pytest.mark.asyncio
    @pytest.mark.parametrize("answer", [None, "text", 404, [1]])
    async def test_a_callable_that_makes_no_answer_is_an_error(self, answer: object) -> None:
        with pytest.raises(TypeError, match=r"a route must answer with a dict or an httpx\.Response, not"):
            await answer_to(lambda _request: answer)

    @pytest.mark.asyncio
    async def test_a_callable_that_makes_a_wrong_dict_is_an_error(self) -> None:
        with pytest.raises(AnswerError, match="has no key 'status'"):
            await answer_to(lambda _request: {"status": 200})

    def test_a_compressed_body_is_to_be_sent_compressed(self) -> None:
        compressed = gzip.compress(b"hello")
        response = httpx.Response(200, content=compressed, headers={"content-encoding": "gzip"})

        assert response.content == b"hello"
        assert raw_content(response) == compressed

    def test_a_body_of_another_stream_is_read(self) -> None:
        response = httpx.Response(200, content=iter([b"a", b"b"]))

        assert raw_content(response) == b"ab"

    @pytest.mark.asyncio
    async def test_an_answer_counts_before_its_delay_is_over(self) -> None:
        route = Route("GET", "/v2", {"json": 1, "delay": 0.02}, times=1)
        answering = asyncio.ensure_future(route.respond(make_request()))
        await asyncio.sleep(0)

        assert route.matches(make_request()) is False
        assert not answering.done()
        assert (await answering).json() == 1

    def test_the_request_belongs_to_its_answer(self) -> None:
        request = make_request()

        assert response_of({}, request).request is request


class TestWrongRoutes:
    @pytest.mark.parametrize(
        ("changed", "error", "message"),
        [
            ({"method": 1}, TypeError, "method must be a string such as 'GET', or None for any, not 1"),
            ({"method": ""}, TypeError, "method must be a string"),
            ({"url_pattern": 5}, TypeError, "url_pattern must be text, a regular expression or a predicate, not 5"),
            ({"url_pattern": None}, TypeError, "url_pattern must be"),
            (
                {"url_pattern": "/a("},
                ValueError,
                "'/a(' reads as a regular expression, but is not a valid one: missing )",
            ),
            ({"times": 0}, ValueError, "times must be 1 or more, or None for all, not 0"),
            ({"times": True}, ValueError, "times must be 1 or more"),
            ({"times": "2"}, ValueError, "times must be 1 or more"),
            ({"response": None}, TypeError, "the response must be a dict, an httpx.Response or a callable, not None"),
            ({"response": [1]}, TypeError, "the response must be a dict"),
            (
                {"response": {"jsn": 1, 2: 3}},
                ValueError,
                "no key 2, 'jsn'; available keys: body, delay, fault, headers, json",
            ),
            ({"response": {"status_code": 99}}, ValueError, "status_code must be a number from 200 to 599, not 99"),
            ({"response": {"status_code": "200"}}, ValueError, "status_code must be a number"),
            ({"response": {"status_code": True}}, ValueError, "status_code must be a number"),
            ({"response": {"json": {1, 2}}}, TypeError, "json cannot be written as JSON: Object of type set"),
            (
                {"response": {"body": {"a": 1}}},
                TypeError,
                "body must be str or bytes, not dict; for an object use json",
            ),
            (
                {"response": {"fault": "slow"}},
                ValueError,
                "fault must be one of connection_reset, empty, garbage, truncated, not",
            ),
            ({"response": {"delay": -1}}, ValueError, "delay must be a number of seconds, not -1"),
            ({"response": {"delay": "1"}}, ValueError, "delay must be a number of seconds, not '1'"),
            ({"response": {"delay": True}}, ValueError, "delay must be a number of seconds, not True"),
            ({"response": {"delay": math.nan}}, ValueError, "delay must be a number of seconds, not nan"),
            ({"response": {"delay": math.inf}}, ValueError, "delay must be a number of seconds, not inf"),
            (
                {"response": {"fault": ["x"]}},
                ValueError,
                "fault must be one of connection_reset, empty, garbage, truncated, not",
            ),
            (
                {"response": {"headers": 5}},
                TypeError,
                "headers must be a dict (values may be lists) or pairs: names of ASCII text",
            ),
            ({"response": {"headers": {"é": "x"}}}, TypeError, "headers must be a dict"),
            ({"response": {"headers": {"x": "a\r\nb: c"}}}, TypeError, "values of text without line breaks"),
            ({"response": {"headers": {"x": b"a\x00"}}}, TypeError, "values of text without line breaks"),
            ({"url_pattern": re.compile(b"x")}, TypeError, "url_pattern must be text, a regular expression or a predi"),
        ],
    )
    def test_each_is_refused_with_what_is_wrong(
        self, changed: dict[str, Any], error: type[Exception], message: str
    ) -> None:
        transport = InterceptTransport()
        route: dict[str, Any] = {"method": "GET", "url_pattern": "/v2", "response": {}, **changed}

        with pytest.raises(error, match=re.escape(message)):
            transport.add_route(**route)
        assert transport._routes == []


class TestStrictness:
    @pytest.mark.asyncio
    async def test_it_is_strict_unless_told_otherwise(self) -> None:
        transport = InterceptTransport().add_route("GET", "/other", {})

        with pytest.raises(UnmatchedRequestError, match=re.escape("Registered routes: [('GET', '/other')]")):
            await call(transport)
        assert transport.strict is True
        assert transport.calls == []

    @pytest.mark.asyncio
    async def test_otherwise_an_unmatched_request_gets_a_404_and_is_logged(self) -> None:
        transport = InterceptTransport(strict=False)
        response = await call(transport)

        assert (response.status_code, response.text) == (404, "No route matched")
        assert [each.response.status_code for each in transport.calls] == [404]


class TestCallLog:
    @pytest.mark.asyncio
    async def test_calls_are_logged_in_order_and_found_by_url(self) -> None:
        transport = InterceptTransport().add_route(None, "/v2", {"json": {"a": 1}})
        await call(transport, params={"page": 1})
        await call(transport, method="POST", json={})

        assert [each.request.method for each in transport.calls] == ["GET", "POST"]
        (found,) = transport.calls_for("page=1")
        assert found.response.json() == {"a": 1}
        assert transport.calls_for("/v3") == []

    @pytest.mark.asyncio
    async def test_the_calls_are_a_copy(self) -> None:
        transport = InterceptTransport().add_route(None, "/v2", {})
        await call(transport)
        transport.calls.clear()

        assert len(transport.calls) == 1

    @pytest.mark.asyncio
    async def test_printing_shows_each_call_and_returns_what_was_printed(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        transport = InterceptTransport().add_route(None, "/v2", {"status_code": 201})
        await call(transport)
        await call(transport, method="POST", content="x" * 300)
        await call(transport, method="POST", content=b"\xff\xfe")

        printed = transport.print_call_log()
        assert capsys.readouterr().out == f"{printed}\n"
        assert printed.splitlines() == [
            "HTTP Call Log (3 calls):",
            f"  [0] GET {URL} → 201",
            f"  [1] POST {URL} → 201  body: {'x' * 200}",
            f"  [2] POST {URL} → 201  body: <2 bytes>",
        ]

    def test_printing_says_that_there_were_none(self) -> None:
        assert InterceptTransport().print_call_log() == "HTTP Call Log (0 calls):\n  (no calls)"

    def test_calls_to_port_are_shown_only_when_asked_for_and_then_in_the_order_of_time(self) -> None:
        def log(url: str, at: float) -> RequestLog:
            return RequestLog(make_request(url), httpx.Response(200), at)

        transport = InterceptTransport()
        transport._call_log.extend([log("https://h/2", 2.0), log("https://h/4", 4.0)])
        transport._port_call_log.extend([log("http://port-mock:8000/1", 1.0), log("http://port-mock:8000/3", 3.0)])

        assert transport.print_call_log().splitlines() == [
            "HTTP Call Log (2 calls):",
            "  [0] GET https://h/2 → 200",
            "  [1] GET https://h/4 → 200",
        ]
        assert transport.print_call_log(include_port=True).splitlines() == [
            "HTTP Call Log (4 calls):",
            "  [0] GET http://port-mock:8000/1 → 200",
            "  [1] GET https://h/2 → 200",
            "  [2] GET http://port-mock:8000/3 → 200",
            "  [3] GET https://h/4 → 200",
        ]

    @pytest.mark.asyncio
    async def test_a_call_is_logged_with_its_time(self) -> None:
        transport = InterceptTransport().add_route(None, "/v2", {})
        before = time.time()
        await call(transport)

        assert before <= transport.calls[0].at <= time.time()

    @pytest.mark.parametrize(
        ("sent", "shown_request", "answered", "shown_response"),
        [
            (b"", None, b"", None),
            (b'{"a": 1}', {"a": 1}, b"[1]", [1]),
            (b"text", "<4 bytes>", b"text", "text"),
            (b"\xff", "<1 bytes>", b"\xff\xff", "<2 bytes>"),
        ],
    )
    def test_a_call_can_be_had_as_json_values(
        self, sent: bytes, shown_request: object, answered: bytes, shown_response: object
    ) -> None:
        request = make_request(method="POST", content=sent, headers={"x-a": "b"})
        shown = RequestLog(request, httpx.Response(201, content=answered)).to_dict()

        assert shown.pop("request_headers")["x-a"] == "b"
        assert shown == {
            "method": "POST",
            "url": URL,
            "request_body": shown_request,
            "response_status": 201,
            "response_body": shown_response,
        }


def _asked(body: object = None, query: str = "", text: str = "") -> httpx.Request:
    content = text or ("" if body is None else json.dumps(body))
    return httpx.Request("POST", f"https://api.example.com/x{query}", content=content)


def test_asks_takes_regular_expressions_for_values() -> None:
    day = re.compile(r"\d{4}-\d\d-\d\d")
    assert asks("/x$", query={"since": day})(_asked(query="?since=2026-10-22"))
    assert not asks("/x$", query={"since": day})(_asked(query="?since=2026-10-22T10:29"))
    assert not asks("/x$", query={"since": day})(_asked())
    assert asks("/x$", query={"since": [day, "now"]})(_asked(query="?since=2026-10-22&since=now"))
    assert asks("/x$", json={"a": {"since": day}})(_asked({"a": {"since": "2026-10-22"}, "b": 1}))
    assert asks("/x$", json={"a": re.compile(r'\["t", ".*"\]')})(_asked({"a": ["t", "2026-10-22"]}))
    assert not asks("/x$", json={"a": day})(_asked({"b": 1}))
    assert asks("/x$", body=re.compile("<t>.*</t>"))(_asked(text="<t>now</t>"))
    assert not asks("/x$", body=re.compile("<t>"))(_asked(text="<t>now</t>"))
