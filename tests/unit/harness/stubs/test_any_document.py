"""Whatever a stub file holds, it is read, checked and converted, or is an error that names the file; never a traceback."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.stubs import short_back, short_file, wiremock_model
from harness.stubs.check import check
from harness.stubs.errors import StubFileError
from harness.stubs.folder import FOLDER, load, read
from harness.stubs.mappings import Stub
from harness.stubs.unused import describe_request

# What a document is made of: any JSON, with the words of WireMock and of the short form as keys.
WORDS = [
    *wiremock_model._STUB,
    *wiremock_model._REQUEST,
    *wiremock_model._RESPONSE,
    *wiremock_model.MATCHERS,
    *("url", "query", "body", "json", "jsonpath", "form", "file", "times", "template", "delay", "wiremock", "equals"),
]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["", "/a", "GET", "(", "$[", "{{x}}", "{", "5", "a.json", "EMPTY_RESPONSE", "\ud800"]),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=3)), inner, max_size=4)
    ),
    max_leaves=12,
)
parts = st.dictionaries(st.sampled_from(WORDS), values, max_size=4)
stubs = st.fixed_dictionaries({}, optional={"request": parts, "response": parts, "id": scalars, "priority": scalars})
documents = st.one_of(values, stubs, st.fixed_dictionaries({"mappings": st.lists(stubs, max_size=3)}))
entries = st.lists(
    st.one_of(
        parts, st.fixed_dictionaries({"url": values, "response": parts}), st.fixed_dictionaries({"wiremock": stubs})
    ),
    max_size=3,
)


def use(folder: Path, name: str, text: str) -> None:
    """Do with a stub file all that there is to do."""
    path = folder / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for finding in check(folder):
        assert str(finding)
        assert finding.file.startswith(str(folder))
    placed: list[Stub] = []
    with refused_with(path):
        placed = [each.stub for each in read(path, folder)]
    for stub in placed:
        describe_request(stub["request"])
    json.dumps(placed, ensure_ascii=False, allow_nan=False).encode()  # as it is sent to WireMock
    if short := short_back.from_stubs(placed):
        again = folder.parent / "again.yaml"
        again.write_text(short_file.write(short), encoding="utf-8")
        assert short_back.from_stubs([each.stub for each in read(again, folder.parent)]) == short
    with refused_with(folder):
        load(folder.name, folder.parent.parent, None)


@contextmanager
def refused_with(path: Path) -> Iterator[None]:
    """An error of stub files may come, and names the path."""
    error: StubFileError | None = None
    try:
        yield
    except StubFileError as raised:
        error = raised
    assert error is None or str(path) in error.what


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / FOLDER / "things"
    made.mkdir(parents=True)
    return made


@given(documents)
def test_any_json(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    folder = tmp_path_factory.mktemp("any") / FOLDER / "things"
    folder.mkdir(parents=True)
    use(folder, "a.json", json.dumps(document))


@given(st.one_of(documents, entries))
def test_any_yaml(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    folder = tmp_path_factory.mktemp("any") / FOLDER / "things"
    folder.mkdir(parents=True)
    use(folder, "a.yaml", yaml.safe_dump(document, allow_unicode=True))


@given(st.binary(max_size=60), st.sampled_from(["a.json", "a.yaml"]))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str) -> None:
    folder = tmp_path_factory.mktemp("any") / FOLDER / "things"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    check(folder)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", '{"response": {\n"jsonBody": {"a": NaN}}}', "a.json:2: this is not valid JSON: NaN is not a value"),
        ("a.json", '{"response": {\n"jsonBody": [-Infinity]}}', "a.json:2: this is not valid JSON: -Infinity"),
        ("a.json", '{"response": {\n"jsonBody": 1E400}}', "a.json:2: the number 1E400 is larger"),
        ("a.json", '{"response": {\n"priority": ' + "9" * 5000 + "}}", "a.json:2: the number 9999999999… of 5000"),
        ("a.json", '{"response":\n' + '{"a":' * 5000, "a.json:2:"),
        (
            "a.json",
            '{"response":\n{"jsonBody":' + "[" * 400 + "]" * 400 + "}}",
            "a.json:2: this is nested more than 150",
        ),
        ("a.yaml", "- url: /a\n  response: {json: .inf}", ""),
        ("a.yaml", "- url: /a\n  response: {json: 1e400}", "a.yaml:2: JSON cannot hold the number 1e400"),
        ("a.yaml", "- url: /a\n  response: {json: " + "9" * 5000 + "}", "a.yaml:2: the number has 5000 digits"),
        (
            "a.yaml",
            "- url: /a\n  response:\n" + "\n".join(" " * n + "a:" for n in range(3, 400)),
            "a.yaml:151: this is",
        ),
        ("a.yaml", "- " * 100_000, "a.yaml:1: this is nested more than 150 levels deep"),
        (
            "a.yaml",
            "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + "\n".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]" for a, b in zip("abcdefg", "bcdefgh", strict=True)),
            "aliases",
        ),
    ],
)
def test_what_no_json_can_hold_is_an_error_with_file_and_line(folder: Path, name: str, text: str, words: str) -> None:
    (folder / name).write_text(text)
    found = [str(finding) for finding in check(folder)]

    assert any(words in each for each in found) or not words
    use(folder, name, text)
