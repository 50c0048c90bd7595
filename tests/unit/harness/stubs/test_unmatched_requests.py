"""The stub suggested for an unmatched request answers it."""

from pathlib import Path

import httpx
import pytest

from harness import RequestLog
from harness.stubs import folder
from harness.stubs.unmatched_requests import Unanswered, unanswered
from tests.unit.harness.factories import make_request, make_stub, write


def make_call(url: str, method: str = "GET") -> RequestLog:
    return RequestLog(make_request(url, method), httpx.Response(404))


def one(url: str, method: str = "GET") -> Unanswered:
    (found,) = unanswered([make_call(url, method)], [])
    return found


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("https://api.example.com/v2/items", {"url": "https://api.example.com/v2/items"}),
        (
            "http://api.example.com:8080/v2/items?page=2&limit=010",
            {"url": "http://api.example.com:8080/v2/items", "query": {"page": "2", "limit": "010"}},
        ),
        (
            "https://api.example.com/odd/{id}",
            {"url": "https://api.example.com/odd/%7Bid%7D"},
        ),
    ],
)
def test_the_entry_says_what_was_asked(url: str, entry: dict[str, object]) -> None:
    assert one(url, "POST").entry() == {"method": "POST", **entry, "response": {"json": {}}}


def test_the_text_is_a_stub_file(tmp_path: Path) -> None:
    found = one("https://api.example.com/v2/items?page=2")
    write(tmp_path / "wiremock-mappings" / "things" / "new.yaml", found.stub())

    (stub,) = folder.load("things", tmp_path, None)
    assert stub["request"] == {
        "method": "GET",
        "scheme": "https",
        "host": {"equalTo": "api.example.com"},
        "urlPath": "/v2/items",
        "queryParameters": {"page": {"equalTo": "2"}},
    }
    assert found.stub() == (
        "- method: GET\n  url: https://api.example.com/v2/items\n  query:\n    page: 2\n  response:\n    json: {}\n"
    )


def test_each_is_said_once_in_order_with_the_nearest(tmp_path: Path) -> None:
    file = write(tmp_path / "wiremock-mappings" / "things" / "a.json", make_stub("/v2/itmes"))
    stubs = folder.load("things", tmp_path, None)
    urls = ["https://api.example.com/v2/items", "https://api.example.com/other", "https://api.example.com/v2/items"]

    found = unanswered(map(make_call, urls), stubs)
    assert [(str(each.call.request.url), each.times) for each in found] == [(urls[0], 2), (urls[1], 1)]
    assert found[0].nearest[0] == f"The nearest stub is {file}:1:"
    assert found[0].nearest[2] == "    differs: path segment 2 'items' is not 'itmes'"
    assert "\nA stub that would answer it:\n    - method: GET\n" in str(found[0])
    assert found[0].to_dict()["stub"] == found[0].stub()
