"""A third party that does what real ones do: every way to page, to refuse, to compress and to redirect.

Everything is decided by the requests, so two runs of one integration get the same answers; what is not (a throttled
first call, a job that proceeds, one-time tokens) begins anew with each app. Two names lead here: what the API itself
answers, and `files`, another host, for what it redirects or signs.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

import brotli
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

BIG = 5_000_000
PIXEL = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489fffe00")
NAMES = ["żółć", "日本語", "🦊 fox", "naïve café", "שלום"]
PEOPLE = [
    {"id": "p1", "name": "Ada Lovelace", "email": "ada@lovelace.example"},
    {"id": "p2", "name": "Grace Hopper", "email": "grace.hopper@navy.example"},
    {"id": "p3", "name": "Alan Turing", "email": "alan+bletchley@turing.example"},
]


@dataclass
class Account:
    """What the upstream asks for, all of it secret."""

    client_id: str = "sandbox-client"
    client_secret: str = "s3cr3t/of+the=client"  # noqa: S105 # made up
    api_key: str = "ak_9f8e7d6c5b4a3210"
    signing_key: str = "k-signing-4711-abcdef"
    extra: list[str] = field(default_factory=list)
    """More secrets, which `/api/leaky` spreads over an answer in every form."""


@dataclass
class Nasty:
    """The upstream, with what it remembers.

    Args:
        account: What it asks for.
        files: Where this same program is reached under another name, such as `http://localhost:1234`.
        things: How many things each paged collection has.
        dated: What a thing's `value` begins with: change it, and the data has changed.
    """

    account: Account = field(default_factory=Account)
    files: str = ""
    things: int = 5
    dated: str = "v1"
    asked: dict[str, int] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        """The app, for :func:`tests.upstream.serve.serve`."""
        return Starlette(
            routes=[
                Route("/oauth/token", self._token, methods=["POST"]),
                Route("/api/link", self._link),
                Route("/api/offset", self._offset),
                Route("/api/cursor", self._cursor, methods=["POST"]),
                Route("/api/graphql", self._graphql, methods=["POST"]),
                Route("/api/limited", self._limited),
                Route("/api/jobs/{job}", self._job),
                Route("/api/session", self._session, methods=["POST"]),
                Route("/api/cookies", self._cookies),
                Route("/api/empty", self._empty),
                Route("/api/files", self._files),
                Route("/api/files/{file}/archive", self._archive),
                Route("/api/big", self._big),
                Route("/api/unicode/{name}", self._unicode),
                Route("/api/gone", self._gone),
                Route("/api/leaky", self._leaky),
                Route("/signed/{file}", self._signed),
            ]
        )

    def thing(self, number: int) -> dict[str, Any]:
        """One thing of a paged collection."""
        return {"id": f"t{number}", "name": f"Thing {number}", "value": f"{self.dated}-{number}"}

    async def _token(self, request: Request) -> Response:
        form = dict(urllib.parse.parse_qsl((await request.body()).decode()))
        if form.get("client_secret") != self.account.client_secret:
            return JSONResponse({"error": "invalid_client", "error_description": "unknown client or secret"}, 401)
        token = _jwt({"sub": self.account.client_id, "n": len(self.tokens)}, self.account.signing_key)
        self.tokens.append(token)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def _refused(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and token in self.tokens:
            return None
        return JSONResponse({"message": "Bad credentials"}, 401, {"www-authenticate": 'Bearer realm="nasty"'})

    async def _link(self, request: Request) -> Response:
        """Pages by Link header, with absolute addresses; gzip where the client takes it."""
        if refused := self._refused(request):
            return refused
        page, size = int(request.query_params.get("page", 1)), int(request.query_params.get("per_page", 2))
        numbers = list(range(1, self.things + 1))[(page - 1) * size : page * size]
        links = {"next": page + 1, "last": -(-self.things // size)} if page * size < self.things else {}
        base = str(request.url).partition("?")[0]
        header = ", ".join(f'<{base}?page={to}&per_page={size}>; rel="{rel}"' for rel, to in links.items())
        return _packed(request, [self.thing(number) for number in numbers], {"link": header} if header else {})

    async def _offset(self, request: Request) -> Response:
        """Pages by offset and total; takes its key in the query."""
        if request.query_params.get("api_key") != self.account.api_key:
            return JSONResponse({"message": "no such key"}, 403)
        offset, limit = int(request.query_params["offset"]), int(request.query_params["limit"])
        items = [self.thing(number + 1) for number in range(self.things)][offset : offset + limit]
        return _packed(request, {"total": self.things, "offset": offset, "items": items})

    async def _cursor(self, request: Request) -> Response:
        """Pages by an opaque cursor in the body of a search."""
        if refused := self._refused(request):
            return refused
        asked = await request.json()
        start = int(base64.b64decode(asked["cursor"])) if asked.get("cursor") else 0
        items = [self.thing(number + 1) for number in range(self.things)][start : start + 2]
        more = start + 2 < self.things
        after = base64.b64encode(b"%06d" % (start + 2)).decode() if more else None
        return JSONResponse({"query": asked["query"], "results": items, "meta": {"next_cursor": after}})

    async def _graphql(self, request: Request) -> Response:
        """One address for all operations: told apart by the body alone."""
        if refused := self._refused(request):
            return refused
        asked = await request.json()
        variables, name = asked.get("variables") or {}, asked.get("operationName")
        nodes = {"People": PEOPLE, "Things": [self.thing(number + 1) for number in range(self.things)]}.get(name)
        if nodes is None:
            return JSONResponse({"data": None, "errors": [{"message": f"Unknown operation {name}"}]})
        start = int(variables.get("after") or 0)
        page = nodes[start : start + 2]
        info = {"hasNextPage": start + 2 < len(nodes), "endCursor": str(start + len(page))}
        return JSONResponse({"data": {name.lower(): {"nodes": page, "pageInfo": info}}})

    async def _limited(self, request: Request) -> Response:
        """Too busy at first."""
        if refused := self._refused(request):
            return refused
        if self._count("limited") == 1:
            return JSONResponse({"message": "slow down"}, 429, {"retry-after": "1", "x-ratelimit-remaining": "0"})
        return JSONResponse([self.thing(1)])

    async def _job(self, request: Request) -> Response:
        """The same question, another answer each time."""
        if refused := self._refused(request):
            return refused
        job = request.path_params["job"]
        status = ["queued", "running", "done"][min(self._count(f"job {job}"), 3) - 1]
        return JSONResponse({"id": job, "name": f"Job {job}", "status": status})

    async def _session(self, request: Request) -> Response:
        """No content, two cookies."""
        if refused := self._refused(request):
            return refused
        response = Response(status_code=204)
        response.set_cookie("session", _sign("session", self.account.signing_key), httponly=True)
        response.set_cookie("csrf", _sign("csrf", self.account.signing_key), path="/api")
        return response

    async def _cookies(self, request: Request) -> Response:
        if request.cookies.get("session") != _sign("session", self.account.signing_key):
            return PlainTextResponse("no session", 403)
        return JSONResponse([{**self.thing(1), "id": "cookie"}])

    async def _empty(self, request: Request) -> Response:
        return self._refused(request) or Response(status_code=204)

    async def _files(self, request: Request) -> Response:
        """Signed addresses on another host."""
        if refused := self._refused(request):
            return refused
        return JSONResponse(
            [{"id": f"f{n}", "name": f"file-{n}.png", "download_url": self._address(f"f{n}")} for n in (1, 2)]
        )

    async def _archive(self, request: Request) -> Response:
        """A redirect to another host."""
        return self._refused(request) or RedirectResponse(self._address(request.path_params["file"]), 302)

    async def _signed(self, request: Request) -> Response:
        """Binary, for whoever has the signature; a bearer token must not come along."""
        file = request.path_params["file"]
        if request.query_params.get("X-Amz-Signature") != _sign(file, self.account.signing_key):
            return PlainTextResponse("<Error><Code>SignatureDoesNotMatch</Code></Error>", 403)
        if "authorization" in request.headers:
            return PlainTextResponse("<Error><Code>TwoCredentials</Code></Error>", 400)
        return Response(
            PIXEL + file.encode() + bytes(range(256)), media_type="image/png", headers={"etag": f'"{file}"'}
        )

    async def _big(self, request: Request) -> Response:
        return self._refused(request) or JSONResponse([{"id": "big", "name": "Big", "value": "x" * BIG}])

    async def _unicode(self, request: Request) -> Response:
        name = request.path_params["name"]
        return self._refused(request) or JSONResponse({"id": _digest(name), "name": name, "value": NAMES})

    async def _gone(self, request: Request) -> Response:
        gone = {"error": {"code": "gone", "message": "No such thing"}}
        return self._refused(request) or JSONResponse(gone, 404, {"x-request-id": "r-1"})

    async def _leaky(self, request: Request) -> Response:
        """Every secret there is, in every form, as debug endpoints and signed addresses have them."""
        if refused := self._refused(request):
            return refused
        secrets = [self.account.client_secret, self.account.api_key, *self.account.extra]
        body = [{"id": "leaky", "name": "Leaky", "value": [form for each in secrets for form in _forms(each)]}]
        response = _packed(request, body, {"x-debug": f"key={urllib.parse.quote(secrets[-1], safe='')}"})
        response.set_cookie("last", urllib.parse.quote(secrets[-1], safe=""))
        return response

    def _count(self, what: str) -> int:
        self.asked[what] = self.asked.get(what, 0) + 1
        return self.asked[what]

    def _address(self, file: str) -> str:
        signature = urllib.parse.quote(_sign(file, self.account.signing_key), safe="")
        return f"{self.files}/signed/{file}?X-Amz-Expires=300&X-Amz-Signature={signature}"


def _forms(secret: str) -> list[str]:
    """A secret as it turns up in bodies."""
    raw = secret.encode()
    return [
        secret,
        f"the key is {secret}, keep it",
        base64.b64encode(raw).decode(),
        base64.b64encode(b"user:" + raw).decode(),
        base64.urlsafe_b64encode(b"ab" + raw + b"c").decode().rstrip("="),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(f"https://x.example/?key={secret}"),
        raw.hex(),
        json.dumps({"nested": secret}),
        _jwt({"claim": secret}, "other"),
    ]


def _packed(request: Request, data: Any, headers: dict[str, str] | None = None) -> Response:
    """Brotli where the client takes it, else gzip, else as it is."""
    content, accepted = json.dumps(data, ensure_ascii=False).encode(), request.headers.get("accept-encoding", "")
    headers = {"content-type": "application/json; charset=utf-8", "vary": "accept-encoding", **(headers or {})}
    for name, pack in (("br", brotli.compress), ("gzip", gzip.compress)):
        if name in [each.partition(";")[0].strip() for each in accepted.split(",")]:
            return Response(pack(content), headers={**headers, "content-encoding": name})
    return Response(content, headers=headers)


def _sign(what: str, key: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), what.encode(), hashlib.sha256).digest()).decode()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _jwt(claims: dict[str, Any], key: str) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    signature = hmac.new(key.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])
