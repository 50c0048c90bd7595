"""Passes an integration's requests on to the real API, from this process, and records them.

The closed network of a sandbox has no way out, not even for WireMock, and must not get one: a resync container that could
reach the API itself could reach everything. So WireMock hands each request to the Port mock's relay, from where this
process takes it, as it does for routes that are callables. It works with an engine on another machine, and what reaches
the real API is what this machine may reach, by the proxy and with the CA bundle that are set here.

A redirect is an answer like any other: the integration follows it, or does not.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from harness.recording.exchange import Exchange
from harness.redaction.redact import Redactor
from harness.routes.request_bodies import LARGEST, large_body
from harness.routes.transport import InterceptTransport, Route, whole_url
from sandbox.errors import SandboxError
from sandbox.images import build_environment

# WireMock waits for so long, too.
_TIMEOUT = httpx.Timeout(290, connect=30)
_AT_ONCE = 100
_OK, _REDIRECT, _UNAUTHORIZED, _TOO_MANY, _UNAVAILABLE = 200, 300, 401, 429, 503
# Ocean tries ten times, over minutes; after so many of one request, the next will be no different.
_ENOUGH = 3


class UpstreamError(SandboxError):
    """The real API cannot be reached, or refuses the credentials."""


@dataclass
class Traffic:
    """What went over the wire so far.

    Args:
        redactor: Cleans what messages say of a request.
        exchanges: The requests with their answers, in the order in which they were made.
        hosts: How many requests each host got, by ``host:port`` as in the URL.
        throttled: How often each host said that it had enough (429, or 503 with a Retry-After).
        failed: For each host that could not be reached at times, the last reason.
        in_bytes: The size of all answers.
        lost: Requests that are not among the exchanges, each with the reason.
    """

    redactor: Redactor
    exchanges: list[Exchange] = field(default_factory=list)
    hosts: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    in_bytes: int = 0
    lost: list[str] = field(default_factory=list)
    _refused: Counter[str] = field(default_factory=Counter)
    _let_in: set[str] = field(default_factory=set)
    _unreached: Counter[str] = field(default_factory=Counter)

    @property
    def answered(self) -> list[Exchange]:
        """Those that have an answer."""
        return [exchange for exchange in self.exchanges if exchange.status]

    def refusal(self) -> str:
        """What to say if the API refused every login; nothing if it accepted one, or never answered."""
        refused = [each for each in self.answered if self._is_refusal(each)]
        return self._refused_by(refused[0]) if refused else ""

    def count(self, exchange: Exchange) -> None:
        """Take note of an answer.

        Raises:
            UpstreamError: The API refuses the credentials, and would go on to.
        """
        host = _host(exchange)
        self.in_bytes += len(exchange.response_content)
        if _OK <= exchange.status < _REDIRECT:
            self._let_in |= {host, _asked(exchange)}
        # A registry, say, answers the first request with a challenge: that is not a refusal yet.
        if self._is_refusal(exchange):
            self._refused[_asked(exchange)] += 1
            if self._refused[_asked(exchange)] >= _ENOUGH:
                raise UpstreamError(self._refused_by(exchange), remedy=REFUSED)

    def _is_refusal(self, exchange: Exchange) -> bool:
        """Whether it refuses logins: a host that never accepted one, or the place where secrets are to be shown.

        Elsewhere, 401 may well mean that this one thing is not for us.
        """
        if exchange.status != _UNAUTHORIZED:
            return False
        sent = exchange.request_content.decode(errors="replace")
        shows_secrets = self.redactor.clean_text(sent) != sent
        return (_asked(exchange) if shows_secrets else _host(exchange)) not in self._let_in

    def _refused_by(self, exchange: Exchange) -> str:
        url = self.redactor.clean_text(exchange.url.partition("?")[0])
        return f"The real API refuses the credentials: {exchange.method} {url} was answered with {exchange.status}."

    def count_failure(self, exchange: Exchange, error: httpx.TransportError) -> None:
        """Take note that a host could not be reached.

        Raises:
            UpstreamError: It never could, and has been tried often enough.
        """
        host = _host(exchange)
        self.failed[host] = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self._unreached[host] += 1
        answered = any(_host(each) == host for each in self.answered)
        if self._unreached[host] >= _ENOUGH and not answered:
            raise self.unreachable()

    def unreachable(self) -> UpstreamError:
        """What to raise where hosts could not be reached."""
        return UpstreamError(
            f"The real API cannot be reached from this machine: {'; '.join(f'{h}: {why}' for h, why in self.failed.items())}",
            remedy="check that the configured address is right and the network is up; HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE "
            "are taken from the environment.",
        )


REFUSED = (
    "make sure that the credentials in .env, or in the environment (OCEAN__INTEGRATION__CONFIG__…), are valid and not expired; "
    "nothing was written."
)


class RecordingTransport(InterceptTransport):
    """The third party is the real one.

    Args:
        traffic: Where to record.
        client: What asks the real API, see :func:`client_of_this_machine`; None to answer 404 to everything.
        on_answer: Told of each answer.
    """

    def __init__(
        self, traffic: Traffic, client: httpx.AsyncClient | None, on_answer: Callable[[Exchange], None]
    ) -> None:
        super().__init__(strict=False)
        self._routes.append(_PassOn(self))
        self.traffic = traffic
        self._client = client
        self._on_answer = on_answer

    async def pass_on(self, request: httpx.Request) -> httpx.Response:
        """The real answer to ``request``, recorded, as it is on the wire: a compressed body stays compressed.

        Raises:
            httpx.TransportError: There is none.
            UpstreamError: There is none, and there will be none.
        """
        if (large := large_body(request)) is not None:
            self.traffic.lost.append(
                f"{request.method} {whole_url(request)}: its body has {large.length:,} bytes, and none of more than "
                f"{LARGEST:,} can be passed on"
            )
            return httpx.Response(413, stream=httpx.ByteStream(b"The sandbox passes on no body of this size."))
        exchange = Exchange(request.method, whole_url(request), request.headers.multi_items(), request.content)
        self.traffic.exchanges.append(exchange)
        self.traffic.hosts[_host(exchange)] += 1
        try:
            response = await self._ask(request)
        except httpx.TransportError as error:
            self.traffic.count_failure(exchange, error)
            raise
        exchange.response_headers = response.headers.multi_items()
        exchange.response_content = b"".join(response.stream) if isinstance(response.stream, httpx.ByteStream) else b""
        exchange.status = response.status_code
        self._on_answer(exchange)
        self.traffic.count(exchange)
        return response

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        if self._client is None:
            return httpx.Response(404, stream=httpx.ByteStream(b"No route matched"))
        response = await self._client.send(request, stream=True, auth=None, follow_redirects=False)
        try:
            content = b"".join([chunk async for chunk in response.aiter_raw()])
        finally:
            await response.aclose()
        return httpx.Response(response.status_code, headers=response.headers, stream=httpx.ByteStream(content))


class _PassOn(Route):
    """The one route: any request is for it."""

    def __init__(self, transport: RecordingTransport) -> None:
        super().__init__(None, lambda _: True, lambda _: {})
        self._transport = transport

    async def respond(self, request: httpx.Request) -> httpx.Response:
        return await self._transport.pass_on(request)


def client_of_this_machine() -> httpx.AsyncClient:
    """A client with the proxies and the CA bundle that the environment of this process names."""
    trust = httpx.create_ssl_context()
    if bundle := build_environment.ca_bundle():
        trust.load_verify_locations(cadata=bundle.decode(errors="ignore"))
    return httpx.AsyncClient(
        verify=trust, timeout=_TIMEOUT, limits=httpx.Limits(max_connections=_AT_ONCE), follow_redirects=False
    )


def throttles(exchange: Exchange) -> str | None:
    """What the API asks for where it is asked too much (the seconds or date of its ``Retry-After``), else None."""
    after = next((value for name, value in exchange.response_headers if name.lower() == "retry-after"), "")
    if exchange.status == _TOO_MANY or (exchange.status == _UNAVAILABLE and after):
        return after or "unsaid"
    return None


def _asked(exchange: Exchange) -> str:
    return f"{exchange.method} {exchange.url.partition('?')[0]}"


def _host(exchange: Exchange) -> str:
    return httpx.URL(exchange.url).netloc.decode()
