"""A URL stays as it was sent, where httpx would tidy it up."""

import httpx
import pytest

from harness.routes.sent_url import SentURL, as_sent
from harness.routes.transport import whole_url

TARGETS = [
    "/",
    "/?",
    "//a//b/",
    "/a/../b/./c/..",
    "/..",
    '/{}|^`"<>[]\\?{}|^`"<>[]\\',
    "/%zz/%2e%2e/%u0041/%?a=%&b=%2F",
    "/a#b?c#d",
    "/a?b?c=/../d",
    "/" + "x" * 70_000,
]


@pytest.mark.parametrize("target", TARGETS, ids=lambda each: each[:20])
@pytest.mark.parametrize("origin", ["https://api.example", "http://api_x.example:8443", "https://[2001:db8::9]:444"])
def test_path_and_query_stay(origin: str, target: str) -> None:
    url = SentURL(origin + target)

    assert url.raw_path.decode() == target
    assert str(url) == origin + target
    assert httpx.URL(f"{origin}/").copy_with(raw_path=b"/").netloc == url.netloc


def test_without_a_path_it_is_the_root() -> None:
    assert [SentURL(each).raw_path for each in ("http://a", "http://a?b")] == [b"/", b"/?b"]


def test_a_character_outside_ascii_stands_for_its_byte() -> None:
    assert SentURL("http://a/\xc3\xa9\xff?\x00 €").raw_path == b"/%C3%A9%FF?%00%20%E2%82%AC"


@pytest.mark.parametrize("url", ["", "*", "/x", "a:443", "http://[::1/x", "http://a:x/", "http://1.2.3.400/x"])
def test_what_is_not_a_whole_url_is_refused(url: str) -> None:
    with pytest.raises(httpx.InvalidURL):
        SentURL(url)


def test_a_request_keeps_url_method_and_bytes() -> None:
    request = as_sent(httpx.Request("get", SentURL("http://a/\xe9/..")), "get", "/\xe9/..")

    assert (request.method, request.url.raw_path) == ("get", b"/%E9/..")
    assert request.extensions["target"] == b"/\xe9/.."
    assert whole_url(request) == "http://a/%E9/.."


def test_unless_told_otherwise_the_url_says_the_target() -> None:
    assert as_sent(httpx.Request("GET", SentURL("http://a/x/..?")), "GET").extensions["target"] == b"/x/..?"
