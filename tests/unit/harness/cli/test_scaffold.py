"""`ocean-sandbox init` writes what an integration needs, changes no existing file, and make finds the targets."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import cli
from tests.unit.harness.factories import write

OCEANS = """
install:
\t@echo installs
lint:
\t@echo lints $(WHAT)
test/integration:
\t@echo in process
"""
SPEC = "configurations:\n- {name: apiUrl, type: url, required: true}\n- {name: pages, type: integer, default: 3}\n"


def make_integration(folder: Path) -> Path:
    write(folder / "main.py", "")
    write(folder / ".port" / "spec.yaml", SPEC)
    write(folder / ".port" / "resources" / "port-app-config.yaml", "resources: []\n")
    return folder


def init(directory: Path, *options: str) -> dict[str, list[str]]:
    done = CliRunner().invoke(cli.main, ["init", str(directory), "--json", *options])
    assert done.exit_code == 0, done.output
    return {
        what: [each.replace(f"{directory}/", "") for each in says] for what, says in json.loads(done.stdout).items()
    }


def make(directory: Path, *args: str) -> str:
    # As a person calls it: what was given to the `make` that runs these tests is not for it.
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKEOVERRIDES")}
    done = subprocess.run(
        ["make", "--no-print-directory", *args],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_what_is_written_where_there_is_nothing(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "things")
    before = contents(directory)

    done = init(directory)

    assert done["written"] == [
        "sandbox.mk",
        "Makefile",
        "wiremock-mappings/things/stubs.yaml",
        "tests/test_integration_first.py",
    ]
    assert before.items() <= contents(directory).items()
    assert "--ocean-sandbox --sandbox-build . -n auto  tests/test_integration_first.py" in make(
        directory, "-n", "test/integration", "SANDBOX=/x/ocean-sandbox"
    )


def test_a_second_time_changes_nothing_and_says_so(tmp_path: Path) -> None:
    for name, makefile in (("a", None), ("b", OCEANS)):
        directory = make_integration(tmp_path / name)
        if makefile:
            write(directory / "Makefile", makefile)
        first = init(directory)
        before = contents(directory)

        second = init(directory)

        assert second["written"] == []
        assert len(second["there"]) == len(first["written"]) == 4
        assert contents(directory) == before
        done = CliRunner().invoke(cli.main, ["init", str(directory)])
        assert "nothing has changed" in done.stdout.splitlines()


@pytest.mark.parametrize("kind", ["link", "file", "lowercase"])
def test_a_makefile_stays_as_it_is_and_all_its_targets_work(tmp_path: Path, kind: str) -> None:
    directory = make_integration(tmp_path / "things")
    name = "makefile" if kind == "lowercase" else "Makefile"
    if kind == "link":
        write(tmp_path / "_infra" / "Makefile", OCEANS)
        (directory / name).symlink_to("../_infra/Makefile")
    else:
        write(directory / name, OCEANS)

    done = init(directory)

    assert "GNUmakefile" in done["written"]
    assert (directory / name).read_text() == OCEANS
    assert (directory / name).is_symlink() == (kind == "link")
    assert any("passes all others on" in note for note in done["notes"])
    assert any(f"make -f {name} test/integration" in note for note in done["notes"])
    assert make(directory) == "installs\n"
    assert make(directory, "lint", "install", "WHAT=all") == "lints all\ninstalls\n"
    assert "No rule to make target 'nothing'" in make(directory, "nothing")
    assert "pytest -o addopts=" in make(directory, "-n", "test/integration", "SANDBOX=/x/ocean-sandbox")
    assert make(directory, "-f", name, "test/integration") == "in process\n"


def test_a_gnumakefile_is_a_persons_to_change(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "things")
    write(directory / "GNUmakefile", "mine:\n")

    assert any("include sandbox.mk" in task for task in init(directory)["to_do"])
    assert (directory / "GNUmakefile").read_text() == "mine:\n"

    write(directory / "GNUmakefile", "mine:\n\ninclude sandbox.mk\n")
    assert "GNUmakefile" in init(directory)["there"]


@pytest.mark.parametrize("folder", ["tests", "wiremock-mappings", "integration_tests"])
def test_nothing_is_written_through_a_link(tmp_path: Path, folder: str) -> None:
    directory = make_integration(tmp_path / "things")
    (tmp_path / "elsewhere").mkdir()
    (directory / folder).symlink_to(tmp_path / "elsewhere")

    done = init(directory)

    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert any(f"{folder} is a link to {tmp_path / 'elsewhere'}" in task for task in done["to_do"])


def test_a_link_that_leads_nowhere_is_no_place_for_a_file(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "things")
    (directory / "sandbox.mk").symlink_to(tmp_path / "nowhere")

    init(directory)

    assert not (tmp_path / "nowhere").exists()


def test_stubs_that_are_there_are_used(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "integrations" / "things")
    stubs = tmp_path / "wiremock-mappings" / "things"
    write(stubs / "a.yaml", "- url: https://eu.things.example/a\n  response: {json: []}\n")

    done = init(directory)

    assert str(stubs) in done["there"]
    assert not (directory / "wiremock-mappings").exists()
    assert "https://eu.things.example" in (directory / "tests" / "test_integration_first.py").read_text()


def test_the_first_test_has_the_configuration_that_the_spec_asks_for(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "things")
    (directory / "integration_tests").mkdir()

    assert "integration_tests/test_integration_first.py" in init(directory)["written"]

    tree = ast.parse((directory / "integration_tests" / "test_integration_first.py").read_text())
    (config,) = (
        ast.literal_eval(ast.unparse(node.body[-1].value))  # type: ignore[attr-defined]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "create_integration_config"
    )
    assert config["integration"]["config"] == {"api_url": "https://api-url.example.com", "pages": 3}


def test_what_is_written_passes_the_linters_of_an_integration(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "things")
    init(directory)

    ruff = [Path(sys.executable).with_name("ruff")]
    for check in (["check", "--select", "E,F,I", "--ignore", "E402"], ["format", "--check"]):  # as black, black does
        done = subprocess.run(
            [*ruff, *check, "--isolated", "--line-length", "88", directory / "tests"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    # As yamllint has it by default.
    lines = (directory / "wiremock-mappings" / "things" / "stubs.yaml").read_text().splitlines()
    assert max(map(len, lines)) <= 80


def test_where_the_command_is_not_installed_the_first_test_is_skipped(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "things")
    init(directory)
    hides = "import sys; sys.modules['harness'] = None; import pytest; sys.exit(pytest.main())"

    done = subprocess.run(
        [sys.executable, "-c", hides],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "1 skipped" in done.stdout, done.stdout + done.stderr


def test_without_a_mapping_it_says_what_to_write(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "things")
    (directory / ".port" / "resources" / "port-app-config.yaml").unlink()

    assert any("There is no mapping" in task for task in init(directory)["to_do"])


def test_what_is_no_integration_stays_empty(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.main, ["init", str(tmp_path)])

    assert done.exit_code == 3
    assert "it has no main.py" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_where_nobody_may_write_it_says_so(tmp_path: Path) -> None:
    directory = make_integration(tmp_path / "things")
    write(directory / "tests", "a file")

    done = CliRunner().invoke(cli.main, ["init", str(directory)])

    assert done.exit_code == 3
    assert "tests/test_integration_first.py cannot be written" in done.stderr


def test_make_says_how_to_install_what_it_does_not_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    directory = make_integration(tmp_path / "things")

    assert any("make does not find ocean-sandbox" in task for task in init(directory)["to_do"])
    said = make(directory, "test/integration")
    assert "ocean-sandbox is not in .venv" in said
    assert ".venv/bin/pip install ocean-sandbox" in said


@pytest.mark.parametrize("where", [".venv", "active", "path"])
def test_make_takes_the_pytest_beside_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    directory = make_integration(tmp_path / "things")
    home = directory / ".venv" if where == ".venv" else tmp_path / where
    for name in ("ocean-sandbox", "pytest"):
        write(home / "bin" / name, f'#!/bin/sh\necho {name} of {where}: "$@"\n').chmod(0o755)
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    if where == "active":
        monkeypatch.setenv("VIRTUAL_ENV", str(home))
    if where == "path":  # as pipx has it
        (tmp_path / "links").mkdir()
        (tmp_path / "links" / "ocean-sandbox").symlink_to(home / "bin" / "ocean-sandbox")
        monkeypatch.setenv("PATH", f"{tmp_path / 'links'}{os.pathsep}{os.defpath}")

    done = init(directory)

    assert done["to_do"] == []
    assert make(directory, "test/integration", "WORKERS=2").startswith(f"pytest of {where}: -o addopts= ")
    assert make(directory, "test/integration/generate") == f"ocean-sandbox of {where}: generate .\n"


@pytest.mark.parametrize(
    ("conftest", "place"),
    [
        ("from port_ocean.context.ocean import ocean\n", "integration_tests"),
        ("import pytest\n\n@pytest.fixture\ndef client():\n    from client import Client\n", "integration_tests"),
        ("from .helpers import make\n", "integration_tests"),
        ("import os, json\nfrom typing import Any\nimport pytest\n", "tests"),
        ("", "tests"),
    ],
)
def test_the_first_test_is_where_pytest_needs_nothing_of_the_integrations(
    tmp_path: Path, conftest: str, place: str
) -> None:
    directory = make_integration(tmp_path / "things")
    write(directory / "tests" / "conftest.py", conftest)

    done = init(directory)

    assert f"{place}/test_integration_first.py" in done["written"]
    assert any("integration_tests" in note for note in done["notes"]) == (place == "integration_tests")
    assert init(directory)["written"] == []


@pytest.mark.parametrize("lock", ["poetry.lock", "uv.lock", ""])
def test_a_conftest_above_all_tests_needs_the_integrations_environment(tmp_path: Path, lock: str) -> None:
    directory = make_integration(tmp_path / "things")
    write(directory / "conftest.py", "import port_ocean\n")
    if lock:
        write(directory / lock, "")

    (task,) = (each for each in init(directory)["to_do"] if "conftest.py" in each)
    assert "needs port_ocean" in task
    assert {"poetry.lock": "poetry run pip install", "uv.lock": "uv pip install", "": ".venv/bin/pip install"}[
        lock
    ] in task
