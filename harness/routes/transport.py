"""The third party as a test describes it: routes, matched in order against the whole URL."""

import asyncio
import inspect
import json
import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

from harness.routes.callables import AnswerError, place_of, see_that_it_answers_at_once
from harness.routes.caller import caller
from harness.routes.header_values import header_name, header_value
from harness.routes.operations import label_of
from harness.routes.request_bodies import LARGEST, large_body

if TYPE_CHECKING:
    from wiremock.client import Mapping

UrlPattern = str | re.Pattern[str] | Callable[[httpx.Request], bool]
Answer = httpx.Response | dict[str, Any]
ResponseFactory = Answer | Callable[[httpx.Request], Answer]

_REGEX_CHARACTERS = frozenset(r"\.+*?[](){}|^$")
_ANSWER_KEYS = frozenset({"json", "body", "status_code", "headers", "delay", "fault"})
_PREVIEW = 200


class RouteFault(httpx.TransportError):
    """What an answer does to the connection, as a part of the exception that a client without one gets.

    Args:
        fault: One of ``FAULTS``.
        response: What else the answer says.
        request: What was asked.
    """

    def __init__(self, fault: str, response: httpx.Response, request: httpx.Request) -> None:
        super().__init__(f"the route's fault: {fault}", request=request)
        self.fault, self.response = fault, response


class _ReadFault(RouteFault, httpx.ReadError):
    """The connection was reset."""


class _ProtocolFault(RouteFault, httpx.RemoteProtocolError):
    """The connection ended, or what came is not HTTP."""


FAULTS: dict[str, type[_ReadFault | _ProtocolFault]] = {
    "connection_reset": _ReadFault,
    "empty": _ProtocolFault,
    "garbage": _ProtocolFault,
    "truncated": _ProtocolFault,
}


class UnmatchedRequestError(Exception):
    """A request that matches neither a route nor a stub."""


@dataclass
class RequestLog:
    """One request and its response.

    Args:
        request: The request.
        response: Its answer.
        at: When it arrived, in seconds since the epoch.
    """

    request: httpx.Request
    response: httpx.Response
    at: float = field(default_factory=time.time)

    def to_dict(self) -> dict[str, Any]:
        """The pair as JSON values; bodies parsed where they are JSON, as text where they are text."""
        return {
            "method": self.request.method,
            "url": str(self.request.url),
            "request_headers": dict(self.request.headers),
            "request_body": _readable(self.request.content, or_text=False),
            "response_status": self.response.status_code,
            "response_body": _readable(self.response.content, or_text=True),
        }


@dataclass
class Route:
    """One rule: which requests it matches, and how they are answered.

    Args:
        method: The HTTP method, or None for any.
        url_pattern: Text that the whole URL contains, a regular expression to search in it, or a predicate.
        response_factory: The answer, or a callable that makes it from the request.
        times: How many requests it answers before the next route takes over; None for all.

    Attributes:
        call_count: How many requests it has answered in this process.
        place: The file and line that added it.
    """

    method: str | None
    url_pattern: UrlPattern
    response_factory: ResponseFactory
    times: int | None = None
    call_count: int = field(default=0, init=False)
    place: str = field(default="", init=False, compare=False)

    @property
    def is_used_up(self) -> bool:
        """Whether it has answered as many requests as it may."""
        return self.times is not None and self.call_count >= self.times

    def matches(self, request: httpx.Request) -> bool:
        """Whether it matches ``request`` and is not used up.

        Raises:
            AnswerError: The predicate's answer has yet to be awaited.
            Exception: Whatever the predicate raised.
        """
        if self.is_used_up:
            return False
        if self.method is not None and request.method.upper() != self.method.upper():
            return False
        if isinstance(self.url_pattern, str):
            return self.url_pattern in whole_url(request)
        if isinstance(self.url_pattern, re.Pattern):
            return self.url_pattern.search(whole_url(request)) is not None
        return bool(self._call("predicate", self.url_pattern, request))

    async def respond(self, request: httpx.Request) -> httpx.Response:
        """The answer to ``request``, after its delay. It counts as one of its ``times`` immediately.

        Raises:
            AnswerError: What the callable returned is not an answer.
            httpx.TransportError: The answer is a ``fault``.
            Exception: Whatever the callable raised.
        """
        self.call_count += 1
        answer = self.response_factory
        if isinstance(answer, httpx.Response | dict):
            response = response_of(answer, request)
        else:
            make, answer = answer, self._call("callable", answer, request)
            try:
                response = response_of(answer, request)
            except (TypeError, ValueError) as error:
                raise AnswerError(
                    f"The {self._named('callable', make)} returned no answer: {error}",
                    remedy='a dict such as {"json": [{"id": 1}]} is an answer, or an httpx.Response.',
                ) from None
        if isinstance(answer, dict) and (delay := answer.get("delay")):
            await asyncio.sleep(delay)
        if isinstance(answer, dict) and (fault := answer.get("fault")):
            raise FAULTS[fault](fault, response, request)
        return response

    def _call(self, what: str, function: Callable[[httpx.Request], Any], request: httpx.Request) -> Any:
        """What a callable of the test returns; an exception gets a note that names the callable."""
        try:
            answer = function(request)
        except Exception as error:
            error.add_note(f"Raised by the {self._named(what, function)}")
            if (large := large_body(request)) is not None:
                error.add_note(f"It sees no body of more than {LARGEST:,} bytes: request.content is {str(large)!r}")
            raise
        if inspect.isawaitable(answer):
            if inspect.iscoroutine(answer):
                answer.close()  # or Python warns that it was not awaited
            raise AnswerError(
                f"The {self._named(what, function)} returned a {type(answer).__name__}, which cannot be awaited here.",
                remedy="make it a plain def.",
            )
        return answer

    def _named(self, what: str, function: Callable[..., Any]) -> str:
        pattern = self.url_pattern.pattern if isinstance(self.url_pattern, re.Pattern) else self.url_pattern
        shown = f" {pattern!r}" if isinstance(pattern, str) else ""
        return f"{what} of the route {self.method or 'for any method'}{shown} ({place_of(function)})"


class InterceptTransport(httpx.AsyncBaseTransport):
    """The third party, as a test describes it. The first route that matches a request answers it.

    It is a true transport: an ``httpx.AsyncClient`` that uses it gets the answers without any network. In a
    sandbox the same routes become WireMock's stubs.

    Args:
        strict: Whether a request that no route matches is an error, rather than a 404.
    """

    def __init__(self, strict: bool = True) -> None:  # noqa: FBT001, FBT002 # the in-process harness's signature
        self._routes: list[Route] = []
        self._stubs: list[dict[str, Any]] = []
        self._call_log: list[RequestLog] = []
        self._port_call_log: list[RequestLog] = []
        self.strict = strict

    def add_route(
        self, method: str | None, url_pattern: UrlPattern, response: ResponseFactory, *, times: int | None = None
    ) -> Self:
        r"""Add a route after the existing ones.

        Args:
            method: The HTTP method, or None for any.
            url_pattern: Text that the whole URL contains; text with any of ``\ . + * ? [ ] ( ) { } | ^ $`` is a
                regular expression; or a compiled one; or a predicate of the request.
            response: ``{"json": …}`` or ``{"body": str | bytes}`` with ``status_code`` (200), ``headers``, ``delay``
                (seconds) and ``fault`` (connection_reset, empty, garbage, truncated); an ``httpx.Response``; or a
                callable that makes either from the request.
            times: How many requests it answers; None for all.

        Returns:
            This transport, so that calls can be chained.

        Raises:
            TypeError, ValueError: It is not a valid route.
        """
        __tracebackhide__ = True  # the mistake is in the line that calls this
        _check_route(method, url_pattern, response, times)
        if isinstance(url_pattern, str) and _REGEX_CHARACTERS.intersection(url_pattern):
            try:
                url_pattern = re.compile(url_pattern)
            except re.error as error:
                message = f"add_route: {url_pattern!r} reads as a regular expression, but is not a valid one: {error}"
                raise ValueError(message) from None
        route = Route(method, url_pattern, response, times)
        file, line = caller()
        route.place = f"{Path(file).name}:{line}"
        self._routes.append(route)
        return self

    def add_stub(self, mapping: "Mapping | dict[str, Any]") -> Self:
        """Add a WireMock stub, which answers what no route does, and can do everything that WireMock can.

        Stubs come after every route, and before the stub folders. Among themselves WireMock's rules apply: the
        lower ``priority`` wins, and of two with the same, the one added last. Only WireMock can evaluate them, so
        they answer only in a sandbox: used as a transport without one, a request that no route matches is an error.

        Args:
            mapping: A ``Mapping`` of the ``wiremock`` package; one of :mod:`harness.wiremock_models`, which know
                ``host``, ``scheme`` and everything else that the package's do not; or WireMock's own JSON, as a dict.
                Later changes to it have no effect.

        Returns:
            This transport, so that calls can be chained.

        Raises:
            TypeError, ValueError: It is not a mapping, or something in it would be lost.
        """
        __tracebackhide__ = True  # the mistake is in the line that calls this
        from harness.routes.wiremock_models import placed  # noqa: PLC0415 # the package takes 60 ms to import

        file, line = caller()
        self._stubs.append(placed(mapping, {"file": file, "line": line}))
        return self

    def find_route(self, request: httpx.Request, start: int = 0) -> Route | None:
        """The first route, from number ``start`` on, that matches."""
        return next((route for route in self._routes[start:] if route.matches(request)), None)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer ``request`` from the routes.

        Raises:
            UnmatchedRequestError: No route matches, and the transport is strict or has stubs, which only WireMock knows.
        """
        await request.aread()
        route = self.find_route(request)
        if route is None and self._stubs:
            message = (
                f"No route matched: {request.method} {request.url}\nThe stubs of this transport ({len(self._stubs)}) are "
                "evaluated by WireMock, which runs only in a sandbox: add a route, or use an IntegrationTestHarness."
            )
            raise UnmatchedRequestError(message)
        if route is None and self.strict:
            routes = [(each.method, each.url_pattern) for each in self._routes]
            message = f"No route matched: {request.method} {request.url}\nRegistered routes: {routes}"
            raise UnmatchedRequestError(message)
        if route is None:
            response = httpx.Response(404, content=b"No route matched", request=request)
        else:
            response = await route.respond(request)
        self._call_log.append(RequestLog(request, response))
        return response

    @property
    def routes(self) -> list[Route]:
        """The routes, in their order."""
        return list(self._routes)

    @property
    def stubs(self) -> list[dict[str, Any]]:
        """The stubs in WireMock's own JSON, in the order in which they were added."""
        return list(self._stubs)

    @property
    def calls(self) -> list[RequestLog]:
        """Every request so far, with its answer, in order."""
        return list(self._call_log)

    def calls_for(self, url_substring: str) -> list[RequestLog]:
        """The requests whose URL contains ``url_substring``."""
        return [call for call in self._call_log if url_substring in str(call.request.url)]

    def print_call_log(self, include_port: bool = False) -> str:  # noqa: FBT001, FBT002 # the in-process harness's signature
        """Print one line per request, and return what was printed.

        Args:
            include_port: Whether calls to Port are shown too.
        """
        lines = [f"  [{number}] {line}" for number, line in enumerate(self.call_lines(include_port=include_port))]
        output = "\n".join([f"HTTP Call Log ({len(lines)} calls):", *(lines or ["  (no calls)"])])
        print(output)  # noqa: T201 # it is what it is for
        return output

    def call_lines(self, *, include_port: bool = False) -> list[str]:
        """One line per request, in order: method, URL, status, and the beginning of the body if there is one.

        Args:
            include_port: Whether calls to Port are among them.
        """
        calls = (
            sorted(self._call_log + self._port_call_log, key=lambda call: call.at) if include_port else self._call_log
        )
        return [f"{label_of(call.request)} → {call.response.status_code}{_preview(call.request)}" for call in calls]

    def keep(self, calls: Sequence[RequestLog], port_calls: Sequence[RequestLog] = ()) -> None:
        """Show these as the requests so far: what a sandbox has seen, which answers in this transport's place."""
        self._call_log[:], self._port_call_log[:] = calls, port_calls

    def reset(self) -> None:
        """Forget the requests so far; routes that were used up answer again."""
        self._call_log.clear()
        self._port_call_log.clear()
        for route in self._routes:
            route.call_count = 0


def whole_url(request: httpx.Request) -> str:
    """The URL that patterns are matched against, as sent on the wire: an empty path is ``/``, and there is no fragment."""
    url = request.url
    return f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode()}"


def response_of(answer: Any, request: httpx.Request) -> httpx.Response:
    """The response that an answer describes.

    Raises:
        TypeError, ValueError: It is not a valid answer.
    """
    if isinstance(answer, httpx.Response):
        answer.request = request
        return answer
    if not isinstance(answer, dict):
        message = f"a route must answer with a dict or an httpx.Response, not {type(answer).__name__}: {answer!r:.200}"
        raise TypeError(message)
    check_answer(answer)
    content, headers = content_of(answer)
    return httpx.Response(answer.get("status_code", 200), content=content, headers=headers, request=request)


def raw_content(response: httpx.Response) -> bytes:
    """The body as sent: compressed if the response's headers say so."""
    return b"".join(response.stream) if isinstance(response.stream, httpx.ByteStream) else response.read()


def content_of(answer: dict[str, Any]) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """The body of an answer, and its headers with the content type that ``json`` implies."""
    headers = header_list(answer)
    if "json" in answer:
        if not any(name.lower() == b"content-type" for name, _ in headers):
            headers.append((b"content-type", b"application/json"))
        return json.dumps(answer["json"]).encode(), headers
    body = answer.get("body") or b""
    return body.encode() if isinstance(body, str) else body, headers


def header_list(answer: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """The headers of an answer as pairs: from a dict, whose values may be lists, or from pairs.

    Raises:
        TypeError, ValueError: They are neither, or HTTP has no such header.
    """
    headers = answer.get("headers") or {}
    pairs = headers.items() if hasattr(headers, "items") else headers
    return [
        (header_name(name), header_value(each))
        for name, value in pairs
        for each in (value if isinstance(value, list | tuple) else [value])
    ]


def check_answer(answer: dict[str, Any]) -> None:
    """Check that a dict is an answer.

    Raises:
        TypeError, ValueError: It is not; the message says what is wrong and what is allowed.
    """
    __tracebackhide__ = True
    if unknown := sorted(set(answer) - _ANSWER_KEYS, key=str):
        message = f"a route's answer has no key {', '.join(map(repr, unknown))}; available keys: {', '.join(sorted(_ANSWER_KEYS))}"
        raise ValueError(message)
    _check_headers(answer)
    status = answer.get("status_code", 200)
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:  # noqa: PLR2004
        message = f"status_code must be a number from 200 to 599, not {status!r}"
        raise ValueError(message)
    if "json" in answer:
        try:
            json.dumps(answer["json"])
        except (TypeError, ValueError) as error:
            message = f"the route's json cannot be written as JSON: {error}"
            raise TypeError(message) from None
    elif not isinstance(answer.get("body", ""), str | bytes | None):
        message = f"body must be str or bytes, not {type(answer['body']).__name__}; for an object use json"
        raise TypeError(message)
    fault = answer.get("fault")
    if fault is not None and not (isinstance(fault, str) and fault in FAULTS):
        message = f"fault must be one of {', '.join(sorted(FAULTS))}, not {fault!r}"
        raise ValueError(message)
    delay = answer.get("delay", 0)
    if isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 <= delay < math.inf:
        message = f"delay must be a number of seconds, not {delay!r}"
        raise ValueError(message)


def _check_headers(answer: dict[str, Any]) -> None:
    __tracebackhide__ = True
    try:
        header_list(answer)
    except (TypeError, ValueError):
        message = (
            "headers must be a dict (values may be lists) or pairs: names of ASCII text, values of text without line breaks, "
            f"or of bytes, not {answer['headers']!r}"
        )
        raise TypeError(message) from None


def _check_route(method: object, url_pattern: object, response: object, times: object) -> None:
    __tracebackhide__ = True
    if method is not None and not (isinstance(method, str) and method):
        message = f"add_route: method must be a string such as 'GET', or None for any, not {method!r}"
        raise TypeError(message)
    is_text = isinstance(url_pattern, str) or (
        isinstance(url_pattern, re.Pattern) and isinstance(url_pattern.pattern, str)
    )
    if not (is_text or callable(url_pattern)):
        message = f"add_route: url_pattern must be text, a regular expression or a predicate, not {url_pattern!r}"
        raise TypeError(message)
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        message = f"add_route: times must be 1 or more, or None for all, not {times!r}"
        raise ValueError(message)
    if isinstance(response, dict):
        check_answer(response)
    elif not (isinstance(response, httpx.Response) or callable(response)):
        message = f"add_route: the response must be a dict, an httpx.Response or a callable, not {response!r}"
        raise TypeError(message)
    see_that_it_answers_at_once("add_route: the predicate", url_pattern)
    see_that_it_answers_at_once("add_route: the callable", response)


def _readable(content: bytes, *, or_text: bool) -> Any:
    if not content:
        return None
    try:
        return json.loads(content.decode())
    except UnicodeDecodeError:
        return f"<{len(content)} bytes>"
    except (ValueError, RecursionError):  # the latter of what is nested deeply
        return content.decode() if or_text else f"<{len(content)} bytes>"


def _preview(request: httpx.Request) -> str:
    if not request.content:
        return ""
    try:
        return f"  body: {request.content.decode()[:_PREVIEW]}"
    except UnicodeDecodeError:
        return f"  body: <{len(request.content)} bytes>"
