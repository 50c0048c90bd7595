"""A mapping is checked before a resync is spent on it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from harness import MappingError
from harness.integration.mapping import check, is_understood, warnings
from sandbox.errors import SandboxError
from tests.unit.harness.factories import make_mapping


@pytest.mark.parametrize(
    "mapping",
    [
        make_mapping(),
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
    assert list(warnings(mapping)) == []


@pytest.mark.parametrize(("mapping", "what"), [(None, "a NoneType"), ([1], "a list"), ("x" * 900, "a str")])
def test_what_is_no_dict_is_refused(mapping: object, what: str) -> None:
    with pytest.raises(MappingError, match=f"The mapping of the integration at /here is {what}, not a dict") as raised:
        check(mapping, "the integration at /here")

    assert "from create_mapping_config()" in raised.value.remedy
    assert len(raised.value.what) < 300


def test_an_empty_mapping_is_refused_as_ocean_refuses_it() -> None:
    with pytest.raises(MappingError, match="The mapping of it is empty") as raised:
        check({}, "it")

    assert raised.value.remedy == 'add "resources", with an entry for each kind.'


@pytest.mark.parametrize("resources", [None, {"kind": "service"}, "service", 5])
def test_resources_must_be_a_list(resources: object) -> None:
    with pytest.raises(MappingError, match=re.escape(f'"resources" is not a list: {resources!r}.')):
        check({"resources": resources}, "it")


@pytest.mark.parametrize("resource", [{}, {"kind": None}, {"kind": 1}, "service", None])
def test_each_resource_must_name_its_kind(resource: object) -> None:
    with pytest.raises(MappingError, match=re.escape('resources[1] has no "kind"')) as raised:
        check({"resources": [{"kind": "service"}, resource]}, "it")

    assert "@ocean.on_resync()" in raised.value.remedy


def test_a_selector_that_is_not_jq_is_refused_for_each_item_would_fail() -> None:
    with pytest.raises(MappingError) as raised:
        check({"resources": [{"kind": "service", "selector": {"query": "(.b"}}]}, "the integration at /here")

    assert raised.value.what == (
        "In the mapping of the integration at /here, resources[0].selector.query is not valid JQ: '(.b'"
    )
    assert raised.value.remedy == "fix the expression; jq's own words are below."
    assert raised.value.detail == "syntax error, unexpected end of file, expecting '|' or ',' or ')'"


def test_a_selector_that_yaml_has_made_a_truth_value_is_refused_too() -> None:
    with pytest.raises(MappingError, match=r"resources\[0\]\.selector\.query is not valid JQ: 'True'"):
        check({"resources": [{"kind": "service", "selector": {"query": True}}]}, "it")


def warned(mapping: dict[str, Any]) -> list[str]:
    check(mapping, "it")  # none of them is an error
    assert {each.subject for each in warnings(mapping)} <= {"mapping"}
    return list(map(str, warnings(mapping)))


@pytest.mark.parametrize("mapping", [{"resources": []}, {"createMissingRelatedEntities": True}])
def test_a_mapping_without_resources_resyncs_nothing(mapping: dict[str, Any]) -> None:
    assert warned(mapping) == ["resources: there are none, so nothing is resynced"]


@pytest.mark.parametrize("key", ["identifier", "title", "blueprint", "icon", "team"])
def test_an_expression_that_is_not_jq_is_a_warning_with_its_place(key: str) -> None:
    (warning,) = warned(make_mapping(**{key: ".a ||"}))

    assert warning == (
        f"resources[0].port.entity.mappings.{key}: '.a ||' is not valid JQ (syntax error, unexpected '|'); "
        "Ocean logs that, and it is null"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        # azure-devops: a quote that Ocean makes a double one, after a backslash
        ('.fields."System.Description" // ' + r"'\''", "Invalid escape"),
        (".a.b.", "syntax error"),
        ("foo", "foo/0 is not defined"),
        (True, "True/0 is not defined"),  # YAML's true, which pydantic makes a text of
        ("$x", "$x is not defined"),
        ("'a", "syntax error"),
    ],
)
def test_what_ocean_skips(value: object, said: str) -> None:
    (warning,) = warned(make_mapping(properties={"a": ".a", "b": value}))

    assert warning.startswith(f"resources[0].port.entity.mappings.properties.b: {str(value)!r} is not valid JQ ({said}")
    assert warning.endswith("; Ocean logs that, and it is null")


def test_what_only_drops_items_is_said_so() -> None:
    resource = {"kind": "service", "port": {"itemsToParse": "(.b"}}

    (warning,) = warned({"resources": [{"kind": "a"}, resource]})

    assert warning.startswith("resources[1].port.itemsToParse: '(.b' is not valid JQ (syntax error, ")
    assert warning.endswith("); Ocean logs that, and drops every item")


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
    (warning,) = warned(make_mapping(**mappings))
    assert warning.startswith(f"resources[0].port.entity.mappings.{place}: '(.b' is not valid JQ")


@pytest.mark.parametrize("value", ["file://README.md", "search://path=README.md&&query=x"])
def test_what_the_integrations_own_entity_processor_understands_is_no_warning_once_it_did(value: str) -> None:
    mapping = make_mapping(properties={"readme": value, "broken": "foo"})
    readme, broken = warnings(mapping)
    entity = {"identifier": "a", "blueprint": "service", "properties": {"readme": "# A", "broken": 1}}

    assert "; it is null, unless the integration's own entity processor understands it" in str(readme)
    assert is_understood(readme, mapping, [entity])
    assert not is_understood(readme, mapping, [])
    assert not is_understood(readme, mapping, [{**entity, "properties": {"readme": None}}])
    assert not is_understood(readme, mapping, [{**entity, "blueprint": "other"}])
    # Where the same property of the same blueprint is filled by another resource, this one may still be wrong.
    assert not is_understood(broken, mapping, [entity])


def test_the_error_is_one_of_the_sandbox_and_a_value_error() -> None:
    assert issubclass(MappingError, SandboxError)
    assert issubclass(MappingError, ValueError)


def test_single_quotes_around_a_text_are_as_good_as_double_ones() -> None:
    assert warned(make_mapping(title="'a-' + .name", blueprint="'service'")) == []
