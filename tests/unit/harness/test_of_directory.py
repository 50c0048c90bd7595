"""What an integration's directory says of itself is found, and what is wrong there is told."""

import json
from pathlib import Path

import pytest

from harness import MappingError
from harness.explanation.of_directory import config_of, mapping_of, stub_folders_of
from sandbox.errors import IntegrationError

from .factories import make_mapping, make_stub, write

SPEC = """
type: things
configurations:
  - {name: apiUrl, type: url, required: true}
  - {name: token, type: string, required: true, sensitive: true}
  - {name: pageSize, type: integer, default: 100}
  - {name: groups, type: array, required: false}
"""


def configuration(tmp_path: Path, *given: str, **request: object) -> dict[str, object]:
    write(tmp_path / ".port" / "spec.yaml", SPEC)
    stubs = [make_stub()] + ([{"request": request, "response": {}}] if request else [])
    return config_of(tmp_path, stubs, given)["integration"]["config"]


@pytest.mark.parametrize("name", ["port-app-config.yml", "port-app-config.yaml", "port-app-config.json"])
def test_the_mapping_is_found(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / ".port" / "resources" / name, json.dumps(make_mapping()))

    assert mapping_of(tmp_path) == (file, make_mapping())
    assert mapping_of(tmp_path / "elsewhere", file)[0] == file


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "There is no mapping at "),
        ("a: 1", 'has no list "resources".'),
        ("resources: [{kind: 1}]", "resources[0] has no kind."),
    ],
)
def test_a_mapping_that_is_none_is_told(tmp_path: Path, content: str | None, what: str) -> None:
    if content is not None:
        write(tmp_path / ".port" / "resources" / "port-app-config.yml", content)

    with pytest.raises(MappingError, match=what.replace("[", r"\[").replace(".", r"\.")):
        mapping_of(tmp_path)


def test_a_mapping_that_is_no_yaml_is_told(tmp_path: Path) -> None:
    write(tmp_path / ".port" / "resources" / "port-app-config.yml", "a: [")

    with pytest.raises(IntegrationError, match="is no valid YAML"):
        mapping_of(tmp_path)


def test_what_is_required_has_a_dummy_and_defaults_count(tmp_path: Path) -> None:
    assert configuration(tmp_path) == {"api_url": "https://api.example.com", "token": "test-value", "page_size": 100}


def test_an_address_is_what_the_stubs_answer_for(tmp_path: Path) -> None:
    assert configuration(tmp_path, host={"equalTo": "h"}, scheme="http", port=81)["api_url"] == "http://h:81"
    assert configuration(tmp_path, host={"contains": "h"})["api_url"] == "https://api.example.com"


def test_what_is_given_counts(tmp_path: Path) -> None:
    given = configuration(tmp_path, "pageSize=2", "groups=[a, b]", "api_url=https://x.example")

    assert (given["page_size"], given["groups"], given["api_url"]) == (2, ["a", "b"], "https://x.example")


@pytest.mark.parametrize(("pair", "remedy"), [("pagSize=2", "did you mean pageSize=…?"), ("zzz", "there are: apiUrl,")])
def test_a_setting_that_is_none_is_told(tmp_path: Path, pair: str, remedy: str) -> None:
    with pytest.raises(IntegrationError) as raised:
        configuration(tmp_path, pair)
    assert raised.value.remedy.startswith(remedy)


def test_the_stub_folder_is_called_as_the_directory_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "integrations" / "things"
    directory.mkdir(parents=True)
    assert stub_folders_of(directory, None) == []

    write(tmp_path / "wiremock-mappings" / "things" / "a.json", make_stub())
    assert stub_folders_of(directory, None) == ["things"]
    assert stub_folders_of(tmp_path / "other", None) == []
