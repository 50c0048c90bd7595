"""Makes what the tests of the set-up need: a fresh clone, and machines that differ in what they have."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement

from tests.upstream.newer_packages import entries

ROOT = Path(__file__).resolve().parents[3]
NEEDED = ("Makefile", "README.md", "pyproject.toml", "requirements.lock", "requirements-bench.lock")
NEEDED_FOLDERS = ("scripts", "sandbox", "harness", "docker")
PYTHON = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")


def _with_what_they_need(names: Iterable[str]) -> set[str]:
    """These packages and all that they require, by what is installed here."""
    found, wanted = set[str](), list(names)
    while wanted:
        name = wanted.pop()
        requirements = [Requirement(line) for line in importlib.metadata.requires(name) or []]
        wanted += [each.name for each in requirements if not each.marker or each.marker.evaluate({"extra": ""})]
        wanted = [each for each in wanted if each not in {*found, name}]
        found.add(name)
    return found


# What this project is installed with, and a package that another requires with an extra.
_BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["build"]
FEW = sorted({"uv", "pytest-cov", "coverage", *_with_what_they_need(Requirement(line).name for line in _BUILD)})


def make_clone(directory: Path, *, few: bool = True) -> Path:
    """What the set-up needs of this project, as in a fresh clone.

    Args:
        directory: Where to make it.
        few: Whether both locks pin few packages only, those of this project's locks.
    """
    directory.mkdir(parents=True)
    for name in NEEDED:
        shutil.copy(ROOT / name, directory)
    for name in NEEDED_FOLDERS:
        shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    if few:
        (directory / "requirements.lock").write_text(entries(ROOT / "requirements.lock", *FEW))
    return directory


def make(
    directory: Path, *arguments: str, environment: Mapping[str, str | None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run make there, as a shell would that has no virtual environment active; what is None is not set."""
    found: dict[str, str | None] = {
        **os.environ,
        "MAKEFLAGS": None,
        "MAKELEVEL": None,
        "VIRTUAL_ENV": None,
        "PYTHON": None,
    }
    variables = {name: value for name, value in {**found, **(environment or {})}.items() if value is not None}
    return subprocess.run(
        ["make", *arguments], cwd=directory, env=variables, capture_output=True, text=True, check=False
    )


def installed(environment: Path) -> dict[str, str]:
    """The version of each package in a virtual environment, by its name."""
    program = (
        "import importlib.metadata as m, json; "
        "print(json.dumps({d.metadata['Name'].lower().replace('_', '-').replace('.', '-'): d.version for d in m.distributions()}))"
    )
    done = subprocess.run([environment / "bin" / "python", "-c", program], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))
