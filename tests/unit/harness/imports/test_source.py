"""What cannot be imported is told with file, place and what to do; nothing is written, and nothing breaks."""

import copy
import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from harness.imports import source, writing
from harness.imports.imported import Options
from sandbox.errors import SandboxError
from tests.unit.harness.imports.documents import (
    API,
    answer,
    collection,
    entry,
    har,
    item,
    openapi,
    operation,
    run,
    write,
)

WHOLE = json.dumps(openapi({"/x": {"get": operation()}}))


@pytest.mark.parametrize(
    ("name", "content", "what", "remedy"),
    [
        ("a.json", b"", "is empty", "export it again"),
        ("a.json", WHOLE[:-9].encode(), ":1:", "download it again"),
        ("a.har", b'{"log": {"entries": [{"request": "htt', "ends in the middle", "download it again"),
        ("a.json", b'{"openapi": nope}', ":1:13: this is not valid JSON", "fix that line"),
        ("a.json", b'{"openapi": NaN}', "NaN is not a value", "write null"),
        ("a.yaml", b"openapi: 3.0.0\n\tpaths: {}", ":2:1: this is not valid YAML", "fix that line"),
        ("a.yaml", b"a: &a [*a]\n", ":1: this alias contains itself", "write out"),
        ("a.yaml", b"a: 1\na: 2\n", "the key 'a' appears twice", "fix"),
        ("a.yaml", b"? [a]\n: 1\n", "a key must be text", "fix"),
        ("a.json", b"[" * 100_000, "150 levels", "flatter"),
        ("a.yaml", b"[" * 100_000, "150 levels", "flatter"),
        ("a.json", b"\xff\xfe\x00", "cannot be read", "save it as UTF-8"),
        ("a.json", WHOLE.encode("latin-1") + b"\xe9", "cannot be read", "UTF-8"),
        ("a.har.gz", gzip.compress(b"{}", mtime=0), "is a gzip file", "unpack"),
        ("a.json", b"[]", "does not hold an object", "an OpenAPI 3 document"),
        ("a.json", b"{}", "nothing in it says what it is", "a HAR file"),
        ("a.yaml", b"just text", "does not hold an object", "name a WireMock folder"),
        ("a.json", b'{"swagger": "2.0", "paths": {}}', "/swagger: this is Swagger 2.0", "swagger2openapi"),
        ("a.json", b'{"openapi": "4.0.0", "paths": {"/": {}}}', "/openapi: this is OpenAPI 4.0.0", "convert"),
        ("a.json", b'{"openapi": "3.1.0", "webhooks": {}}', "/paths: the document has no paths", "name the document"),
        ("a.json", b'{"paths": {}}', "no key `openapi`", "add `openapi: 3.0.3`"),
        ("a.json", b'{"asyncapi": "2.0"}', "AsyncAPI", "name a WireMock folder"),
        (
            "a.json",
            b'{"id": "1", "order": [], "requests": []}',
            "/requests: this is a Postman collection of version 1",
            "v2.1",
        ),
        ("a.json", b'{"values": [], "_postman_variable_scope": "environment"}', "environment", "--environment"),
        ("a.json", b'{"info": {}, "item": []}', "/item: the collection has no requests", "another"),
        ("a.json", b'{"request": {}, "response": {}}', "a stub file of WireMock's", "the folder that it is in"),
        ("a.har", b'{"log": {"entries": []}}', "/log/entries: the HAR file has no requests", "record it again"),
        ("a.json", b'{"_type": "export", "resources": []}', "Insomnia", "HAR"),
    ],
)
def test_bad_documents(tmp_path: Path, name: str, content: bytes, what: str, remedy: str) -> None:
    (tmp_path / name).write_bytes(content)

    done = run(tmp_path / name, "-o", tmp_path / "out", code=3)

    assert str(tmp_path / name) in done.stderr
    assert what in done.stderr
    assert remedy in done.stderr
    assert "Unexpected error" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.json").write_bytes(WHOLE.encode(encoding))
    run(tmp_path / "a.json", "-o", tmp_path / "out")


def test_nothing_that_can_be_taken_is_an_error_with_the_reasons(tmp_path: Path) -> None:
    content = har(entry("data:x", ""))
    content["log"]["entries"].append(entry(f"{API}/x", status=0))

    said = run(write(tmp_path / "a.har", content), "-o", tmp_path / "out", code=3).stderr

    assert "none of its 2 requests can be imported" in said
    assert "data: is not HTTP" in said
    assert "it was not answered" in said


def test_aliases_of_aliases_do_not_fill_the_memory(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{number}: &a{number} [*a{number - 1}, *a{number - 1}]" for number in range(1, 60))]
    said = run(write(tmp_path / "a.yaml", "\n".join(lines)), "-o", tmp_path / "out", code=3).stderr
    assert "with its aliases, this has more than" in said


def test_an_error_as_json(tmp_path: Path) -> None:
    said = run(write(tmp_path / "a.json", "{}"), "-o", tmp_path / "out", "--json", code=3).stdout
    assert json.loads(said)["error"]["remedy"].startswith("name a WireMock folder")


SEEDS = [
    openapi(
        {
            "/a/{id}": {
                "parameters": [{"name": "id", "in": "path"}],
                "get": operation({"$ref": "#/components/schemas/a"}, examples={"x": {"value": 1}}),
                "servers": [{"url": "https://{a}.example", "variables": {"a": {"default": "b"}}}],
            }
        },
        components={"schemas": {"a": {"allOf": [{"type": "object", "properties": {"b": {"pattern": "^a$"}}}]}}},
    ),
    har(entry(f"{API}/a?b=c", {"a": 1}), entry(f"{API}/b", "x", "POST", postData={"text": "a"})),
    collection(
        item("a", {"raw": "{{b}}/:c", "query": [{"key": "d"}], "variable": [{"key": "c", "value": "1"}]}, answer([1])),
        variable=[{"key": "b", "value": API}],
    ),
]
ODD: list[Any] = [
    *(None, True, 0, -1, 1.5, "", "x", "{", "{{b}}", "http://[", "https://é.example/ü", [], {}, [None], [[]], 10**30),
    *(
        {"$ref": "#"},
        {"$ref": 5},
        {"$ref": "//["},
        {"$ref": "nope.yaml"},
        {"type": ["null"]},
        {"allOf": 5},
        {"enum": []},
    ),
    *("\ud800", "a" * 3_000, {"pattern": "("}, {"a": None}),
]


def _places(value: Any, steps: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [steps, *(place for key, each in inner for place in _places(each, (*steps, key)))]


@pytest.mark.parametrize("seed", range(60))
def test_a_document_with_anything_anywhere_is_imported_or_refused(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 # no secret
    for number in range(5):
        content = copy.deepcopy(SEEDS[(seed + number) % len(SEEDS)])
        *around, last = chance.choice(_places(content)[1:])
        part: Any = content
        for step in around:
            part = part[step]
        part[last] = copy.deepcopy(chance.choice(ODD))
        try:
            found = source.read(write(tmp_path / "a.json", content), Options())
        except SandboxError:
            continue
        writing.write(found, tmp_path / f"out-{number}", "yaml")


FOLDER = "folder"
OF_EACH = {
    FOLDER: None,
    "HAR file": har(entry(f"{API}/a", {})),
    "OpenAPI document": openapi({"/a": {"get": operation(example={})}}),
    "Postman collection": collection(item("a", f"{API}/a", answer([]))),
}
APPLIES = {
    "--only": {"HAR file", "OpenAPI document", "Postman collection"},
    "--allow": {"HAR file", "OpenAPI document", "Postman collection"},
    "--server": {"OpenAPI document"},
    "--environment": {"Postman collection"},
}


@pytest.mark.parametrize("kind", OF_EACH)
@pytest.mark.parametrize("option", APPLIES)
def test_an_option_that_says_nothing_of_the_source_is_refused(tmp_path: Path, option: str, kind: str) -> None:
    content = OF_EACH[kind]
    if content is None:
        made = {"request": {"url": "/a"}, "response": {}}
        path = write(tmp_path / "folder" / "mappings" / "a.json", made).parent.parent
    else:
        path = write(tmp_path / "a.json", content)
    environment = write(tmp_path / "e.json", {"values": []}) if option == "--environment" else None
    options = {"--only": Options(only=("*",)), "--allow": Options(allowed=("a.b",)), "--server": Options(server=API)}
    if kind in APPLIES[option]:
        assert source.read(path, options.get(option, Options()), environment).taken == 1
    else:
        with pytest.raises(SandboxError, match=f"and {option} is for "):
            source.read(path, options.get(option, Options()), environment)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    found = source.read(write(tmp_path / "a.json", OF_EACH["HAR file"]), Options())
    with pytest.raises(SandboxError, match=r"out.* cannot be read or written: "):
        writing.write(found, tmp_path / "out", "yaml")


def test_nobody_elses_files_are_removed(tmp_path: Path) -> None:
    others = [tmp_path / "out" / name for name in (".ocean-sandbox-mine", ".ocean-sandbox-", ".import-", ".stubs-x")]
    for each in others:
        write(each, "mine")
    writing.write(source.read(write(tmp_path / "a.json", OF_EACH["HAR file"]), Options()), tmp_path / "out", "json")
    assert [each.read_text() for each in others] == ["mine"] * len(others)


def test_one_of_something_is_said_in_the_singular(tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", OF_EACH["OpenAPI document"])
    run(file, "-o", tmp_path / "wiremock-mappings" / "a")
    again = run(file, "-o", tmp_path / "wiremock-mappings" / "a").output
    assert "1 file unchanged" in again
    assert "OpenAPI document: 1 of 1 operation taken" in again
