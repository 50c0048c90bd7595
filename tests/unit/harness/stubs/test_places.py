"""Of every part of a YAML or JSON file the line is known, and YAML holds what JSON can hold, as editors read it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import StubFileError
from harness.stubs.json_places import json_lines
from harness.stubs.yaml_places import read_yaml

FILE = Path("stubs.yaml")

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def error_of(text: str) -> StubFileError:
    with pytest.raises(StubFileError) as raised:
        read_yaml(FILE, text)
    return raised.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("2024-01-01", "2024-01-01"),
        ("010", 10),
        ("0x1f", 31),
        ("0o17", 15),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        ("~", None),
        ("", None),
        ("True", True),
        (".inf", ".inf"),
        ("'1'", "1"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("<<: a", {"<<": "a"}),
        ("1: a", {"1": "a"}),
        ("[1, [2]]", [1, [2]]),
    ],
)
def test_values_are_what_yaml_1_2_says(text: str, value: Any) -> None:
    assert read_yaml(FILE, text).value == value


def test_lines_are_those_of_keys_and_items_and_texts_are_as_written() -> None:
    document = read_yaml(FILE, "- a: 010\n  b:\n    - x\n    - {c: yes}\n- 1\n")

    assert [document.line(steps) for steps in ((0, "a"), (0, "b"), (0, "b", 1, "c"), (1,))] == [1, 2, 4, 5]
    assert document.line((0, "b", 0, "not", "there")) == 3
    assert document.texts[0, "a"] == "010"
    assert document.texts[0, "b", 1, "c"] == "yes"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: [", "stubs.yaml:2:1: this is not valid YAML: "),
        ("a: 1\na: 2", "stubs.yaml:2: the key 'a' appears twice."),
        ("\n- !!binary aGk=", "stubs.yaml:2: the tag tag:yaml.org,2002:binary has no meaning here."),
        ("a: &x [*x]", "stubs.yaml:1: this alias contains itself."),
        ("? [1]\n: 2", "stubs.yaml:1: a key must be text."),
        ("a: 1e999", "stubs.yaml:1: JSON cannot hold the number 1e999."),
        ("a: \x07", "stubs.yaml: this is not valid YAML: "),
        ("a: 1\n---\nb: 2", "stubs.yaml:2:1: this is not valid YAML: "),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, what: str) -> None:
    assert error_of(text).what.startswith(what)


def test_yaml_that_is_nested_too_deep_is_an_error() -> None:
    assert error_of("[" * 400 + "]" * 400).what == "stubs.yaml:1: this is nested more than 150 levels deep."


@given(values)
def test_json_is_yaml_with_the_same_value(value: Any) -> None:
    text = json.dumps(value)
    if "\\u" not in text:  # YAML has no surrogate pairs
        assert read_yaml(FILE, text).value == value


@given(values)
def test_the_lines_of_json_are_those_on_which_keys_stand(value: Any) -> None:
    text = json.dumps(value, indent=1)
    for steps, line in json_lines(text).items():
        if steps and isinstance(steps[-1], str):
            assert text.splitlines()[line - 1].strip().startswith(json.dumps(steps[-1]) + ":")
