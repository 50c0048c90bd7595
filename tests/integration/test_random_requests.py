"""Whatever bytes a request is made of, what answers it sees them as a plain HTTP server does.

The same bytes go to a server of the standard library and, from inside a resync, to the sandbox: to a static route, whose
request is in the call log, to a predicate and to a callable.
"""

from __future__ import annotations

import base64
import http
import json
import os
import re
import socket
import threading
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness import InterceptTransport

from .factories import integration, resync, values

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.asyncio]

EXAMPLES = int(os.environ.get("OCEAN_SANDBOX_EXAMPLES", "200"))
WAYS = ["static", "predicate", "callable"]
NUMBER = b"X-Number"

visible = st.integers(0x21, 0x7E).map(lambda each: bytes([each]))
raw = st.integers(0x80, 0xFF).map(lambda each: bytes([each]))
utf8 = st.characters(min_codepoint=0x80, exclude_categories=["Cs"]).map(str.encode)
escape = st.one_of(
    st.integers(0, 255).map(lambda each: b"%%%02X" % each),
    st.integers(0, 255).map(lambda each: b"%%%02x" % each),
    st.sampled_from([b"%", b"%zz", b"%2", b"%u0041", b"%%", b"%0A", b"%2e%2e", b"%2F", b"%00", b"%c3%a9", b"%ff"]),
)
odd = st.sampled_from([bytes([each]) for each in b"{}|^`\\\"<>[]'#;:@,!$&()*+=~_-"])
words = st.sampled_from([b"a", b"items", b"x1", b"api", b"v1"])
piece = st.one_of(words, odd, escape, visible.filter(lambda each: each not in b"/?"), utf8, raw)
segment = st.one_of(
    st.sampled_from([b"", b".", b"..", b"...", b"__admin", b"a;b=c", b"direct"]),
    st.lists(piece, max_size=4).map(b"".join),
)
path = st.lists(segment, max_size=4).map(lambda parts: b"/" + b"/".join(parts))
pair = st.one_of(
    st.tuples(st.lists(piece, max_size=3).map(b"".join), st.lists(piece, max_size=3).map(b"".join)).map(b"=".join),
    st.lists(piece, max_size=3).map(b"".join),
    st.sampled_from([b"a=1", b"a=2", b"q=a+b", b"?", b"a=/../b"]),
)
query = st.one_of(st.none(), st.lists(pair, max_size=4).map(b"&".join))
odd_targets = st.tuples(path, query).map(lambda parts: parts[0] if parts[1] is None else parts[0] + b"?" + parts[1])
# Such as most are, with all that is allowed: by another way through the sandbox than what is odd.
mild = st.one_of(
    words, st.sampled_from([bytes([each]) for each in b"'()*+,;=:@!$&~_-."] + [b"%20", b"%2F", b"%C3%A9", b"%2c"])
)
mild_text = st.lists(mild, min_size=1, max_size=5).map(b"".join)
mild_targets = st.tuples(
    st.lists(mild_text.filter(lambda each: each.strip(b".")), min_size=1, max_size=4),
    st.none() | st.lists(mild_text, min_size=1, max_size=3),
).map(lambda parts: b"/" + b"/".join(parts[0]) + (b"" if parts[1] is None else b"?" + b"&".join(parts[1])))
# The reference takes the request line apart at whatever Latin-1 calls a space.
targets = st.one_of(mild_targets, odd_targets).filter(lambda each: len(each.decode("latin-1").split()) == 1)

TOKEN = b"!#$%&'*+-.^_`|~0123456789abcXYZ"
token = st.lists(st.sampled_from([bytes([each]) for each in TOKEN]), min_size=1, max_size=8).map(b"".join)
methods = st.one_of(
    st.sampled_from(
        [b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"PROPFIND", b"TRACE", b"QUERY"]
    ),
    token,
).filter(lambda each: each.upper() != b"CONNECT")
# What says how the message is framed or what the connection is for is another test's.
FRAMING = {
    *(b"host", b"connection", b"transfer-encoding", b"content-length", b"expect", b"upgrade", b"te", b"trailer"),
    *(b"keep-alive", b"proxy-connection", b"proxy-authorization", b"proxy-authenticate", b"x-number"),
}
KNOWN = [
    *(b"Accept", b"ACCEPT-ENCODING", b"Authorization", b"Cookie", b"Content-Type", b"content-encoding", b"Date"),
    *(b"Range", b"If-None-Match", b"If-Modified-Since", b"Origin", b"Referer", b"User-Agent", b"Via", b"Forwarded"),
    *(b"X-Forwarded-For", b"X-Forwarded-Host", b"X-Forwarded-Proto", b"Accept-Language", b"Cache-Control", b"Link"),
]
names = st.one_of(st.sampled_from(KNOWN), token).filter(lambda each: each.lower() not in FRAMING)
VALUES = [
    *(b"", b"gzip", b"gzip, br;q=0.5", b"text/plain; charset=nothing", b"application/json; charset=utf-8", b"a=b; c=d"),
    *(
        b"multipart/form-data; boundary=x",
        b"multipart/form-data",
        b"bytes=0-1",
        b'"etag"',
        b"a=b;;=;c",
        b"identity",
        b"/",
    ),
    *(b"application/x-www-form-urlencoded", b"Basic dGVzdA==", b"a\tb", b"a  b", "Zürich".encode(), b"Z\xfcrich"),
]
inner = st.one_of(visible, visible, raw, utf8, st.sampled_from([b" ", b"\t", b",", b";", b'"']))
header_values = st.one_of(
    st.sampled_from(VALUES), st.lists(inner, max_size=8).map(lambda parts: b"".join(parts).strip(b" \t"))
)
bodies = st.one_of(
    st.just(b""),
    st.binary(max_size=40),
    st.sampled_from([b'{"a": 1}', b"a=1&b=%zz", b"x" * 20_000, b"\x1f\x8b\x08junk"]),
)


@dataclass(frozen=True)
class Sent:
    """A request, in bytes."""

    method: bytes
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    is_chunked: bool

    def to_bytes(self, host: bytes, number: int) -> bytes:
        fields = [(b"Host", host), *self.headers, (NUMBER, b"%d" % number)]
        framed = self.body
        if self.is_chunked:
            half = len(self.body) // 2
            chunks = [each for each in (self.body[:half], self.body[half:]) if each]
            framed = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks) + b"0\r\n\r\n"
            fields.append((b"Transfer-Encoding", b"chunked"))
        elif self.body:
            fields.append((b"Content-Length", b"%d" % len(self.body)))
        head = b"\r\n".join([b" ".join([self.method, self.target, b"HTTP/1.1"]), *map(b": ".join, fields)])
        return head + b"\r\n\r\n" + framed


client = st.sampled_from([[], [(b"User-Agent", b"things/1")], [(b"user-agent", b"things/1 (X11)")]])
others = st.lists(st.tuples(names, header_values), max_size=5)
headers = st.tuples(client, others).map(lambda parts: parts[0] + parts[1])
# Of a body in chunks, the front does not look at the beginning.
odd_requests = st.builds(Sent, methods, targets, headers, bodies, st.booleans()).filter(
    lambda sent: not (sent.is_chunked and sent.body.startswith(b"\x1f\x8b"))
)
# Such as WireMock is given: half of all, or there would be hardly any.
usual_methods = st.sampled_from([b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE"])
content_type = st.sampled_from([each for each in VALUES if b"/" in each and each.isascii()])
usual_others = st.lists(
    st.tuples(names.filter(lambda each: each.lower() != b"content-encoding"), header_values.filter(bytes.isascii)),
    max_size=5,
)
usual_headers = st.tuples(content_type, usual_others).map(
    lambda parts: [(b"User-Agent", b"things/1"), (b"Content-Type", parts[0]), *parts[1]]
)
usual_bodies = bodies.filter(lambda each: not each.startswith(b"\x1f\x8b"))
usual_requests = st.builds(Sent, usual_methods, mild_targets, usual_headers, usual_bodies, st.booleans())
requests = st.one_of(usual_requests, odd_requests)


@dataclass(frozen=True)
class Seen:
    """A request, as what answers it sees it: of headers the order counts among those of one name only."""

    method: str
    target: bytes
    headers: dict[str, list[bytes]]
    body: bytes


def as_seen(method: str, target: bytes, headers: Any, body: bytes) -> Seen:
    found: dict[str, list[bytes]] = {}
    for name, value in headers:
        if name.decode("latin-1").lower() not in ("host", "content-length", "transfer-encoding"):
            found.setdefault(name.decode("latin-1").lower(), []).append(value)
    return Seen(method, target, found, body)


def seen_by_httpx(request: httpx.Request) -> Seen:
    return as_seen(request.method, request.extensions["target"], request.headers.raw, request.content)


def number_of(request: httpx.Request) -> int:
    return int(request.headers[NUMBER.decode()])


def as_text(target: bytes) -> bytes:
    """As the URL of a request has it, which is text: what is not ASCII is percent-encoded."""
    return re.sub(rb"[^!-~]", lambda found: b"%%%02X" % found[0][0], target)


def seen_by_a_plain_server(sent: list[Sent]) -> list[Seen]:
    found: dict[int, Seen] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = b""
            if self.headers.get("transfer-encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size + 2)[:-2]
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
            # Its own ``path`` lacks slashes that a target begins with.
            target = self.raw_requestline.split(b" ")[1]
            headers = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
            found[int(self.headers[NUMBER.decode()])] = as_seen(self.command, target, headers, body)
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for number, each in enumerate(sent):
            with socket.create_connection(server.server_address, timeout=10) as connection:
                connection.sendall(each.to_bytes(b"plain.example", number))
                connection.recv(1000)
        server.shutdown()
    return [found[number] for number in range(len(sent))]


def random_requests() -> list[Sent]:
    found: list[Sent] = []

    @settings(max_examples=EXAMPLES, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
    @given(requests)
    def collect(sent: Sent) -> None:
        found.append(sent)

    collect()
    return found[:EXAMPLES]


# Several after one another on each connection, every other one over TLS.
HANDLER = """
    import base64, concurrent.futures, contextlib, http.client, json
    trust = ssl.create_default_context()
    def ask(number, items):
        found = []
        with contextlib.ExitStack() as stack:
            is_tls = number % 2
            connection = stack.enter_context(socket.create_connection(("api.example", 443 if is_tls else 80), timeout=60))
            if is_tls:
                connection = stack.enter_context(trust.wrap_socket(connection, server_hostname="api.example"))
            for method, raw in items:
                try:
                    connection.sendall(base64.b64decode(raw))
                    response = http.client.HTTPResponse(connection, method=method)
                    response.begin()
                    response.read()
                    found.append("closes" if response.will_close else response.status)
                except (OSError, http.client.HTTPException) as error:
                    found.append(repr(error))
        return found
    with open(os.path.join(os.path.dirname(__file__), "sent.json")) as file:
        sent = json.load(file)
    connections = [sent[start : start + 5] for start in range(0, len(sent), 5)]
    with concurrent.futures.ThreadPoolExecutor(8) as executor:
        found = await asyncio.to_thread(lambda: list(executor.map(ask, range(len(connections)), connections)))
    yield [{"id": 1, "value": [each for some in found for each in some]}]
"""


async def test_what_answers_sees_what_a_plain_server_sees(tmp_path: Path) -> None:
    sent = random_requests()
    plain = seen_by_a_plain_server(sent)
    seen: dict[str, dict[int, Seen]] = {"predicate": {}, "callable": {}}

    def note(way: str, request: httpx.Request) -> None:
        seen[way][number_of(request)] = seen_by_httpx(request)

    def is_for_the_predicate(request: httpx.Request) -> bool:
        if is_for_it := request.url.host == "predicate.example":
            note("predicate", request)
        return is_for_it

    def answer(request: httpx.Request) -> dict[str, Any]:
        note("callable", request)
        return {"json": 1}

    transport = (
        InterceptTransport()
        .add_route(None, is_for_the_predicate, {"json": 1})
        .add_route(None, "//callable.example", answer)
        .add_route(None, "//static.example", {"json": 1})
    )
    directory = integration(tmp_path, HANDLER)
    everything = [
        (each.method.decode(), base64.b64encode(each.to_bytes(f"{way}.example".encode(), number)).decode())
        for way in WAYS
        for number, each in enumerate(sent)
    ]
    (directory / "sent.json").write_text(json.dumps(everything))
    result = await resync(directory, transport)

    answers = values(result)["1"]
    assert [(each, sent[number % len(sent)]) for number, each in enumerate(answers) if each != http.HTTPStatus.OK] == []
    assert len(answers) == len(everything)
    assert result.errors == []
    for call in transport.calls:
        way = f"{call.request.url.host} in the call log"
        # The log has URLs only, and those are text.
        seen.setdefault(way, {})[number_of(call.request)] = replace(
            seen_by_httpx(call.request), target=call.request.url.raw_path
        )
    assert len(seen) == len(WAYS) + 2
    differences = [
        (way, sent[number], expected, found.get(number))
        for way, found in seen.items()
        for number, server in enumerate(plain)
        if found.get(number) != (expected := server if way in WAYS else replace(server, target=as_text(server.target)))
    ]
    assert differences == []
