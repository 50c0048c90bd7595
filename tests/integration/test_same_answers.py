"""Local evaluation of a route table and its deployment in a sandbox give the same answers, whatever the table."""

import asyncio
import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import InterceptTransport, stubs
from harness.answering import Answerer
from harness.options import settings_in_force
from sandbox import images, pool
from sandbox.pool import Sandbox

pytestmark = [pytest.mark.integration, pytest.mark.slow]

EXAMPLES = int(os.environ.get("OCEAN_SANDBOX_EXAMPLES", "60"))
HOSTS = ["api.example.com", "api", "example.com:8443", "items.example"]
SEGMENTS = ["items", "api", "v1", "a b", "ü", "%2F", "1", "x.json", "~", "a+b", "é,;=", "items;v=1"]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
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
    st.just("x" * 300_000),
    st.just(b"\x00\xff" * 60_000),
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
)


def patterns() -> st.SearchStrategy[Any]:
    compiled = st.sampled_from(PATTERNS[12:]).map(lambda text: re.compile(text, re.IGNORECASE))
    predicates = st.sampled_from(SEGMENTS[:3]).map(lambda segment: lambda request: segment in str(request.url))
    return st.one_of(st.sampled_from(PATTERNS), compiled, predicates)


routes = st.tuples(
    st.sampled_from([None, *METHODS]),
    patterns(),
    answers,
    st.sampled_from([None, None, 1, 2]),
    st.booleans(),  # as a callable
)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, bytes]:
    scheme, host = draw(st.sampled_from(["http", "https"])), draw(st.sampled_from(HOSTS))
    path = "/".join(draw(st.lists(st.sampled_from(SEGMENTS), max_size=4)))
    pairs = draw(st.lists(st.sampled_from(["page=1", "page=2", "q=a%20b", "q=ü", "empty=", "flag"]), max_size=3))
    query = f"?{'&'.join(pairs)}" if pairs else ""
    method = draw(st.sampled_from(METHODS))
    body = draw(st.sampled_from([b"", b'{"a": 1}', b"\x00\xfe"])) if method in ("POST", "PUT", "PATCH") else b""
    return method, f"{scheme}://{host}/{path}{query}", body


def table(rows: list[Any]) -> InterceptTransport:
    transport = InterceptTransport(strict=False)
    for method, pattern, answer, times, as_callable in rows:
        transport.add_route(method, pattern, (lambda _, answer=answer: answer) if as_callable else answer, times=times)
    return transport


@contextmanager
def leased() -> Iterator[Sandbox]:
    in_use = pool.of_this_process(settings_in_force())
    sandbox = in_use.lease(images.resync())
    try:
        yield sandbox
    finally:
        in_use.release(sandbox)


def seen(response: httpx.Response, asked_for: set[str]) -> tuple[int, bytes, list[tuple[str, str]]]:
    """What an integration sees of an answer."""
    kept = sorted((name.lower(), value) for name, value in response.headers.multi_items() if name.lower() in asked_for)
    return response.status_code, response.content, kept


async def ask(transport: httpx.AsyncBaseTransport, asked: list[tuple[str, str, bytes]]) -> list[Any]:
    wanted = {"x-one", "x-two", "link", "set-cookie", "content-type"}
    async with httpx.AsyncClient(transport=transport, timeout=30) as client:
        return [seen(await client.request(method, url, content=body), wanted) for method, url, body in asked]


async def deployed(sandbox: Sandbox, transport: InterceptTransport, asked: list[tuple[str, str, bytes]]) -> list[Any]:
    sandbox.wiremock.reset()
    sandbox.wiremock.stub([stubs.UNMATCHED, *stubs.from_routes(transport._routes)])
    trust = ssl.create_default_context(cadata=sandbox.wiremock.ca)
    trust.verify_flags &= ~ssl.VERIFY_X509_STRICT
    failures: list[Exception] = []
    url, token = sandbox.port.relay()
    async with Answerer(transport, url, token, proxy=None, on_error=failures.append):
        answers = await ask(httpx.AsyncHTTPTransport(proxy=sandbox.wiremock.proxy, verify=trust), asked)
    assert not failures
    return answers


def test_any_table_answers_any_requests_alike() -> None:
    with leased() as sandbox:

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(st.lists(routes, max_size=6), st.lists(requests(), min_size=1, max_size=8))
        def same(rows: list[Any], asked: list[tuple[str, str, bytes]]) -> None:
            local = asyncio.run(ask(table(rows), asked))
            remote = asyncio.run(deployed(sandbox, table(rows), asked))
            for request, here, there in zip(asked, local, remote, strict=True):
                if request[0] == "HEAD":
                    assert (here[0], here[2]) == (there[0], there[2]), request
                else:
                    assert here == there, request

        same()
