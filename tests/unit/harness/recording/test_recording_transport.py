"""Requests are passed on to a real server, and recorded as they went over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from harness.recording.recording_transport import (
    RecordingTransport,
    Traffic,
    UpstreamError,
    client_of_this_machine,
    throttles,
)
from harness.redaction.redact import Redactor
from tests.upstream.nasty import Nasty
from tests.upstream.serve import serve_nasty


@contextmanager
def recorded() -> Iterator[tuple[Nasty, str, Traffic]]:
    nasty = Nasty()
    with serve_nasty(nasty) as url:
        yield nasty, url, Traffic(Redactor())


def ask(traffic: Traffic, *requests: httpx.Request, dummy: bool = False) -> list[httpx.Response]:
    async def ask_all() -> list[httpx.Response]:
        async with client_of_this_machine() as client:
            transport = RecordingTransport(traffic, None if dummy else client, lambda _: None)
            return [await transport.handle_async_request(request) for request in requests]

    return asyncio.run(ask_all())


def signed_in(nasty: Nasty, url: str) -> dict[str, str]:
    form = {"client_secret": nasty.account.client_secret}
    token = httpx.post(f"{url}/oauth/token", data=form, trust_env=False).json()["access_token"]
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity"])
def test_a_body_reaches_the_integration_as_it_is_and_the_file_as_json(encoding: str) -> None:
    with recorded() as (nasty, url, traffic):
        headers = {**signed_in(nasty, url), "accept-encoding": encoding}
        (response,) = ask(traffic, httpx.Request("GET", f"{url}/api/link?page=2", headers=headers))
        (exchange,) = traffic.answered
    entry = exchange.entry(Redactor())
    assert response.headers.get("content-encoding", "identity") == encoding
    assert b"".join(response.stream) == exchange.response_content  # type: ignore[arg-type] # a ByteStream
    assert entry["response_body"] == [nasty.thing(3), nasty.thing(4)]
    assert "content-encoding" not in entry["response_headers"]
    assert entry["url"] == f"{url}/api/link?page=2"


def test_a_redirect_is_not_followed() -> None:
    with recorded() as (nasty, url, traffic):
        (response,) = ask(traffic, httpx.Request("GET", f"{url}/api/files/f1/archive", headers=signed_in(nasty, url)))
    assert response.status_code == 302
    assert len(traffic.exchanges) == 1
    assert response.headers["location"].startswith(nasty.files)


def test_cookies_of_one_answer_are_not_sent_with_the_next_request() -> None:
    with recorded() as (nasty, url, traffic):
        headers = signed_in(nasty, url)
        responses = ask(
            traffic,
            httpx.Request("POST", f"{url}/api/session", headers=headers),
            httpx.Request("GET", f"{url}/api/cookies", headers=headers),
        )
    assert [response.status_code for response in responses] == [204, 403]
    assert len(responses[0].headers.get_list("set-cookie")) == 2


def test_credentials_that_are_refused_three_times_end_it() -> None:
    with recorded() as (_, url, traffic):
        request: dict[str, Any] = {"method": "GET", "url": f"{url}/api/link?key=secret"}
        with pytest.raises(
            UpstreamError, match=r"refuses the credentials: GET http://\S+/api/link was answered with 401"
        ):
            ask(traffic, *(httpx.Request(**request) for _ in range(3)))
    assert len(traffic.answered) == 3


def test_a_challenge_that_is_answered_is_no_refusal() -> None:
    with recorded() as (nasty, url, traffic):
        headers = signed_in(nasty, url)
        ask(
            traffic,
            httpx.Request("GET", f"{url}/api/link"),
            httpx.Request("GET", f"{url}/api/link", headers=headers),
            *(httpx.Request("GET", f"{url}/api/link") for _ in range(5)),
        )
    assert traffic.refusal() == ""


def test_a_token_that_is_refused_ends_it_even_where_something_else_is_open() -> None:
    with recorded() as (nasty, url, traffic):
        traffic.redactor.add("wr0ng-s3cret")
        key = {"api_key": nasty.account.api_key, "offset": 0, "limit": 1}
        with pytest.raises(UpstreamError, match=r"POST http://\S+/oauth/token was answered with 401"):
            ask(
                traffic,
                httpx.Request("GET", f"{url}/api/offset", params=key),
                *(
                    httpx.Request("POST", f"{url}/oauth/token", data={"client_secret": "wr0ng-s3cret"})
                    for _ in range(3)
                ),
            )


def test_what_is_not_for_us_is_no_refusal() -> None:
    with recorded() as (nasty, url, traffic):
        key = {"api_key": nasty.account.api_key, "offset": 0, "limit": 1}
        ask(
            traffic,
            httpx.Request("GET", f"{url}/api/offset", params=key),
            *(httpx.Request("GET", f"{url}/api/link") for _ in range(4)),
        )
    assert traffic.refusal() == ""


def test_one_refusal_and_nothing_else_is_told_at_the_end() -> None:
    with recorded() as (_, url, traffic):
        ask(traffic, httpx.Request("GET", f"{url}/api/link"))
    assert "was answered with 401" in traffic.refusal()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://no-such-host.invalid/x"])
def test_a_host_that_cannot_be_reached_ends_it(url: str) -> None:
    traffic = Traffic(Redactor())

    async def ask_thrice() -> None:
        async with client_of_this_machine() as client:
            transport = RecordingTransport(traffic, client, lambda _: None)
            for _ in range(2):
                with pytest.raises(httpx.ConnectError):
                    await transport.handle_async_request(httpx.Request("GET", url))
            await transport.handle_async_request(httpx.Request("GET", url))

    with pytest.raises(UpstreamError, match=f"cannot be reached from this machine: {httpx.URL(url).netloc.decode()}: "):
        asyncio.run(ask_thrice())
    assert traffic.answered == []


def test_without_credentials_everything_is_answered_with_404() -> None:
    traffic = Traffic(Redactor())
    (response,) = ask(traffic, httpx.Request("GET", "https://api.example.com/x"), dummy=True)
    assert response.status_code == 404
    assert traffic.answered[0].entry(Redactor())["response_body"] == "No route matched"


def test_it_is_known_when_the_api_asks_for_patience() -> None:
    with recorded() as (nasty, url, traffic):
        headers = signed_in(nasty, url)
        ask(traffic, *(httpx.Request("GET", f"{url}/api/limited", headers=headers) for _ in range(2)))
    assert [throttles(exchange) for exchange in traffic.answered] == ["1", None]
