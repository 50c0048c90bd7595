"""Local evaluation of a route table and its deployment in a sandbox give the same answers, whatever the table."""

import asyncio
import gzip
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness import InterceptTransport
from harness.options import settings_in_force
from harness.routes.transport import content_of
from harness.stubs import mappings
from harness.stubs.relay_client import Answerer
from sandbox.pool import pool
from sandbox.resync.sandbox import Sandbox

pytestmark = [pytest.mark.integration, pytest.mark.slow]

EXAMPLES = int(os.environ.get("OCEAN_SANDBOX_EXAMPLES", "60"))
HOSTS = ["api.example.com", "api", "example.com:8443", "items.example"]
SEGMENTS = [
    "items",
    "api",
    "v1",
    "a b",
    "ü",
    "%2F",
    "1",
    "x.json",
    "~",
    "a+b",
    "é,;=",
    "items;v=1",
    "日本",
    "ITEMS",
    "%C3%BC",
    "",
]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
QUERIES = ["page=1", "page=2", "q=a%20b", "q=ü", "empty=", "flag", "q=a+b", "q=%E2%82%AC", "q=日本", "PAGE=1", "a[]=1"]
# Texts and expressions that a test may well write with a flag of its own.
FLAGGED = [
    ("/ITEMS/", re.IGNORECASE),
    ("^HTTPS://API", re.IGNORECASE),
    ("items$", re.MULTILINE),
    (".items.", re.DOTALL),
    (r" /items / \d+  # a comment", re.VERBOSE),
    (r"/\w+/items", re.ASCII),
    (r"(?i:ITEMS)", 0),
    (r"^https?://[^/]+/items\??", re.IGNORECASE | re.DOTALL),
]
PATTERNS = [
    "",
    "/items",
    "/api/",
    "api.example.com/v1",
    "example",
    "https://api",
    "page=1",
    "page=2&page=1",
    "items/1",
    "http",
    ":8443/items",
    "%20",
    r"/items/\d+$",
    r"^https://api\.example\.com/",
    r"page=\d",
    r"/v1/[^/]+/items",
    r"(?P<name>items)",
    r"items(?=/1)",
    r"api.*items",
    r"/(items|api)/",
]

bodies = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=80),
    st.sampled_from(
        [
            "",
            "日本語 ü €",
            "a\r\nb\x00",
            b"\xef\xbb\xbf{}",
            "ü".encode("latin-1"),
            "{{request.url}}",
            "ü".encode("utf-16"),
        ]
    ),
    st.just("x" * 300_000),  # from the test process
    st.just("ü" * 4_500),  # from WireMock
    st.just(b"\x00\xff" * 60_000),
    st.just(b"\x00\xff" * 4_500),
)
headers = st.dictionaries(
    st.sampled_from(["X-One", "X-Two", "Link", "Set-Cookie"]),
    st.one_of(
        st.sampled_from(["a", 'b; c="d"', "1"]), st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=3)
    ),
    max_size=3,
)
answers: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries(
        {"json": st.recursive(st.none() | st.integers() | st.text(max_size=9), st.lists, max_leaves=5)},
        optional={"headers": headers},
    ),
    st.fixed_dictionaries({"body": bodies, "status_code": st.sampled_from([200, 201, 302, 404, 429, 500, 503])}),
    st.fixed_dictionaries({"body": bodies, "headers": headers}),
    st.builds(
        lambda text, kind: {
            "body": text.encode(kind, "replace"),
            "headers": {"Content-Type": f"text/plain; charset={kind}"},
        },
        st.text(max_size=20),
        st.sampled_from(["utf-8", "latin-1", "utf-16", "shift_jis"]),
    ),
    st.builds(
        lambda body: {"body": gzip.compress(body, mtime=0), "headers": {"Content-Encoding": "gzip"}},
        st.binary(max_size=99),
    ),
    st.builds(
        lambda pairs, status: {"headers": pairs, "status_code": status},
        st.lists(
            st.tuples(st.sampled_from(["Link", "link", "Set-Cookie", "X-One"]), st.sampled_from(["a", "b, c", ""])),
            max_size=4,
        ),
        st.sampled_from([200, 204, 304, 301, 418, 599]),
    ),
)


def responses() -> st.SearchStrategy[Any]:
    """An answer, as a dict or as the httpx.Response that is the same (made anew for each use: it is changed by one)."""
    return st.tuples(answers, st.booleans()).map(
        lambda pair: (lambda: as_response(pair[0])) if pair[1] else (lambda: pair[0])
    )


def as_response(answer: dict[str, Any]) -> httpx.Response:
    content, pairs = content_of(answer)
    return httpx.Response(answer.get("status_code", 200), content=content, headers=pairs)


def patterns() -> st.SearchStrategy[Any]:
    ignoring_case = st.sampled_from(PATTERNS[12:]).map(lambda text: re.compile(text, re.IGNORECASE))
    flagged = st.sampled_from(FLAGGED).map(lambda pair: re.compile(*pair))
    predicates = st.sampled_from(SEGMENTS[:3]).map(lambda segment: lambda request: segment in str(request.url))
    by_content = st.sampled_from([b"", b"a", b"\xfe"]).map(lambda part: lambda request: part in request.content)
    return st.one_of(st.sampled_from(PATTERNS), ignoring_case, flagged, predicates, by_content)


routes = st.tuples(
    st.sampled_from([None, *METHODS]),
    patterns(),
    responses(),
    st.sampled_from([None, None, 1, 2, 3]),
    st.booleans(),  # as a callable
)

# Half of the tables answer whatever is left over, so that there is an answer to compare.
tables = st.lists(routes, max_size=6) | st.builds(
    lambda rows, make, as_callable: [*rows, (None, "", make, None, as_callable)],
    st.lists(routes, max_size=3),
    responses(),
    st.booleans(),
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, bytes]:
    scheme, host = draw(st.sampled_from(["http", "https"])), draw(st.sampled_from(HOSTS))
    path = "/".join(draw(st.lists(st.sampled_from(SEGMENTS), max_size=4)))
    pairs = draw(st.lists(st.sampled_from(QUERIES), max_size=4))
    query = f"?{'&'.join(pairs)}" if pairs else ""
    method = draw(st.sampled_from(METHODS))
    # None that is gzip: WireMock unpacks such a body, with or without a header, before anybody sees it.
    sent = [b"", b'{"a": 1}', b"\x00\xfe", "ü".encode("latin-1"), b"a" * 200_000]
    body = draw(st.sampled_from(sent)) if method in ("POST", "PUT", "PATCH", "DELETE") else b""
    return method, f"{scheme}://{host}/{path}{query}", body


# What chance seldom draws, drawn each time: each of these as a stub, by the test process, and once only.
ANSWERS: dict[str, dict[str, Any]] = {
    "repeated": {"headers": [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Link", "<x>"), ("link", "<y>")]},
    "gzip": {"body": gzip.compress(b"hello", mtime=0), "headers": {"Content-Encoding": "gzip"}},
    "binary": {"body": bytes(range(256))},
    "empty": {"body": "", "status_code": 404},
    "unicode": {"json": {"ü": "日本語"}, "headers": {"Content-Type": "application/json; charset=utf-8"}},
    "utf-16": {"body": "ü".encode("utf-16"), "headers": {"Content-Type": "text/plain; charset=utf-16"}},
    "large": {"body": "ü" * 200_000},
}
EACH_ANSWER = [
    (None, f"/{name}/{way}", lambda answer=answer: answer, 1 if way == "once" else None, way == "callable")
    for name, answer in ANSWERS.items()
    for way in ("stub", "callable", "once")
]
EACH_REQUEST = [
    (method, f"https://api.example.com/{name}/{way}?page=1&page=2", b"")
    for name in ANSWERS
    for way in ("stub", "callable", "once")
    for method in ("GET", "HEAD", "OPTIONS", "PATCH")
]


def table(rows: list[Any]) -> InterceptTransport:
    transport = InterceptTransport(strict=False)
    for method, pattern, make, times, as_callable in rows:
        answer = (lambda _, make=make: make()) if as_callable else make()
        transport.add_route(method, pattern, answer, times=times)
    return transport


EXAMPLE = Path(__file__).parents[2] / "examples" / "oci-registry"


@contextmanager
def leased() -> Iterator[Sandbox]:
    in_use = pool.of_this_process(settings_in_force())
    sandbox = in_use.lease(EXAMPLE, settings_in_force())
    try:
        yield sandbox
    finally:
        in_use.release(sandbox)


def seen(response: httpx.Response, asked_for: set[str]) -> tuple[int, bytes, list[tuple[str, str]]]:
    """What an integration sees of an answer."""
    kept = sorted((name.lower(), value) for name, value in response.headers.multi_items() if name.lower() in asked_for)
    return response.status_code, response.content, kept


async def ask(transport: httpx.AsyncBaseTransport, asked: list[tuple[str, str, bytes]]) -> list[Any]:
    wanted = {"x-one", "x-two", "link", "set-cookie", "content-type", "content-encoding"}
    async with httpx.AsyncClient(transport=transport, timeout=30) as client:
        return [seen(await client.request(method, url, content=body), wanted) for method, url, body in asked]


class Addressed(httpx.AsyncHTTPTransport):
    """Asks WireMock as the front does."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await super().handle_async_request(self._sandbox.wiremock.addressed(request))


async def deployed(sandbox: Sandbox, transport: InterceptTransport, asked: list[tuple[str, str, bytes]]) -> list[Any]:
    sandbox.wiremock.reset()
    sandbox.wiremock.stub([mappings.UNMATCHED, *mappings.from_routes(transport._routes)])
    failures: list[Exception] = []
    url, token = sandbox.port.relay()
    async with Answerer(transport, url, token, wiremock=None, on_error=failures.append, death=lambda: None):
        answers = await ask(Addressed(sandbox), asked)
    assert not failures
    return answers


def test_any_table_answers_any_requests_alike() -> None:
    with leased() as sandbox:

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @example(EACH_ANSWER, EACH_REQUEST)
        @given(tables, st.lists(requests(), min_size=1, max_size=8))
        def same(rows: list[Any], asked: list[tuple[str, str, bytes]]) -> None:
            local = asyncio.run(ask(table(rows), asked))
            remote = asyncio.run(deployed(sandbox, table(rows), asked))
            for request, here, there in zip(asked, local, remote, strict=True):
                if request[0] == "HEAD":
                    assert (here[0], here[2]) == (there[0], there[2]), request
                else:
                    assert here == there, request

        same()
