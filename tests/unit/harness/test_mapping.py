"""A mapping is looked at before it costs a resync."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness import MappingError
from harness.mapping import check
from sandbox.errors import SandboxError

from .factories import make_mapping


@pytest.mark.parametrize(
    "mapping",
    [
        make_mapping(),
        {"resources": []},
        {"resources": [{"kind": "service"}]},
        {"resources": [{"kind": "service", "selector": None, "port": None}]},
        make_mapping(identifier='.a + "-" + (.b | tostring)', icon=None, team=".team"),
        make_mapping(relations={"owner": {"combinator": '"and"', "rules": [{"property": "(not jq", "value": ".o"}]}}),
        make_mapping(relations={"owner": {"combinator": '"and"'}, "many": {"rules": None}}),
        make_mapping(properties={"count": 5}),
        make_mapping(identifier={"rules": ["x"]}),
        make_mapping(identifier={"rules": {"a": 1}}),
        make_mapping(identifier={"rules": 5}),
    ],
)
def test_a_mapping_passes(mapping: dict[str, Any]) -> None:
    check(mapping, "the integration at /here")


@pytest.mark.parametrize(("mapping", "what"), [(None, "a NoneType"), ([1], "a list"), ("x" * 900, "a str")])
def test_what_is_no_dict_is_refused(mapping: object, what: str) -> None:
    with pytest.raises(MappingError, match=f"The mapping of the integration at /here is {what}, not a dict") as raised:
        check(mapping, "the integration at /here")

    assert "from create_mapping_config()" in raised.value.remedy
    assert len(raised.value.what) < 300


@pytest.mark.parametrize("mapping", [{}, {"resources": None}, {"resources": {"kind": "service"}}])
def test_resources_must_be_a_list(mapping: object) -> None:
    with pytest.raises(MappingError, match='has no list "resources"') as raised:
        check(mapping, "it")

    assert raised.value.remedy == 'add "resources", with an entry for each kind.'


@pytest.mark.parametrize("resource", [{}, {"kind": None}, {"kind": 1}, "service", None])
def test_each_resource_must_name_its_kind(resource: object) -> None:
    with pytest.raises(MappingError, match=re.escape('resources[1] has no "kind"')) as raised:
        check({"resources": [{"kind": "service"}, resource]}, "it")

    assert "@ocean.on_resync()" in raised.value.remedy


@pytest.mark.parametrize("key", ["identifier", "title", "blueprint", "icon", "team"])
def test_an_expression_that_is_no_jq_is_named_with_its_place(key: str) -> None:
    with pytest.raises(MappingError) as raised:
        check(make_mapping(**{key: ".a ||"}), "the integration at /here")

    assert raised.value.what == (
        f"In the mapping of the integration at /here, resources[0].port.entity.mappings.{key} is no valid JQ: '.a ||'"
    )
    assert raised.value.remedy == "mend the expression; jq's own words are below."
    assert "syntax error" in raised.value.detail


@pytest.mark.parametrize(
    ("mappings", "place"),
    [
        ({"properties": {"a": ".a", "b": "(.b"}}, "properties.b"),
        ({"relations": {"team": "(.b"}}, "relations.team"),
        ({"relations": {"team": {"rules": [{"value": ".a"}, {"value": "(.b"}]}}}, "relations.team.rules[1]"),
        ({"relations": {"team": {"rules": [{"rules": [{"value": "(.b"}]}]}}}, "relations.team.rules[0].rules[0]"),
        ({"identifier": {"rules": [{"value": "(.b"}]}}, "identifier.rules[0]"),
    ],
)
def test_expressions_are_found_in_groups_and_search_queries(mappings: dict[str, Any], place: str) -> None:
    with pytest.raises(MappingError, match=re.escape(f"mappings.{place} is no valid JQ: '(.b'")):
        check(make_mapping(**mappings), "it")


@pytest.mark.parametrize(
    ("resource", "place"),
    [({"selector": {"query": "(.b"}}, "selector.query"), ({"port": {"itemsToParse": "(.b"}}, "port.itemsToParse")],
)
def test_expressions_outside_the_entity_are_looked_at_too(resource: dict[str, Any], place: str) -> None:
    with pytest.raises(MappingError, match=re.escape(f"resources[0].{place} is no valid JQ")):
        check({"resources": [{"kind": "service", **resource}]}, "it")


def test_the_error_is_one_of_the_sandbox_and_a_value_error() -> None:
    assert issubclass(MappingError, SandboxError)
    assert issubclass(MappingError, ValueError)


def test_single_quotes_around_a_text_are_as_good_as_double_ones() -> None:
    check(make_mapping(title="'a-' + .name", blueprint="'service'"), "it")
