"""Which Python `make` takes of those that a machine has, and what it says where it has to choose."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.sandbox.factories import make_program

from .factories import PYTHON, ROOT

FIND = ROOT / "scripts" / "find-python"


def make_python(folder: Path, name: str, version: str, *, implementation: str = "cpython") -> Path:
    """A Python of that version, as far as anyone asks who has it run a program with ``-c``; gives its path."""
    numbers = ", ".join(version.split("."))
    make_program(
        folder,
        name,
        f"""exec '{PYTHON}' -c "
import sys
sys._base_executable = '{folder / name}'
sys.version = '{version} (main)'
sys.version_info = ({numbers})
sys.implementation.name = '{implementation}'
$2" """,
    )
    return folder / name


def find(*arguments: str, path: Path, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": f"{path}:{path.parent / 'tools'}", "HOME": str(path.parent / "home"), **(environment or {})}
    tools = path.parent / "tools"
    tools.mkdir(exist_ok=True)
    for tool in ("head",):
        make_program(tools, tool, f'exec /usr/bin/{tool} "$@"')
    return subprocess.run(["/bin/sh", FIND, *arguments], env=variables, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", ["3.11.0", "3.12.9", "3.13.1", "3.14.0"])
def test_python3_is_taken_where_it_fits_whatever_else_is_there(version: str, tmp_path: Path) -> None:
    python = make_python(tmp_path / "bin", "python3", version)
    make_python(tmp_path / "bin", "python3.13", "3.13.5")

    found = find(path=tmp_path / "bin")

    assert (found.stdout, found.stderr, found.returncode) == (f"{python}\n", "", 0)


@pytest.mark.parametrize(
    ("others", "taken"), [("14 13 12 11", "13"), ("14 12 11", "12"), ("14 11", "11"), ("14", "14")]
)
def test_one_beside_a_python3_that_is_too_old_is_taken_and_named(others: str, taken: str, tmp_path: Path) -> None:
    make_python(tmp_path / "bin", "python3", "3.9.2")
    for minor in others.split():
        make_python(tmp_path / "bin", f"python3.{minor}", f"3.{minor}.4")

    found = find(path=tmp_path / "bin")

    path = tmp_path / "bin" / f"python3.{taken}"
    assert found.stdout == f"{path}\n"
    assert found.stderr == f"[setup] python3 is Python 3.9.2, too old: using Python 3.{taken}.4 ({path})\n"


@pytest.mark.parametrize(("python3", "why"), [(None, "there is no python3"), ("exit 127", "python3 does not run")])
def test_a_machine_without_a_python3_that_runs(python3: str | None, why: str, tmp_path: Path) -> None:
    if python3:
        make_program(tmp_path / "bin", "python3", python3)
    path = make_python(tmp_path / "bin", "python3.12", "3.12.1")

    found = find(path=tmp_path / "bin")

    assert found.stdout == f"{path}\n"
    assert found.stderr == f"[setup] {why}: using Python 3.12.1 ({path})\n"


@pytest.mark.parametrize("where", ["PYENV_ROOT", "pyenv root", "home"])
def test_one_that_only_pyenv_has_is_taken_though_its_shim_does_not_run(where: str, tmp_path: Path) -> None:
    root = tmp_path / "home" / ".pyenv" if where == "home" else tmp_path / "a pyenv"
    make_python(tmp_path / "bin", "python3", "3.8.18")
    make_program(tmp_path / "bin", "python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")
    make_program(tmp_path / "bin", "pyenv", f"echo '{root}'" if where == "pyenv root" else "exit 1")
    path = make_python(root / "versions" / "3.12.1" / "bin", "python3.12", "3.12.1")

    found = find(path=tmp_path / "bin", environment={"PYENV_ROOT": str(root)} if where == "PYENV_ROOT" else None)

    assert found.stdout == f"{path}\n"
    assert "using Python 3.12.1" in found.stderr


def test_the_python_of_an_environment_that_is_there_goes_first(tmp_path: Path) -> None:
    make_python(tmp_path / "bin", "python3", "3.13.0")
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)

    found = find(str(tmp_path / "env" / "bin" / "python"), path=tmp_path / "bin")

    assert found.stdout == f"{PYTHON.resolve()}\n"
    assert not found.stderr


def test_an_environment_whose_python_is_gone_is_passed_over(tmp_path: Path) -> None:
    python = make_python(tmp_path / "bin", "python3", "3.13.0")
    (tmp_path / "gone").symlink_to("/nowhere")

    found = find(str(tmp_path / "gone"), path=tmp_path / "bin")

    assert (found.stdout, found.stderr) == (f"{python}\n", "")


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15", "3.10.13"])
def test_where_all_are_too_old_it_is_said_what_to_do(version: str, tmp_path: Path) -> None:
    make_python(tmp_path / "bin", "python3", version)

    found = find(path=tmp_path / "bin")

    assert (found.stdout, found.returncode) == ("", 1)
    assert found.stderr == (
        f"[setup] Python 3.11 or later is needed, and python3 is Python {version}, too old. "
        "Install one, or name one: make PYTHON=/path/to/python3.13\n"
    )


@pytest.mark.parametrize(("version", "implementation"), [("3.15.0", "cpython"), ("3.11.9", "pypy")])
def test_what_is_not_tested_is_tried_where_nothing_else_is_there(
    version: str, implementation: str, tmp_path: Path
) -> None:
    path = make_python(tmp_path / "bin", "python3", version, implementation=implementation)

    found = find(path=tmp_path / "bin")

    assert found.stdout == f"{path}\n"
    assert found.stderr.endswith("and no other is here: trying it\n")
    better = make_python(tmp_path / "bin", "python3.11", "3.11.2")
    assert find(path=tmp_path / "bin").stdout == f"{better}\n"


def test_the_one_that_is_named_wins(tmp_path: Path) -> None:
    make_python(tmp_path / "bin", "python3", "3.13.0")
    path = make_python(tmp_path / "mine", "python", "3.12.0")

    found = find(str(PYTHON), path=tmp_path / "bin", environment={"PYTHON": str(path)})

    assert (found.stdout, found.stderr) == (f"{path}\n", "")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "echo 'pyenv: python3.12: command not found' >&2; exit 127",
            "does not run: pyenv: python3.12: command not found",
        ),
        ("exec /nowhere", "does not run: "),
        (None, "does not run: "),
        ("2.7.18", "is Python 2.7.18: 3.11 or later is needed"),
    ],
)
def test_a_wrong_one_that_is_named_is_an_error(code: str | None, words: str, tmp_path: Path) -> None:
    make_python(tmp_path / "bin", "python3", "3.13.0")
    path = tmp_path / "mine" / "python"
    if code == "2.7.18":
        make_python(path.parent, path.name, code)
    elif code:
        make_program(path.parent, path.name, code)

    found = find(path=tmp_path / "bin", environment={"PYTHON": str(path)})

    assert (found.stdout, found.returncode) == ("", 1)
    assert f"[setup] PYTHON={path} {words}" in found.stderr
