"""What is made of a schema fits it, and is the same each time."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.imports import references
from harness.imports.sample import sample


def made(schema: Any, notes: list[str] | None = None) -> Any:
    def note(what: str, detail: str) -> None:
        if notes is not None:
            notes.append(f"{what} {detail}".strip())

    return sample(references.root(Path("/x.json"), schema), note)


FITTING: list[dict[str, Any]] = [
    *({"type": each} for each in ("object", "array", "string", "integer", "number", "boolean", "null")),
    {"type": ["null", "integer"], "minimum": 5},
    {"type": "integer", "exclusiveMinimum": 0, "maximum": 1},
    {"type": "integer", "multipleOf": 7, "minimum": 8, "maximum": 20},
    {"type": "number", "minimum": 0.1, "maximum": 0.2},
    {"type": "integer", "maximum": -3},
    {"type": "string", "minLength": 12, "maxLength": 14},
    {"type": "string", "maxLength": 2},
    {"type": "string", "pattern": r"^AC[0-9a-f]{32}$"},
    {"type": "string", "pattern": r"^[A-Z]{3}-\d{4}(?:-x)?$"},
    {"type": "string", "pattern": r"^(foo|bar)\.[^\s/]+$"},
    {"type": "string", "pattern": r"^\/v1\/accounts"},
    {"type": "string", "pattern": "^[a-z]+$", "minLength": 9},
    {"enum": [None, "b", "a"]},
    {"const": {"a": 1}},
    {"type": "array", "items": {"type": "integer"}, "minItems": 3},
    {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 2, "uniqueItems": True},
    {"type": "array", "items": {"type": "string"}, "maxItems": 0},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}}, {"required": ["a"]}]},
    {"oneOf": [{"type": "null"}, {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}}]},
    {"properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {"type": "object", "properties": {"a": {"example": 5, "type": "integer"}, "b": {"default": "x"}}},
    {"type": "string", "example": 5},
    {"type": "array", "example": "[1, 2]", "items": {"type": "integer"}},
]


@pytest.mark.parametrize("schema", FITTING, ids=str)
def test_it_fits(schema: dict[str, Any]) -> None:
    notes: list[str] = []
    value = made(schema, notes)

    jsonschema.Draft202012Validator(schema).validate(value)
    assert made(schema) == value
    assert not notes


@pytest.mark.parametrize(
    ("name", "text"), [("date-time", "2024-01-01T00:00:00Z"), ("email", "user@example.com"), ("unknown", "string")]
)
def test_formats(name: str, text: str) -> None:
    assert made({"type": "string", "format": name}) == text


def test_version_3_0_says_exclusive_with_a_flag() -> None:
    assert made({"type": "integer", "minimum": 1, "exclusiveMinimum": True}) == 2


def test_what_is_only_written_is_not_answered_and_the_alternative_is_named() -> None:
    schema = {
        "oneOf": [{"$ref": "#/defs/cat"}],
        "discriminator": {"propertyName": "kind", "mapping": {"a-cat": "#/defs/cat"}},
        "defs": {
            "cat": {
                "type": "object",
                "properties": {"kind": {"type": "string"}, "password": {"type": "string", "writeOnly": True}},
            }
        },
    }
    assert made(schema) == {"kind": "a-cat"}


def test_a_pattern_that_no_text_was_found_for_is_told() -> None:
    notes: list[str] = []
    assert made({"type": "string", "pattern": "^(?=.*z9)(?=.*q8).{20}$"}, notes) == "string"
    assert notes == ["a text that should match a pattern does not: write one ^(?=.*z9)(?=.*q8).{20}$"]


def test_a_schema_that_stands_for_millions_ends(tmp_path: Path) -> None:
    del tmp_path
    defs = {
        f"d{number}": {"type": "object", "properties": {each: {"$ref": f"#/defs/d{number + 1}"} for each in "abcdefgh"}}
        for number in range(30)
    }
    notes: list[str] = []
    assert made({"$ref": "#/defs/d0", "defs": {**defs, "d30": {"type": "string"}}}, notes)
    assert any("stands for more than 2,000 values" in note for note in notes)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "properties",
                    "items",
                    "allOf",
                    "oneOf",
                    "anyOf",
                    "$ref",
                    "enum",
                    "required",
                    "pattern",
                    "minimum",
                ]
            )
            | st.text(max_size=3),
            inner
            | st.sampled_from(["object", "array", "string", "integer", "number", "#", "#/properties", "(", "^a{3}$"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_JSON)
def test_whatever_a_schema_is_something_comes_of_it(schema: Any) -> None:
    made(schema)
