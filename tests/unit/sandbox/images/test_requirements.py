"""What docker/integration/requirements.py prints for an integration's project, run as the image's build runs it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.sandbox.factories import ROOT, make_files, make_program

PROGRAM = ROOT / "docker" / "integration" / "requirements.py"
NEEDS_POETRY_CORE = pytest.mark.skipif(
    not importlib.util.find_spec("poetry"), reason="poetry-core, which the builder image has, is not importable here"
)


def run(project: Path, programs: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{programs}:/usr/bin:/bin"} if programs else None
    return subprocess.run(
        [sys.executable, PROGRAM], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def requirements_of(project: Path, programs: Path | None = None) -> list[str]:
    done = run(project, programs)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()


def complaint_about(project: Path, programs: Path | None = None) -> str:
    done = run(project, programs)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


def test_pep_621_dependencies_are_printed_as_they_are(tmp_path: Path) -> None:
    make_files(
        tmp_path,
        {
            "pyproject.toml": """
                [project]
                name = "it"
                dependencies = ["port-ocean[cli]>=0.55,<0.56", "httpx>=0.27; python_version >= '3.12'"]
                [project.optional-dependencies]
                dev = ["pytest"]
                [dependency-groups]
                dev = ["ruff"]
                """
        },
    )

    assert requirements_of(tmp_path) == ["port-ocean[cli]>=0.55,<0.56", "httpx>=0.27; python_version >= '3.12'"]


def test_names_that_are_not_ascii_do_no_harm(tmp_path: Path) -> None:
    make_files(tmp_path, {"pyproject.toml": "[project]\nauthors = [{name = 'Zoë'}]\ndependencies = ['httpx']\n"})

    assert requirements_of(tmp_path) == ["httpx"]


def test_an_empty_list_of_dependencies_is_one(tmp_path: Path) -> None:
    make_files(tmp_path, {"pyproject.toml": "[project]\nname = 'it'\ndependencies = []\n"})

    assert requirements_of(tmp_path) == []


POETRY = """
[tool.poetry]
name = "it"
version = "1.0.0"
description = ""
authors = []
{more}
[tool.poetry.dependencies]
python = "^3.12"
port-ocean = {{version = "^0.55.0", extras = ["cli"]}}
aiolimiter = "~1.1"
jira = {{version = "*", optional = true}}
[tool.poetry.group.dev.dependencies]
pytest = ">=8.2"
[tool.poetry.extras]
jira = ["jira"]
"""


@NEEDS_POETRY_CORE
def test_poetrys_own_constraints_are_said_in_pep_508(tmp_path: Path) -> None:
    make_files(tmp_path, {"pyproject.toml": POETRY.format(more="")})

    assert requirements_of(tmp_path) == [
        "port-ocean[cli] (>=0.55.0,<0.56.0)",
        "aiolimiter (>=1.1,<1.2)",
        'jira ; extra == "jira"',
    ]


@NEEDS_POETRY_CORE
def test_dependencies_that_are_dynamic_are_poetrys(tmp_path: Path) -> None:
    project = '[project]\nname = "it"\nversion = "1"\ndynamic = ["dependencies"]\n'
    make_files(tmp_path, {"pyproject.toml": project + '[tool.poetry.dependencies]\naiolimiter = "1.1.0"\n'})

    assert requirements_of(tmp_path) == ["aiolimiter (==1.1.0)"]


def make_poetry(folder: Path, code: str) -> Path:
    return make_program(folder, "poetry", code)


def test_a_lock_goes_before_all_else_as_poetry_exports_it(tmp_path: Path) -> None:
    make_files(
        tmp_path, {"pyproject.toml": "[project]\nname = 'it'\ndependencies = ['httpx']\n", "poetry.lock": "# locked\n"}
    )
    poetry = make_poetry(tmp_path / "bin", f'echo "$*" > {tmp_path}/called; echo "httpx==0.28.1 --hash=sha256:0"')

    assert requirements_of(tmp_path, poetry) == ["httpx==0.28.1 --hash=sha256:0"]
    assert (tmp_path / "called").read_text() == "export --format requirements.txt --without-urls --no-interaction\n"


def test_a_lock_of_uv_is_printed_as_uv_exports_it(tmp_path: Path) -> None:
    make_files(tmp_path, {"pyproject.toml": "[project]\nname = 'it'\ndependencies = ['httpx']\n", "uv.lock": ""})
    uv = make_program(tmp_path / "bin", "uv", 'echo "httpx==0.28.1 --hash=sha256:0"')

    assert requirements_of(tmp_path, uv) == ["httpx==0.28.1 --hash=sha256:0"]


def test_a_lock_of_uv_that_does_not_fit_is_explained_in_uvs_words(tmp_path: Path) -> None:
    make_files(
        tmp_path,
        {"pyproject.toml": "[project]\nname = 'it'\nversion = '1'\ndependencies = ['httpx']\n", "uv.lock": "no"},
    )

    assert complaint_about(tmp_path, Path(sys.executable).parent).startswith("uv.lock cannot be used: ")


@pytest.mark.parametrize("stream", ["", " >&2"])
def test_a_lock_that_does_not_fit_is_explained_in_poetrys_words(stream: str, tmp_path: Path) -> None:
    make_files(tmp_path, {"pyproject.toml": "[project]\nname = 'it'\n", "poetry.lock": "# old\n"})
    poetry = make_poetry(tmp_path / "bin", f"echo 'pyproject.toml changed, run poetry lock'{stream}; exit 1")

    complaint = complaint_about(tmp_path, poetry)

    assert complaint == "poetry.lock cannot be used: pyproject.toml changed, run poetry lock\n\n"


def test_invalid_toml_is_explained(tmp_path: Path) -> None:
    make_files(tmp_path, {"pyproject.toml": "[project\n", "poetry.lock": ""})

    complaint = complaint_about(tmp_path)

    assert complaint.startswith("pyproject.toml is not valid TOML: ")
    assert "line 1" in complaint
    assert "Traceback" not in complaint


@pytest.mark.parametrize("content", ["", "[project]\nname = 'it'\n", "[tool.ruff]\nline-length = 120\n"])
def test_a_project_without_dependencies_is_explained(content: str, tmp_path: Path) -> None:
    make_files(tmp_path, {"pyproject.toml": content})

    assert complaint_about(tmp_path) == (
        "pyproject.toml names no dependencies: neither project.dependencies nor tool.poetry.dependencies\n"
    )


def test_a_file_in_another_encoding_is_explained(tmp_path: Path) -> None:
    make_files(tmp_path, {"pyproject.toml": "[project]\nauthors = [{name = 'Zoë'}]\n".encode("latin-1")})

    assert complaint_about(tmp_path).startswith("pyproject.toml is not valid TOML: ")
