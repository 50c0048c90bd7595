"""The jobs of a CI run: which integrations there are, and in how many shards each is tested."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pytest import MonkeyPatch  # noqa: PT013

from sandbox.cli import ci_matrix
from sandbox.cli.main import main
from sandbox.errors import SandboxError
from tests.unit.sandbox.factories import closed_port, make_files, make_integration

TESTS = {"tests/test_it.py": ""}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_tested(directory: str, *seconds: float) -> None:
    """An integration with tests, each recorded to take so long."""
    make_integration(Path(directory), **TESTS)
    path = Path(ci_matrix.DURATIONS)
    known = json.loads(path.read_text()) if path.is_file() else {}
    new = {f"{directory}/tests/test_it.py::test_{number}": each for number, each in enumerate(seconds)}
    path.write_text(json.dumps(known | new))


def shards(*folders: str, target: float = 10, count: int | None = None) -> dict[str, int]:
    """How many shards each integration gets; each shard must be there once."""
    found: dict[str, list[Any]] = {}
    for job in ci_matrix.matrix([Path(each) for each in folders], target=target, shards=count)["include"]:
        found.setdefault(str(job["integration"]), []).append((job["shard"], job["shards"]))
    for each in found.values():
        assert each == [(number, len(each)) for number in range(1, len(each) + 1)]
    return {integration: len(each) for integration, each in found.items()}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


# Which integrations ------------------------------------------------------------------------------------------------


def test_each_integration_with_tests_is_found_however_deep() -> None:
    make_integration(Path("all/jira"), **TESTS)
    make_integration(Path("all/more/deep/gitlab"), **{"tests/unit/test_it.py": ""})

    assert shards("all") == {"all/jira": 1, "all/more/deep/gitlab": 1}


def test_an_integration_itself_can_be_named_and_twice_is_once(here: Path) -> None:
    make_integration(Path("all/jira"), **TESTS)

    assert shards("all/jira", "all", str(here / "all"), "./all/../all") == {"all/jira": 1}


@pytest.mark.parametrize("spec", ["spec.yaml", "spec.yml", "spec.json"])
def test_each_form_of_the_spec_makes_an_integration(spec: str) -> None:
    make_files(Path("all/jira"), {f".port/{spec}": "", **TESTS})

    assert shards("all") == {"all/jira": 1}


def test_what_is_no_integration_or_has_no_tests_gets_no_job() -> None:
    make_integration(Path("all/jira"), **TESTS)
    make_integration(Path("all/untested"), **{"tests/conftest.py": ""})
    make_files(Path("all/library"), TESTS)
    make_integration(Path("all/jira/.venv/template"), **TESTS)
    make_integration(Path("all/.venv/template"), **TESTS)

    assert shards("all") == {"all/jira": 1}


def test_those_that_lie_where_oceans_own_are_count(here: Path) -> None:
    make_integration(here / "a", **{"integration_tests/test_it.py": ""})

    assert shards(".") == {"a": 1}


def test_without_any_there_is_no_matrix_since_github_takes_no_empty_one() -> None:
    make_integration(Path("all/untested"))

    with pytest.raises(SandboxError, match="no integration with tests below all") as raised:
        shards("all")

    assert ".port/spec.yaml" in raised.value.remedy


# How many shards ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "count"),
    [((), 1), ((0.1,), 1), ((5, 5), 1), ((5, 5.1), 2), ((9, 9, 9), 3), ((100,), 1), ((30, 1), 2), ((0, 0), 1)],
    ids=str,
)
def test_there_are_as_many_shards_as_the_target_asks_for_and_no_more_than_tests(
    seconds: tuple[float, ...], count: int
) -> None:
    make_tested("all/jira", *seconds)

    assert shards("all", target=10) == {"all/jira": count}


def test_the_durations_of_each_integration_are_its_own() -> None:
    make_tested("all/jira", 9, 9)
    make_tested("all/jira-server", 9, 9, 9)
    make_tested("all/new")

    assert shards("all") == {"all/jira": 2, "all/jira-server": 3, "all/new": 1}


def test_durations_in_the_integrations_own_directory_win() -> None:
    make_tested("all/jira", 9, 9, 9)
    make_files(
        Path("all/jira"), {ci_matrix.DURATIONS: '{"tests/test_it.py::test_0": 9, "tests/test_it.py::test_1": 9}'}
    )

    assert shards("all") == {"all/jira": 2}


def test_a_number_of_shards_wins_over_what_was_recorded() -> None:
    make_tested("all/jira", 9, 9, 9)
    make_tested("all/new")

    assert shards("all", count=2) == {"all/jira": 2, "all/new": 2}


@pytest.mark.parametrize("content", ["", "{", "[]", "[1]", '{"it": "long"}', '{"it": null}', b"\xff"], ids=repr)
def test_durations_that_cannot_be_read_are_named(content: str | bytes) -> None:
    make_integration(Path("all/jira"), **TESTS)
    make_files(Path(), {ci_matrix.DURATIONS: content})

    with pytest.raises(
        SandboxError, match=rf"The durations in {re.escape(ci_matrix.DURATIONS)} cannot be read"
    ) as raised:
        shards("all")

    assert "--store-durations" in raised.value.remedy


def test_more_jobs_than_github_takes_are_refused_before_it_does() -> None:
    make_integration(Path("all/jira"), **TESTS)

    assert shards("all", count=ci_matrix.MOST_JOBS) == {"all/jira": ci_matrix.MOST_JOBS}
    with pytest.raises(SandboxError, match="257 jobs, but GitHub allows 256"):
        shards("all", count=ci_matrix.MOST_JOBS + 1)


# The command -------------------------------------------------------------------------------------------------------


def test_the_command_prints_one_line_of_json_and_nothing_else() -> None:
    make_tested("all/jira", 9, 9)

    done = run("ci-matrix", "all", "--target", "10")

    assert (done.exit_code, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert json.loads(done.stdout) == {
        "include": [
            {"name": "all-jira-1-of-2", "integration": "all/jira", "shard": 1, "shards": 2},
            {"name": "all-jira-2-of-2", "integration": "all/jira", "shard": 2, "shards": 2},
        ]
    }


def test_a_name_does_for_an_artifact_whatever_the_directory_is_called() -> None:
    make_integration(Path('all/My "größte": one?*'), **TESTS)

    (job,) = json.loads(run("ci-matrix", "all").stdout)["include"]

    assert job["name"] == "all-My-gr-te-one-1-of-1"
    assert job["integration"] == 'all/My "größte": one?*'


def test_the_working_directory_itself_has_a_name() -> None:
    make_integration(Path(), **TESTS)

    (job,) = json.loads(run("ci-matrix", ".").stdout)["include"]

    assert (job["integration"], job["name"]) == (".", "integration-1-of-1")


@pytest.mark.parametrize(
    "arguments", [[], ["nowhere"], [".", "--shards", "0"], [".", "--shards", "x"], [".", "--target", "0"]], ids=str
)
def test_wrong_usage_ends_with_2_and_no_output(arguments: list[str]) -> None:
    done = run("ci-matrix", *arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "Error: " in done.stderr


def test_an_error_ends_with_3_and_no_output() -> None:
    done = run("ci-matrix", ".")

    assert (done.exit_code, done.stdout) == (3, "")
    assert "What to do: " in done.stderr


# The images --------------------------------------------------------------------------------------------------------


def test_the_tags_are_said_without_an_engine_and_change_with_the_integration(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{closed_port()}")
    project = "[project]\nname = 'it'\ndependencies = ['port-ocean']\n"
    for name, version in (("jira", 1), ("same", 1), ("other", 2)):
        make_integration(Path(name), **{"pyproject.toml": f"{project}version = '{version}'\n"})

    done = run("images", "--tags", "jira", "same", "other")

    assert (done.exit_code, done.stderr) == (0, "")
    tags = [line.removeprefix("ocean-sandbox/").partition(":") for line in done.stdout.splitlines()]
    names = ["wiremock", "port-mock", "front", "resync", "integration-jira", "integration-same", "integration-other"]
    assert [name for name, _, _ in tags] == names
    hashes = {name: tag for name, _, tag in tags}
    assert hashes["integration-jira"] == hashes["integration-same"] != hashes["integration-other"]


def test_an_image_that_several_share_is_said_once() -> None:
    for name in ("one", "two"):
        make_integration(Path(name))

    tags = run("images", "--tags", "one", "two").stdout.splitlines()

    assert len(tags) == len(set(tags)) == 4


@pytest.mark.parametrize(
    "arguments", [["--prune", "--rebuild"], ["--prune", "--tags"], ["--dry-run"], ["--tags", "--dry-run"]], ids=str
)
def test_removing_and_building_are_not_asked_for_at_once(arguments: list[str]) -> None:
    assert run("images", *arguments).exit_code == 2
