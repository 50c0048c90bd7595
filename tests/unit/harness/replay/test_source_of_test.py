"""What is generated is Python that does what was recorded, in the form that formatter, linter and type checker want."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness import asks
from harness.replay import test_file
from harness.replay.generated_files import mark
from harness.replay.python_literals import literal
from harness.replay.recorded_bodies import INLINE
from harness.replay.recording import Recorded, Recording, read
from harness.replay.replay_plan import plan
from harness.replay.source_of_test import BODIES, Expected, write
from harness.replay.stub_source import write as write_stubs
from harness.replay.truncate import Cut
from harness.routes.transport import InterceptTransport, Route
from harness.testing.declaration import Declaration
from tests.unit.harness.recordings import API, discovery, documented, get, integration, post
from tests.unit.harness.replay.test_replay_plan import GETS, REQUESTS, many

ROOT = Path(__file__).parents[4]
NASTY = "żółć 日本語 🦊 \"quoted\" 'single' back\\slash\nline\u2028\x00\x7f\ud800"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
)
# Bodies that no API has side by side: whatever tells them apart, a route must say it.
VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, "", "a", "1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
BODIES_SIDE_BY_SIDE = (
    st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2)
    | st.lists(VALUES, max_size=2)
    | st.sampled_from(["text", "{", "q=1&q=2", None])
)
ODD_POSTS = st.builds(
    lambda path, asked, number: post(f"/{path}", asked, {"n": number}),
    st.sampled_from("ab"),
    BODIES_SIDE_BY_SIDE,
    st.integers(1, 3),
)
EXPECTED = Expected({"thing": 2}, [{"blueprint": "thing", "identifier": NASTY[:8], "properties": {}}])


def recorded(requests: list[Recorded]) -> Recording:
    content = discovery(requests)
    config = {"api_url": API, "token": "test-value"}
    return Recording("things", "2026-11-21T10:30:00+00:00", config, content["mapping_config"], [], requests, None)


def varied() -> list[Recorded]:
    """Requests of every kind that is written differently."""
    moved = {"location": f"{API}/new", "set-cookie": ["a=1", "b=2"], "link": '<x>; rel="next"'}
    return [
        *documented(),
        *(
            get(f"/things?page={page}&per_page=2", [{"id": page, "name": NASTY, "long": "x" * 100}])
            for page in range(12)
        ),
        get("/things/new?x=1", [], headers={"content-type": "application/vnd.api+json"}),
        get("/old", None, 302, headers=moved),
        get("https://files.example.com:8443/a%20b/c.png", {"$base64": "iVBORw0KGgo=", "content_type": "image/png"}),
        get("/big", [{"id": "big", "value": "x" * INLINE}]),
        get("/text", "plain\ntext"),
        get("/none", None, 204),
        get("/job", {"status": "queued"}),
        get("/job", {"status": "done"}),
        *(post("/graphql", {"operationName": name, "variables": {"a": {"b": [1]}}}, {"of": name}) for name in "AB"),
        post("/search", [{"batch": 1}], {"n": 1}),
        post("/search", [{"batch": 2}], {"n": 2}),
    ]


def load(text: str, bodies: dict[str, bytes], folder: Path) -> Declaration:
    """The generated test class, as Python has it."""
    file = folder / "test_generated.py"
    file.write_text(text)
    for name, content in bodies.items():
        (folder / BODIES).mkdir(exist_ok=True)
        (folder / BODIES / name).write_bytes(content)
    # Not by a plain import: of a file written twice in a second, Python may take the bytecode of the first.
    (test,) = test_file.read(file)
    return test


def matching(transport: InterceptTransport, request: Recorded) -> list[Route]:
    body = request.request_body
    content = body.encode() if isinstance(body, str) else b"" if body is None else json.dumps(body).encode()
    asked = httpx.Request(request.method, request.url, content=content)
    return [route for route in transport.routes if route.matches(asked)]


def run(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    text, _ = write(recorded(varied()), plan(varied(), Cut.NOTHING), EXPECTED, None)
    file = tmp_path / "test_integration_resync.py"
    file.write_text(mark(text))
    return file


def test_each_recorded_request_is_matched_by_its_own_route_and_answered_as_recorded(tmp_path: Path) -> None:
    requests = varied()
    text, bodies = write(recorded(requests), plan(requests, Cut.NOTHING), EXPECTED, None)
    transport = load(text, bodies, tmp_path).create_third_party_transport()

    for request in requests:
        found = matching(transport, request)
        assert len({repr(route.url_pattern) for route in found}) == 1, request.url
        answers: list[Any] = [route.response_factory for route in found]
        if isinstance(request.body, list | dict) and "$base64" not in request.body:
            said = [each["json"] if "json" in each else json.loads(each["body"]) for each in answers]
            assert request.body in said
        assert request.status in [each.get("status_code", 200) for each in answers]
    (redirect,) = matching(transport, get("/old"))
    assert redirect.response_factory == {  # type: ignore[comparison-overlap]
        "status_code": 302,
        "headers": {"location": f"{API}/new", "set-cookie": ["a=1", "b=2"], "link": '<x>; rel="next"'},
    }


@given(requests=REQUESTS | st.lists(GETS | ODD_POSTS, min_size=1, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_no_request_is_matched_by_the_route_of_another(requests: list[Recorded], tmp_path: Path) -> None:
    made = plan(requests, Cut.NOTHING)
    text, bodies = write(recorded(requests), made, EXPECTED, None)
    transport = load(text, bodies, tmp_path).create_third_party_transport()

    for request in requests:
        assert len({repr(route.url_pattern) for route in matching(transport, request)}) == 1, request.url


def test_where_only_an_object_lacks_a_value_the_route_says_so_and_imports_what_it_says_it_with(tmp_path: Path) -> None:
    requests = [
        get("/a", "no import for asks({}) in a body"),
        *(post("/a", asked, {"n": number}) for number, asked in enumerate([{}, {"page": 2}, "text", None])),
    ]
    text, _ = write(recorded(requests), plan(requests, Cut.NOTHING), EXPECTED, None)
    assert 'asks("/a$", json=({}, {"page": None}))' in text
    transport = load(text, {}, tmp_path).create_third_party_transport()
    assert [len(matching(transport, request)) for request in requests] == [1] * 5
    text, _ = write(recorded(requests[:1]), plan(requests[:1], Cut.NOTHING), EXPECTED, None)
    assert "import BaseIntegrationTest, InterceptTransport, ResyncResult\n" in text


def test_one_host_is_left_out_and_several_are_not(tmp_path: Path) -> None:
    one = documented()
    text, _ = write(recorded(one), plan(one, Cut.LISTS), EXPECTED, None)
    assert '"/orgs/my-org/repos$"' in text
    assert r'r"/repos/my-org/[^/?]+/contents/README\.md$"' in text
    several = [*one, get("https://other.example.com/orgs/my-org/repos", [])]
    text, _ = write(recorded(several), plan(several, Cut.LISTS), EXPECTED, None)
    assert r"^https://api\.example\.com/orgs/my-org/repos$" in text
    assert r"^https://other\.example\.com/orgs/my-org/repos$" in text
    assert load(text, {}, tmp_path)


def test_the_formatter_would_change_nothing(generated: Path) -> None:
    for width in ("88", "100", "120"):
        assert run("ruff", "format", "--isolated", "--diff", "--line-length", width, str(generated)) == ""


def test_the_linter_finds_nothing(generated: Path) -> None:
    assert run("ruff", "check", "--isolated", str(generated)) == ""
    rules = ["--select", "ALL", "--ignore", "S101,INP001,E501,COM812,D203,D213,CPY", "--target-version", "py311"]
    assert run("ruff", "check", "--isolated", "--output-format=concise", *rules, str(generated)) == ""


@pytest.mark.slow
def test_the_type_checker_finds_nothing(generated: Path, tmp_path: Path) -> None:
    assert (
        run("mypy", "--strict", "--config-file", "pyproject.toml", "--cache-dir", str(tmp_path), str(generated)) == ""
    )


@pytest.mark.parametrize("stubs", [None, "things"])
def test_every_form_is_well_formed(stubs: str | None, tmp_path: Path) -> None:
    entity: dict[str, Any] = {"blueprint": "thing", "identifier": "1", "properties": {"at": "<now>"}}
    expected = Expected({"thing": 1}, [], [entity], ["KeyError"], has_egress=True)
    made = plan(varied(), Cut.LISTS)
    text, bodies = write(recorded(varied()), made, expected, stubs)
    test = load(text, bodies, tmp_path)

    assert (test.stubs, test.fail_on_egress) == (stubs, False)
    file = str(tmp_path / "test_generated.py")
    assert run("ruff", "format", "--isolated", "--diff", "--line-length", "88", file) == ""
    assert run("ruff", "check", "--isolated", file) == ""


def test_many_requests_have_the_time_that_they_take(tmp_path: Path) -> None:
    timeouts = []
    for count in (1, 1_200, 10_000):
        made = replace(plan(documented(), Cut.NOTHING), requests=count)
        for stubs in (None, "things"):
            test = load(write(recorded(documented()), made, EXPECTED, stubs)[0], {}, tmp_path)
            timeouts.append(test.resync_timeout)
            assert run("ruff", "format", "--isolated", "--diff", str(tmp_path / "test_generated.py")) == ""
    assert timeouts == [None, None, None, None, 1020, 1020]


def test_generated_again_it_is_the_same() -> None:
    texts = {write(recorded(varied()), plan(varied(), Cut.LISTS), EXPECTED, None)[0] for _ in range(2)}
    stubs = {json.dumps(write_stubs(plan(varied(), Cut.LISTS))[0]) for _ in range(2)}
    assert len(texts) == len(stubs) == 1


@given(JSON)
@settings(deadline=None)
def test_a_value_is_written_as_it_is(value: Any) -> None:
    assert eval(literal(value)) == value  # noqa: S307 # our own source


@pytest.mark.slow
def test_ten_thousand_requests_are_written_in_seconds(tmp_path: Path) -> None:
    requests = many(10_000)
    directory = integration(tmp_path, discovery(requests))
    began = time.process_time()
    recording = read(directory)
    made = plan(recording.requests, Cut.NOTHING)
    text, _ = write(recording, made, EXPECTED, None)
    files, _ = write_stubs(made)
    assert time.process_time() - began < 10
    compile(text, "generated", "exec")
    assert sum(len(json.loads(each)["mappings"]) for each in files.values()) == len(made.routes)


def test_asks_tells_requests_apart_by_what_else_they_ask() -> None:
    def post_json(body: Any, url: str = f"{API}/graphql") -> httpx.Request:
        return httpx.Request("POST", url, json=body)

    is_first = asks("/graphql$", json={"operationName": "A", "variables": {"after": None}})
    assert is_first(post_json({"operationName": "A", "variables": {}}))
    assert is_first(post_json({"operationName": "A", "variables": {"after": None}, "query": "…"}))
    assert not is_first(post_json({"operationName": "A", "variables": {"after": "x"}}))
    assert not is_first(post_json({"operationName": "A"}, f"{API}/graphql/other"))
    assert not is_first(httpx.Request("POST", f"{API}/graphql", content=b"no json"))

    none, empty = httpx.Request("POST", f"{API}/graphql"), post_json({"variables": {}})
    assert [asks("/graphql$", json={"variables": {"after": None}})(each) for each in (none, empty)] == [True, True]
    is_object = asks("/graphql$", json=({}, {"variables": {"after": None}}))
    assert [is_object(each) for each in (none, post_json([]), empty, post_json({}))] == [False, False, True, True]
    assert is_object(post_json({"variables": {"after": None}}))
    assert not is_object(post_json({"variables": {"after": "x"}}))
    assert repr(is_object) == "asks('/graphql$', json=({}, {'variables': {'after': None}}))"

    nested = asks("/graphql$", json={"variables": {}, "n": 1})
    given_ = [{"variables": {"a": 1}, "n": 1}, {"variables": None, "n": 1}, {"variables": {}, "n": True}]
    assert [nested(post_json(each)) for each in given_] == [True, False, False]

    by_query = asks("/x$", query={"a": ["1", "2"], "page": None})
    assert by_query(httpx.Request("GET", f"{API}/x?a=1&b=3&a=2"))
    assert not by_query(httpx.Request("GET", f"{API}/x?a=1&a=2&page=2"))
    assert asks("/x$", form={"q": "a b"})(httpx.Request("POST", f"{API}/x", data={"q": "a b"}))
    assert asks("/x$", headers={"accept": "text/csv"})(httpx.Request("GET", f"{API}/x", headers={"Accept": "text/csv"}))
    assert asks("/x$", body="text")(httpx.Request("POST", f"{API}/x", content=b"text"))
    assert repr(by_query) == "asks('/x$', query={'a': ['1', '2'], 'page': None})"
