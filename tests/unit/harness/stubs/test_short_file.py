"""Every mistake in a file in the short form is reported with its line and a suggestion."""

from pathlib import Path

import pytest

from harness import StubFileError
from harness.stubs import short_file
from harness.stubs.folder import FOLDER, load
from tests.unit.harness.factories import make_stub, write


def stubs(tmp_path: Path, text: str, name: str = "a.yaml") -> Path:
    return write(tmp_path / FOLDER / "registry" / name, text)


def error_of(tmp_path: Path, text: str, name: str = "a.yaml") -> tuple[str, str]:
    file = stubs(tmp_path, text, name)
    with pytest.raises(StubFileError) as raised:
        load("registry", tmp_path, None)
    return raised.value.what.replace(str(file), "F"), raised.value.remedy


def test_it_is_read_beside_wiremocks_own(tmp_path: Path) -> None:
    stubs(tmp_path, "- url: /a\n  response: {json: []}\n\n- url: /b\n  times: 2\n  response: {}\n", "b.yml")
    write(tmp_path / FOLDER / "registry" / "a.json", make_stub("/x"))

    found = load("registry", tmp_path, None)
    assert [stub["request"]["urlPath"] for stub in found] == ["/x", "/a", "/b", "/b"]
    assert [stub["metadata"]["line"] for stub in found] == [1, 1, 4, 4]
    assert found[2]["scenarioName"] == "times of registry/b.yml#2"
    assert len({stub["id"] for stub in found}) == 4


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("- url: /a\n  respones: {}", "F:2: unknown key `respones`.", "did you mean `response`?"),
        ("- url: /a\n  status: 404\n  response: {}", "F:2: unknown key `status`.", "it belongs below `response`, as `status`"),
        ("- response:\n    status_code: 404", "F:2: unknown key `status_code`.", "did you mean `status`?"),
        ("- response:\n    times: 2", "F:2: unknown key `times`.", "it belongs beside `response`, not below it"),
        ("- urlPathPattern: /a\n  response: {}", "F:1: unknown key `urlPathPattern`.", "did you mean `url: {matches: …}`?"),
        ("- zzz: 1\n  response: {}", "F:1: unknown key `zzz`.", "available keys: name, method, scheme,"),
        ("- url: /a", "F:1: there is no `response` in an entry.", "add response: …"),
        ("- method: GTE\n  response: {}", 'F:1: `method` cannot be "GTE".', "did you mean GET?"),
        ("- method: BREW\n  response: {}", 'F:1: `method` cannot be "BREW".', "it can be: GET, HEAD,"),
        ("- response:\n    fault: reset", 'F:2: `fault` cannot be "reset".', "it can be: connection_reset,"),
        ("- query: {a: {absent: false}}\n  response: {}", "F:1: `absent` cannot be false.", "it can be: true"),
        ("- response: {status: 99}", "F:1: `status` must be at least 200, not 99.", "fix it"),
        ("- response: {status: 600}", "F:1: `status` must be at most 599, not 600.", "fix it"),
        ("- response: {status: ok}", 'F:1: `status` must be a whole number, not "ok".', "fix it"),
        ("- response: {body: {a: 1}}", 'F:1: `body` must be text, not {"a": "1"}.', "for an object write json"),
        ("- times: 0\n  response: {}", "F:1: `times` must be at least 1, not 0.", "fix it"),
        ("- query: {}\n  response: {}", "F:1: `query` is empty.", "fill it, or leave it out"),
        ("- query: {a: {equals: 1, contains: 2}}\n  response: {}", "F:1: `a` says several things: equals, contains.", "say one"),
        ("- response: {json: 1, body: a}", "F:1: `json` and `body` exclude each other.", "leave one of them out"),
        ("- response: {fault: empty, status: 200}", "F:1: `fault` and `status` exclude each other.", "leave one of them out"),
        ("- wiremock: {request: {}, response: {}}\n  url: /a", "F:1: nothing else is allowed beside `wiremock`.", "put it inside"),
        ("- url: /a\n  response:\n    delay: 0.00001", "F:3: 1e-05 s is not a whole number of milliseconds.", "round it"),
        ("", "F:1: the file must be a list, not null.", "fix it"),
        ("[]", "F:1: the file is empty.", "fill it, or leave it out"),
        ("url: /a", 'F:1: the file must be a list, not {"url": "/a"}.', "fix it"),
        ("- a: [\n", "F:2:1: this is not valid YAML:", "fix that line or the one above it."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_what_was_meant(tmp_path: Path, text: str, what: str, remedy: str) -> None:
    found = error_of(tmp_path, text)
    assert found[0].startswith(what)
    assert found[1].startswith(remedy)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    stubs(tmp_path, "- {method: GTE, response: {}}\n" * 12)
    with pytest.raises(StubFileError) as raised:
        load("registry", tmp_path, None)

    assert raised.value.what.endswith('a.yaml:1: `method` cannot be "GTE".')
    assert [line.split(":")[1] for line in raised.value.detail.splitlines()[:2]] == ["2", "3"]
    assert raised.value.detail.splitlines()[-1] == "… and 2 more"


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ('{"mappings": [\n {"request": {}, "respones": {}}]}', "F:2: unknown key `respones` (/mappings/0/respones).", "did you mean `response`?"),
        ('{"request": {\n"urlPatern": "/a"}, "response": {}}', "F:2: unknown key `urlPatern` (/request/urlPatern).", "did you mean `urlPattern`?"),
        ('{"request": {}, "response": {\n"jsonbody": {}}}', "F:2: unknown key `jsonbody` (/response/jsonbody).", "did you mean `jsonBody`?"),
    ],
)  # fmt: skip
def test_wiremocks_json_is_told_with_its_line_too(tmp_path: Path, text: str, what: str, remedy: str) -> None:
    assert error_of(tmp_path, text, "a.json") == (what, remedy)


def test_a_key_that_is_like_none_is_refused_as_wiremock_refuses_it(tmp_path: Path) -> None:
    what, remedy = error_of(tmp_path, '{"request": {}, "response": {},\n"comment": "mine"}', "a.json")

    assert what == "F:2: unknown key `comment` (/comment)."
    assert remedy == "put notes into `metadata`"


class TestLayers:
    """One folder laid over another."""

    def test_the_stubs_of_the_one_above_win_and_the_others_remain(self, tmp_path: Path) -> None:
        write(tmp_path / FOLDER / "base" / "a.yaml", "- url: /a\n  response: {body: base}\n- url: /b\n  response: {}\n")
        write(tmp_path / FOLDER / "scenario" / "a.yaml", "- url: /a\n  priority: 9\n  response: {status: 500}\n")

        found = sorted(load(["base", "scenario"], tmp_path, None), key=lambda stub: stub["priority"])
        assert [(stub["request"]["urlPath"], stub["response"].get("status")) for stub in found] == [
            ("/a", 500),
            ("/a", 200),
            ("/b", 200),
        ]

    def test_it_may_name_the_body_files_of_the_one_below_and_its_own_win(self, tmp_path: Path) -> None:
        base, scenario = tmp_path / FOLDER / "base", tmp_path / FOLDER / "scenario"
        write(base / "a.yaml", "- url: /a\n  response: {file: two.json}\n")
        write(scenario / "a.yaml", "- url: /b\n  response: {file: one.json}\n- url: /c\n  response: {file: two.json}\n")
        for folder, name in ((base, "one.json"), (base, "two.json"), (scenario, "two.json")):
            write(folder / "__files" / name, f"{folder.name} {name}")

        found = {
            stub["request"]["urlPath"]: stub["response"]["body"] for stub in load(["base", "scenario"], tmp_path, None)
        }
        assert found == {"/a": "base two.json", "/b": "base one.json", "/c": "scenario two.json"}

    def test_a_missing_body_file_is_told_with_its_line_and_the_nearest(self, tmp_path: Path) -> None:
        write(tmp_path / FOLDER / "registry" / "__files" / "items.json", "[]")

        what, remedy = error_of(tmp_path, "- url: /a\n  response: {}\n- url: /b\n  response: {file: item.json}\n")
        assert what.startswith("F:3: the body file 'item.json' is not in ")
        assert remedy == "did you mean 'items.json'?"


def test_a_file_of_comments_alone_has_no_stubs_yet(tmp_path: Path) -> None:
    assert short_file.read(stubs(tmp_path, "# - url: /a\n\n  # later\n"), "a") == []
