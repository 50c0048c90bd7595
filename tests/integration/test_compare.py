"""``ocean-sandbox compare``: two versions of an integration, in a real git repository and in an image."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness import cli

from .factories import READS_THINGS, integration, mapping
from .test_released_image import released

pytestmark = pytest.mark.integration

STUB = {"request": {"urlPath": "/things"}, "response": {"status": 200, "jsonBody": [{"id": 1, "value": "one"}]}}
ALSO_ASKS = """
    await http_async_client.get("https://api.things.example/more")
    response = await http_async_client.get("https://api.things.example/things")
    yield [{**thing, "value": thing["value"].upper()} for thing in response.json()]
    raise LookupError("new")
"""


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def repository(folder: Path) -> Path:
    """A git repository with an integration and its stubs, which has a first version tagged v1; gives the integration."""
    things = integration(folder / "integrations" / "things")
    resources = things / ".port" / "resources"
    resources.mkdir()
    (resources / "port-app-config.json").write_text(json.dumps(mapping()))
    stubs = folder / "wiremock-mappings" / "things"
    stubs.mkdir(parents=True)
    (stubs / "things.json").write_text(json.dumps(STUB))
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "First")
    git(folder, "tag", "v1")
    return things


def compare(directory: Path, *options: str) -> Result:
    return CliRunner().invoke(cli.main, ["compare", str(directory), *options], env={"TERM": "dumb"})


def told(done: Result) -> dict[str, Any]:
    comparison: dict[str, Any] = json.loads(done.stdout)
    return comparison


def test_a_commit_and_the_working_tree(tmp_path: Path) -> None:
    things = repository(tmp_path)
    same = compare(things, "--against", "v1", "--json")
    assert same.exit_code == 0, same.output
    assert told(same)["same"]
    assert told(same)["before"] | {"version": ""} == {
        "version": "",
        "entities": 1,
        "deleted": 0,
        "calls": 1,
        "errors": 0,
        "warnings": [],
    }

    integration(things, ALSO_ASKS)
    other = compare(things, "--against", "v1", "--output", str(tmp_path / "difference.json"))
    assert other.exit_code == 1, other.output
    assert "~ thing 1\n" in other.stdout
    assert '    properties.value: "one" → "ONE"' in other.stdout
    assert "+ GET https://api.things.example/more → 404 (no stub)" in other.stdout
    assert "error: new" in other.stdout
    assert "\x1b" not in other.stdout
    written = json.loads((tmp_path / "difference.json").read_text())
    assert set(written["differences"]) == {"entities", "calls", "errors"}
    assert written["after"]["version"] == "the working tree"


def test_what_a_version_makes_no_more_it_deletes_of_what_the_other_has_made(tmp_path: Path) -> None:
    things = repository(tmp_path)
    rows = [{"id": number, "value": "one"} for number in range(1, 4)]
    stub = {**STUB, "response": {"status": 200, "jsonBody": rows}}
    (tmp_path / "wiremock-mappings" / "things" / "things.json").write_text(json.dumps(stub))
    integration(things, READS_THINGS.replace("yield response.json()", "yield response.json()[1:]"))

    done = compare(things, "--against", "v1", "--json")
    assert done.exit_code == 1, done.output
    assert told(done)["differences"]["entities"]["removed"] == ["thing 1"]
    assert told(done)["differences"]["deleted"]["added"] == ["thing 1"]
    assert told(done)["after"]["deleted"] == 1


def test_an_image_and_a_working_tree_that_does_not_start(tmp_path: Path) -> None:
    things = repository(tmp_path / "tree")
    with released(things) as image:
        integration(things, head="raise RuntimeError('broken by the change')")
        done = compare(things, "--against", image, "--json")
        assert done.exit_code == 1, done.output
        differences = told(done)["differences"]
        assert differences["entities"]["removed"] == ["thing 1"]
        assert differences["errors"]["added"][0].startswith(
            "IntegrationError: The integration at things does not start"
        )
        assert told(done)["before"]["version"] == f"image {image}"


def test_stubs_that_match_nothing_do_not_make_versions_the_same(tmp_path: Path) -> None:
    things = repository(tmp_path)
    stub = {**STUB, "request": {"urlPath": "/other"}}
    (tmp_path / "wiremock-mappings" / "things" / "things.json").write_text(json.dumps(stub))
    done = compare(things, "--against", "v1")
    assert done.exit_code == 3, done.output
    assert "Neither version completed its resync" in done.stderr
    assert "  | GET https://api.things.example/things\n" in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--against", "v2"], "'v2' is neither an image that the engine has, nor a commit, branch or tag of the git"),
        (["--against", "git:v2"], "has no commit, branch or tag 'v2'"),
        (["--against", "image:nowhere/things:2"], "The engine has no image 'nowhere/things:2'"),
        (["--against", "v1", "--stubs", "thing"], "There is no stub folder 'thing'"),
        (["--against", "v0"], "There is no integrations/things in v0"),
    ],
)
def test_what_cannot_be_compared_has_a_code_of_its_own(tmp_path: Path, options: list[str], words: str) -> None:
    git(tmp_path, "init")
    git(tmp_path, "commit", "--allow-empty", "-m", "Nothing yet")
    git(tmp_path, "tag", "v0")
    done = compare(repository(tmp_path), *options)
    assert done.exit_code == 3, done.output
    assert done.stderr.startswith("ocean-sandbox: ")
    assert words in done.stderr
    assert "What to do: " in done.stderr
    assert "Traceback" not in done.output


def test_a_directory_without_git_or_stubs_says_so(tmp_path: Path) -> None:
    things = integration(tmp_path / "things")
    (tmp_path / "wiremock-mappings" / "things").mkdir(parents=True)
    assert "holds no stubs" in compare(things, "--against", "v1").stderr
    (tmp_path / "wiremock-mappings" / "things" / "a.json").write_text(json.dumps(STUB))
    done = compare(things, "--against", "git:v1")
    assert (done.exit_code, f"{things} is not in a git repository" in done.stderr) == (3, True)
    assert "which is not in a git repository" in compare(things, "--against", "v1").stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "Missing option '--against'"),
        (["--against", "v1", "--set", "token"], "'token' is not of the form NAME=VALUE"),
        (["--against", "v1", "--mapping", "list.yaml"], "must hold an object, not list"),
        (["--against", "v1", "--config", "bad.yaml"], "cannot be read"),
    ],
)
def test_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], words: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.yaml").write_text("[1]")
    Path("bad.yaml").write_text("{")
    done = compare(tmp_path, *options)
    assert (done.exit_code, words in done.stderr) == (2, True), done.output


def test_versions_that_ship_no_mapping_say_so_and_a_required_setting_has_a_dummy_value(tmp_path: Path) -> None:
    things = repository(tmp_path)
    (things / ".port" / "resources" / "port-app-config.json").unlink()
    git(tmp_path, "commit", "-am", "No mapping")
    done = compare(things, "--against", "HEAD")
    assert (done.exit_code, "Neither version ships a mapping" in done.stderr) == (3, True), done.output
    file = tmp_path / "mapping.json"
    file.write_text(json.dumps(mapping()))

    spec = things / ".port" / "spec.yaml"
    spec.write_text(spec.read_text().replace("required: false", "required: true"))
    git(tmp_path, "commit", "-am", "A token")
    without = compare(things, "--against", "HEAD", "--mapping", str(file))
    assert without.exit_code == 0, "what is required and not given has a dummy value, as in `run`"
    given = compare(things, "--against", "HEAD", "--mapping", str(file), "--set", "token=test-token-of-a-test")
    assert given.exit_code == 0, given.output
