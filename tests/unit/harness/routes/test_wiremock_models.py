"""A mapping of the ``wiremock`` package says to WireMock all that it says to a reader, or it is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wiremock import client

from harness import InterceptTransport, UnmatchedRequestError
from harness.routes import wiremock_models as ours
from harness.routes.wiremock_models import stub_of
from harness.stubs import wiremock_model
from harness.stubs.folder import load
from harness.stubs.mappings import FILES_PRIORITY, MAPPINGS_PRIORITY, from_mappings
from tests.unit.harness.factories import call

JSON = st.recursive(
    st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MATCHERS = st.dictionaries(st.text(min_size=1, max_size=5), st.dictionaries(st.text(max_size=5), JSON, max_size=2))


def value_of(field: Any) -> st.SearchStrategy[Any]:
    """Values that a field of a model may have, as JSON."""
    if field.is_base_entity_class():
        return contents(field.klass)
    if field.is_list():
        return st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=2) | st.text(max_size=5), max_size=2)
    return MATCHERS if field.is_dict() else JSON


def contents(model: Any) -> st.SearchStrategy[dict[str, Any]]:
    """All that a model can express, as WireMock's JSON."""
    fields = {
        field.json_name: value_of(field)
        for field in model._properties.values()
        if field.json_name not in ("bodyFileName", "priority", "request", "response")
    }
    if not issubclass(model, client.Mapping):
        return st.fixed_dictionaries({}, optional=fields)
    optional = {**fields, "id": st.uuids().map(str), "priority": st.integers(-9, 9)}
    parts = {name: contents(model._properties[name].klass) for name in ("request", "response")}
    return st.fixed_dictionaries(parts, optional=optional)


def built(model: Any, content: dict[str, Any]) -> Any:
    """A model as a test builds it: with the names of Python, and models within models."""
    values = {}
    for name, field in model._properties.items():
        if field.json_name in content:
            value = content[field.json_name]
            values[name] = built(field.klass, value) if field.is_base_entity_class() else value
    return model(**values, **({"id": content["id"]} if "id" in content and issubclass(model, client.Mapping) else {}))


@pytest.mark.parametrize("model", [client.Mapping, ours.Mapping])
@settings(max_examples=30)
@given(data=st.data())
def test_all_that_a_mapping_can_express_is_kept(model: Any, data: st.DataObject) -> None:
    content = data.draw(contents(model))

    assert stub_of(built(model, content)) == content
    assert stub_of(model.from_dict(content)) == content
    assert stub_of(content) == content


def test_the_models_know_every_field_of_wiremock() -> None:
    def fields(model: Any) -> set[str]:
        return {"id", *(field.json_name for field in model._properties.values())}

    # WireMock's second name of basicAuthCredentials.
    assert set(wiremock_model._REQUEST) - fields(ours.MappingRequest) == {"basicAuth"}
    assert set(wiremock_model._RESPONSE) <= fields(ours.MappingResponse)
    assert set(wiremock_model._STUB) - {"$schema", "mappings"} <= fields(ours.Mapping)


def test_what_the_packages_own_models_do_not_know_is_refused_where_it_can_be_seen() -> None:
    mapping = client.Mapping(request=client.MappingRequest(method="GET"), response=client.MappingResponse(status=200))
    mapping.request.host = {"equalTo": "api.example.com"}
    with pytest.raises(TypeError, match=r"MappingRequest\.host would be lost.*harness\.wiremock_models"):
        stub_of(mapping)

    delayed = client.DelayDistribution(distribution_type="fixed")
    delayed.milliseconds = 3
    mapping = client.Mapping(request={}, response=client.MappingResponse(delay_distribution=delayed))
    with pytest.raises(TypeError, match=r"DelayDistribution\.milliseconds would be lost"):
        stub_of(mapping)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ours.MappingRequest(hots={}), "MappingRequest has no field 'hots': did you mean 'host'?"),
        (lambda: ours.Mapping(request={"urlPaht": "/"}), "MappingRequest has no field 'urlPaht'"),
        (lambda: stub_of([]), "not []"),  # type: ignore[arg-type]
        (lambda: stub_of(ours.Mapping(request={})), "the stub has no object 'response'"),
        (lambda: stub_of({"request": {}}), "the stub has no object 'response'"),
        (lambda: stub_of({"request": {}, "response": {"jsonBody": object()}}), "cannot be written as JSON"),
        (lambda: stub_of({"request": {}, "response": {"jsonBody": float("nan")}}), "cannot be written as JSON"),
        (lambda: stub_of({"request": {}, "response": {"bodyFileName": "a.json"}}), "cannot see your files"),
        (lambda: stub_of({"request": {}, "response": {}, "priority": "high"}), "must be a whole number, not 'high'"),
    ],
)
def test_what_is_no_mapping_is_refused(make: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError)) as raised:
        make()
    assert message in str(raised.value)


class TestInATransport:
    def test_a_stub_knows_the_line_that_added_it(self) -> None:
        transport = InterceptTransport().add_stub({"request": {}, "response": {}, "metadata": {"team": "a"}})

        (stub,) = transport.stubs
        assert stub["metadata"] == {"team": "a", "file": __file__, "line": stub["metadata"]["line"]}
        assert "add_stub" in Path(__file__).read_text("utf-8").splitlines()[stub["metadata"]["line"] - 1]

    def test_a_later_change_of_the_mapping_is_not_seen(self) -> None:
        mapping = ours.Mapping(request={"url": "/a"}, response={"status": 200})
        transport = InterceptTransport().add_stub(mapping)
        mapping.request.url = "/b"

        assert transport.stubs[0]["request"] == {"url": "/a"}

    def test_stubs_rank_as_in_wiremock_under_the_routes_and_over_stub_folders(self) -> None:
        transport = InterceptTransport()
        for name, priority in [("first", None), ("last", None), ("zero", 0), ("huge", 10**12), ("tiny", -(10**12))]:
            stub = {"name": name, "request": {}, "response": {}}
            transport.add_stub(stub if priority is None else {**stub, "priority": priority})

        ranked = from_mappings(transport.stubs)
        # WireMock takes the first of an import, so the sort must keep the order of equals.
        in_order = [stub["name"] for stub in sorted(ranked, key=lambda stub: stub["priority"])]
        assert in_order == ["tiny", "zero", "last", "first", "huge"]
        assert all(0 < stub["priority"] < FILES_PRIORITY - 10**8 for stub in ranked)
        assert MAPPINGS_PRIORITY > 10**6

    @pytest.mark.asyncio
    async def test_without_a_sandbox_routes_answer_and_stubs_are_an_error(self) -> None:
        transport = InterceptTransport(strict=False).add_route("GET", "/routes", {"json": []})
        transport.add_stub({"request": {"url": "/stubs"}, "response": {"status": 200}})

        assert (await call(transport, "https://api.example.com/routes")).json() == []
        with pytest.raises(UnmatchedRequestError, match="runs only in a sandbox"):
            await call(transport, "https://api.example.com/stubs")

    def test_a_route_takes_no_mapping(self) -> None:
        answer: Any = client.Mapping(request={}, response={})
        with pytest.raises(TypeError):
            InterceptTransport().add_route("GET", "/", answer)


class TestOfAClass:
    def test_a_mapping_is_one_stub(self, tmp_path: Any) -> None:
        (stub,) = load(client.Mapping(request={"url": "/a"}, response={}), tmp_path, None)
        assert (stub["request"], stub["metadata"]) == ({"url": "/a"}, {"file": "stubs[0] of the test"})

    def test_of_several_the_later_lies_over_the_earlier(self, tmp_path: Any) -> None:
        over, under = ({"name": name, "request": {}, "response": {}} for name in ("over", "under"))
        stubs = load([{**under, "priority": 1}, {**over, "priority": 9}], tmp_path, None)
        assert min(stubs, key=lambda stub: stub["priority"])["name"] == "over"


def test_the_package_is_not_imported_before_it_is_used() -> None:
    code = "import sys, harness.pytest_plugin.base; assert not [name for name in sys.modules if name.startswith('wiremock')]"
    subprocess.run([sys.executable, "-c", code], check=True)
