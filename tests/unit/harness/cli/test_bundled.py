"""Recipes and the example come with the package, and can be copied."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness import StubFileError, cli
from harness.stubs.check import check
from harness.stubs.folder import load

ROOT = Path(__file__).parents[4]
RECIPES = sorted(folder.name for folder in (ROOT / "wiremock-mappings" / "recipes").iterdir())


def run(*args: object) -> Result:
    return CliRunner().invoke(cli.main, list(map(str, args)))


def test_each_recipe_is_listed_with_what_it_does() -> None:
    told = json.loads(run("stubs", "recipes", "--json").stdout)

    assert list(told) == RECIPES
    assert [name for name, what in told.items() if len(what) < 20] == []
    assert [line.split()[0] for line in run("stubs", "recipes").stdout.splitlines()] == RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_a_copy_is_a_stub_folder_without_findings(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "wiremock-mappings" / "mine"
    done = run("stubs", "recipes", name, "-o", folder)

    assert done.exit_code == 0, done.output
    assert check(folder, ()) == []
    assert len(load("mine", tmp_path, None)) == len(load(f"recipes/{name}", tmp_path, None))
    assert not any("$schema" in file.read_text() for file in folder.rglob("*.yaml"))


def test_a_copy_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "items.yaml").write_text("mine")
    done = run("stubs", "recipes", "rate-limit", "-o", tmp_path)

    assert (done.exit_code, (tmp_path / "items.yaml").read_text()) == (3, "mine")
    assert "items.yaml already exists" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["rate-limt", "-o", "x"], "There is no recipe 'rate-limt': did you mean 'rate-limit'?"),
        (["rate-limit"], "To copy a recipe, give both NAME and --output."),
        (["-o", "x"], "To copy a recipe, give both NAME and --output."),
    ],
)
def test_wrong_usage_is_said(args: list[str], said: str) -> None:
    done = run("stubs", "recipes", *args)
    assert (done.exit_code, said in done.stderr) == (2, True)


def test_a_recipe_is_found_without_a_stub_folder_of_ones_own(tmp_path: Path) -> None:
    mappings = tmp_path / "wiremock-mappings"

    assert load(["recipes/rate-limit", "recipes/graphql"], tmp_path, mappings)
    with pytest.raises(StubFileError):
        load(["recipes/rate-limit", "mine"], tmp_path, mappings)
    with pytest.raises(StubFileError):
        load("recipes/none", tmp_path, mappings)


def test_a_recipe_of_ones_own_wins_over_the_one_of_the_package(tmp_path: Path) -> None:
    own = tmp_path / "wiremock-mappings" / "recipes" / "rate-limit"
    own.mkdir(parents=True)
    (own / "a.yaml").write_text("- url: /own\n  response: {json: 1}\n")

    (stub,) = load("recipes/rate-limit", tmp_path, None)
    assert stub["request"]["urlPath"] == "/own"


def test_the_example_is_copied_with_targets_and_only_once(tmp_path: Path) -> None:
    done = run("init", "--example", tmp_path / "mine")

    assert done.exit_code == 0, done.output
    made = {path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").rglob("*") if path.is_file()}
    assert {"main.py", "sandbox.mk", "Makefile", "tests/test_integration_resync.py"} <= made
    assert "wiremock-mappings/oci-registry/tags.json" in made
    assert "tests/test_integration_first.py" not in made

    again = run("init", "--example", tmp_path / "mine")
    assert (again.exit_code, "already exists" in again.stderr) == (3, True)
    assert run("init", tmp_path / "none").exit_code == 2
