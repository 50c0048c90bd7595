"""Each recipe of ``wiremock-mappings/recipes`` does in a real WireMock what it says; so does any stub in the short form."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.options import settings_in_force
from harness.stubs import folder as stub_files
from harness.stubs import mappings
from harness.stubs.cover import covers
from harness.stubs.short_form import to_stubs
from sandbox.pool import pool
from sandbox.resync.sandbox import Sandbox

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
API = "https://api.example.com"
ITEMS = f"{API}/v2/items"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for all: what they need is a WireMock, emptied before each."""
    in_use = pool.of_this_process(settings_in_force())
    leased = in_use.lease(ROOT / "examples" / "oci-registry", settings_in_force())
    yield leased
    in_use.release(leased)


def client_of(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(event_hooks={"request": [sandbox.wiremock.addressed]}, trust_env=False, timeout=10)


def follow(sandbox: Sandbox, *folders: str) -> httpx.Client:
    """A client of the third party that these folders are."""
    sandbox.wiremock.reset()
    sandbox.wiremock.stub([mappings.UNMATCHED])
    stub_files.deploy(stub_files.load(folders, ROOT, None), sandbox.wiremock)
    return client_of(sandbox)


def test_there_is_a_test_for_each() -> None:
    there = {folder.name for folder in (ROOT / "wiremock-mappings" / "recipes").iterdir()}
    source = Path(__file__).read_text(encoding="utf-8")

    assert {name for name in there if f'"recipes/{name}"' not in source} == set()


def test_rate_limit(sandbox: Sandbox) -> None:
    with follow(sandbox, "recipes/rate-limit") as client:
        first, second, third = (client.get(ITEMS) for _ in range(3))

    assert (first.status_code, first.headers["retry-after"]) == (429, "1")
    assert second.json() == third.json() == [{"id": 1, "name": "first"}, {"id": 2, "name": "second"}]


def test_oauth_token(sandbox: Sandbox) -> None:
    login = "https://login.example.com/oauth/token"
    right = {"grant_type": "client_credentials", "client_id": "test-client-id", "client_secret": "test-client-secret"}
    with follow(sandbox, "recipes/oauth-token") as client:
        token = client.post(login, data=right).json()["access_token"]
        assert client.post(login, data={**right, "client_secret": "no"}).status_code == 401
        assert client.get(ITEMS, headers={"Authorization": f"Bearer {token}"}).json() == [{"id": 1}]
        assert client.get(ITEMS, headers={"Authorization": "Bearer other"}).status_code == 401
        assert client.get(ITEMS).headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_link_pagination(sandbox: Sandbox) -> None:
    found, url = [], ITEMS
    with follow(sandbox, "recipes/link-pagination") as client:
        while url:
            page = client.get(url)
            found += page.json()
            url = page.links.get("next", {}).get("url")

    assert found == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_offset_pagination(sandbox: Sandbox) -> None:
    found: list[Any] = []
    with follow(sandbox, "recipes/offset-pagination") as client:
        while page := client.get(ITEMS, params={"offset": len(found), "limit": 2}).json()["items"]:
            found += page

    assert found == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_cursor_pagination(sandbox: Sandbox) -> None:
    found: list[Any] = []
    with follow(sandbox, "recipes/cursor-pagination") as client:
        page = client.get(ITEMS).json()
        found += page["items"]
        while page["next_cursor"]:
            page = client.get(ITEMS, params={"cursor": page["next_cursor"]}).json()
            found += page["items"]
        assert client.get(ITEMS, params={"cursor": "mine"}).status_code == 400

    assert found == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_graphql(sandbox: Sandbox) -> None:
    def ask(**body: Any) -> Any:
        return client.post(f"{API}/graphql", json=body).json()

    with follow(sandbox, "recipes/graphql") as client:
        first = ask(operationName="Items", query="query Items { … }", variables={"after": None, "first": 2})
        after = first["data"]["items"]["pageInfo"]["endCursor"]
        last = ask(operationName="Items", query="query Items { … }", variables={"after": after, "first": 2})
        teams = ask(query="{ teams { nodes { id } } }")
        other = ask(operationName="Other", query="query Other { x }")

    assert [node["id"] for page in (first, last) for node in page["data"]["items"]["nodes"]] == ["I1", "I2", "I3"]
    assert last["data"]["items"]["pageInfo"]["hasNextPage"] is False
    assert teams["data"]["teams"]["nodes"] == [{"id": "T1"}]
    assert other["errors"] == [{"message": "unknown operation"}]


def test_flaky_upstream(sandbox: Sandbox) -> None:
    with follow(sandbox, "recipes/flaky-upstream") as client:
        assert client.get(ITEMS).status_code == 503
        with pytest.raises(httpx.TransportError):
            client.get(ITEMS)
        assert client.get(ITEMS).headers["content-type"] == "text/html"
        assert client.get(ITEMS).json() == [{"id": 1}]


def test_slow_upstream(sandbox: Sandbox) -> None:
    with follow(sandbox, "recipes/slow-upstream") as client:
        began = time.monotonic()
        assert client.get(ITEMS).json() == [{"id": 1}]
        assert time.monotonic() - began >= 0.8
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{API}/v2/reports", timeout=0.5)


def test_webhooks(sandbox: Sandbox) -> None:
    hooks, address = f"{API}/v2/hooks", "https://port.example.com/integration/webhook"
    with follow(sandbox, "recipes/webhooks") as client:
        assert client.get(hooks).json() == []
        assert client.post(hooks, json={"url": address}).status_code == 201
        assert client.post(hooks, json={}).status_code == 422
        assert [hook["url"] for hook in client.get(hooks).json()] == [address]
        assert client.get(f"{ITEMS}/1").json()["name"] == "first"
        assert client.get(f"{ITEMS}/2").status_code == 404


def test_one_laid_over_another(sandbox: Sandbox) -> None:
    with follow(sandbox, "recipes/webhooks", "recipes/rate-limit") as client:
        assert client.get(ITEMS).status_code == 429
        assert client.get(f"{ITEMS}/1").json()["name"] == "first"


def matching(what: Any, value: str | None) -> bool:
    if isinstance(what, str):
        return value == what
    ((how, wanted),) = what.items()
    if how == "absent":
        return value is None
    if value is None:
        return False
    return {"contains": wanted in value, "matches": how == "matches" and bool(re.fullmatch(wanted, value))}[how]


def answers(entry: dict[str, Any], request: httpx.Request) -> bool:
    """Whether an entry is for a request, as its documentation says."""
    url, path, query = request.url, request.url.raw_path.decode().partition("?")[0], request.url.params
    wanted = {
        "/items": path == "/items",
        "/items/{id}": bool(re.fullmatch("/items/[^/]+", path)),
        "/items?page=1": url.raw_path == b"/items?page=1",
        "https://api.example.com/items": url.scheme == "https" and url.host == "api.example.com" and path == "/items",
        "/items.*": bool(re.fullmatch("/items.*", path)),
    }
    asked = entry.get("url")
    return (
        entry.get("method", request.method) in (request.method, "GET_OR_HEAD" if request.method == "GET" else "")
        and (asked is None or wanted[asked["matches"] if isinstance(asked, dict) else asked])
        and all(matching(what, query.get(name)) for name, what in entry.get("query", {}).items())
        and all(matching(what, request.headers.get(name)) for name, what in entry.get("headers", {}).items())
        and (entry.get("host") in (None, url.host))
        and ("body" not in entry or matching(entry["body"], request.content.decode()))
    )


matchers = st.sampled_from(["1", "2", {"contains": "1"}, {"matches": "[0-9]+"}, {"absent": True}])
entries = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["GET", "POST", "GET_OR_HEAD"]),
        "url": st.sampled_from(
            ["/items", "/items/{id}", "/items?page=1", "https://api.example.com/items", {"matches": "/items.*"}]
        ),
        "query": st.fixed_dictionaries({"page": matchers}),
        "headers": st.fixed_dictionaries({"X-One": matchers}),
        "body": st.sampled_from(["1", {"contains": "1"}]),
    },
)
requests = st.builds(
    lambda method, scheme, host, path, query, headers, body: httpx.Request(
        method, f"{scheme}://{host}{path}{query}", headers=headers, content=body if method == "POST" else ""
    ),
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(["http", "https"]),
    st.sampled_from(["api.example.com", "other.example"]),
    st.sampled_from(["/items", "/items/7", "/items/7/8", "/other"]),
    st.sampled_from(["", "?page=1", "?page=2", "?page=21&x=1"]),
    st.sampled_from([{}, {"X-One": "1"}, {"X-One": "x"}]),
    st.sampled_from(["", "1", "21"]),
)


@pytest.mark.slow
def test_any_stub_in_the_short_form_answers_what_it_says_and_the_first_wins(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(st.lists(entries, min_size=1, max_size=4), st.lists(requests, min_size=1, max_size=6))
        def same(some: list[dict[str, Any]], asked: list[httpx.Request]) -> None:
            made = [to_stubs({**entry, "response": {"body": str(number)}}, "")[0] for number, entry in enumerate(some)]
            sandbox.wiremock.reset()
            sandbox.wiremock.stub([mappings.UNMATCHED])
            sandbox.wiremock.stub(made)
            for request in asked:
                said = client.send(
                    httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
                ).text
                fitting = [number for number, entry in enumerate(some) if answers(entry, request)]
                assert said == (str(fitting[0]) if fitting else "No route matched"), (request, some)
                for number in fitting:  # what is said to be covered never answers
                    for before in range(number):
                        if covers(made[before]["request"], made[number]["request"]):
                            assert before in fitting

        same()
