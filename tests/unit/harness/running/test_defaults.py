"""A resync of a directory is given what it needs: the stubs of its name, and a configuration to start with."""

from pathlib import Path

import pytest

from harness.integration.configuration import ConfigError
from harness.running.defaults import config_of, stub_folders_of
from sandbox.errors import IntegrationError
from tests.unit.harness.factories import make_stub, write

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


def test_names_are_read_as_ocean_reads_them(tmp_path: Path) -> None:
    write(tmp_path / ".port" / "spec.yaml", "configurations: [{name: apiURL, type: url, required: true}]")

    assert config_of(tmp_path, [], ["apiURL=https://x.example"])["integration"]["config"] == {
        "api_url": "https://x.example"
    }


def test_a_spec_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / ".port" / "spec.yaml", "title: x\nconfigurations: [")

    with pytest.raises(ConfigError, match=f"{file}:2:18: this is not valid YAML"):
        config_of(tmp_path, [], [])


def test_what_is_required_has_a_dummy_and_defaults_count(tmp_path: Path) -> None:
    assert configuration(tmp_path) == {
        "api_url": "https://api-url.example.com",
        "token": "dummy-token",
        "page_size": 100,
    }


def test_an_address_is_what_the_stubs_answer_for(tmp_path: Path) -> None:
    assert configuration(tmp_path, host={"equalTo": "h"}, scheme="http", port=81)["api_url"] == "http://h:81"
    assert configuration(tmp_path, host={"contains": "h"})["api_url"] == "https://api-url.example.com"


def test_what_is_given_counts(tmp_path: Path) -> None:
    given = configuration(tmp_path, "pageSize=2", "groups=[a, b]", "api_url=https://x.example")

    assert (given["page_size"], given["groups"], given["api_url"]) == (2, ["a", "b"], "https://x.example")


@pytest.mark.parametrize(
    ("pair", "remedy"), [("pagSize=2", "did you mean page_size=…?"), ("zzz", "available settings: api_url,")]
)
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
