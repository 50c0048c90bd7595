"""An environment comes out right whatever there was before, and on a machine that has only Python."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.sandbox.factories import make_program
from tests.upstream.newer_packages import entries, make_newer_wheels, pinned

from .factories import FEW, PYTHON, installed, make, make_clone


def make_bare_python(directory: Path) -> Path:
    """This Python without pip, and without ensurepip to make one, as Debian has it without python3-venv."""
    library = Path("lib", f"python{sys.version_info[0]}.{sys.version_info[1]}")
    (directory / library / "site-packages").mkdir(parents=True)
    for entry in Path(sys.base_prefix, library).iterdir():
        if entry.name not in {"ensurepip", "site-packages", "dist-packages"}:
            (directory / library / entry.name).symlink_to(entry)
    (directory / "bin").mkdir()
    shutil.copy(PYTHON.resolve(), directory / "bin" / "python3")
    return directory / "bin" / "python3"


def tools_only(folder: Path, *more: Path) -> str:
    """A PATH with what a shell and make need, ``more``, and neither pip nor uv."""
    folder.mkdir()
    for tool in ("sh", "sed", "head", "make", "env", "cat"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    for program in more:
        (folder / program.name).symlink_to(program)
    return str(folder)


def another_python() -> str | None:
    names = ("/usr/bin/python3", *(f"python3.{minor}" for minor in (11, 12, 13, 14)))
    check = "import sys, venv; print(sys.base_prefix); sys.exit(sys.version_info < (3, 11))"
    for name in names:
        if path := shutil.which(name):
            done = subprocess.run([path, "-c", check], capture_output=True, text=True, check=False)
            if done.returncode == 0 and done.stdout.strip() != sys.base_prefix:
                return path
    return None


def gone(clone: Path) -> Path:
    (clone / ".venv" / "bin" / "python").unlink()
    (clone / ".venv" / "bin" / "python").symlink_to("/nowhere/python3.11")
    return clone


def moved(clone: Path) -> Path:
    return clone.rename(clone.with_name("moved"))


def interrupted(clone: Path) -> Path:
    (clone / ".venv" / ".installed").unlink()
    next((clone / ".venv").glob("lib/*/site-packages/coverage/__init__.py")).unlink()
    return clone


def emptied(clone: Path) -> Path:
    shutil.rmtree(clone / ".venv")
    (clone / ".venv").mkdir()
    return clone


@pytest.mark.slow
def test_an_environment_that_does_not_run_is_made_anew(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "clone")
    assert make(clone, "setup", f"PYTHON={PYTHON}").returncode == 0

    for happen in (gone, moved, interrupted, emptied):
        clone = happen(clone)
        done = make(clone, "setup", f"PYTHON={PYTHON}")

        assert done.returncode == 0, done.stderr
        assert installed(clone / ".venv") == {**pinned(clone / "requirements.lock"), "ocean-sandbox": "0.1.0"}
        assert subprocess.run([clone / ".venv/bin/coverage", "--version"], check=False).returncode == 0
        assert make(clone, "setup").stdout == "make: Nothing to be done for 'setup'.\n"


@pytest.mark.slow
def test_what_the_lock_no_longer_names_goes_and_what_it_names_comes_back(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "clone")
    assert make(clone, "setup", f"PYTHON={PYTHON}").returncode == 0
    uv, lock = clone / ".venv/bin/uv", clone / "requirements.lock"
    # By hand, somebody installed one release and removed another package.
    offer = make_newer_wheels(tmp_path / "offer", ["coverage"])
    by_hand = {**os.environ, **offer, "VIRTUAL_ENV": str(clone / ".venv")}
    subprocess.run([uv, "pip", "install", "--quiet", "--upgrade", "coverage"], env=by_hand, check=True)
    subprocess.run([uv, "pip", "uninstall", "--quiet", "pathspec"], env=by_hand, check=True)

    lock.write_text(entries(lock, *(name for name in FEW if name != "pytest-cov")))
    done = make(clone, "setup")

    assert done.returncode == 0, done.stderr
    assert installed(clone / ".venv") == {**pinned(lock), "ocean-sandbox": "0.1.0"}


@pytest.mark.slow
@pytest.mark.skipif(not another_python(), reason="this machine has no other Python 3.11 or later")
def test_another_python_that_is_named_makes_the_environment_anew(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "clone")
    config = clone / ".venv" / "pyvenv.cfg"
    assert make(clone, "setup", f"PYTHON={PYTHON}").returncode == 0
    before = config.read_text()

    assert make(clone, "setup", f"PYTHON={another_python()}").returncode == 0

    after = config.read_text()
    assert f"home = {Path(sys.base_prefix, 'bin')}" in before
    assert f"home = {Path(sys.base_prefix, 'bin')}" not in after
    assert installed(clone / ".venv")["ocean-sandbox"] == "0.1.0"
    # Who names none keeps it, also when there is something to install.
    os.utime(clone / "requirements.lock")
    assert make(clone, "setup").returncode == 0
    assert config.read_text() == after


def test_without_pip_ensurepip_and_uv_it_is_said_what_to_install(tmp_path: Path) -> None:
    clone, python = make_clone(tmp_path / "clone"), make_bare_python(tmp_path / "bare")

    done = make(clone, "setup", f"PYTHON={python}", environment={"PATH": tools_only(tmp_path / "bin")})

    assert done.returncode == 2
    assert done.stderr.splitlines()[1] == (
        f"[setup] {python} cannot install packages: it has no ensurepip, and there is no pip and no uv: "
        "install pip for it, or name another Python: make PYTHON=/path/to/python3.13"
    )


@pytest.mark.slow
def test_a_uv_that_is_there_does_for_pip_and_ensurepip(tmp_path: Path) -> None:
    clone, python = make_clone(tmp_path / "clone"), make_bare_python(tmp_path / "bare")
    uv = Path(sys.executable).with_name("uv")

    done = make(clone, "setup", f"PYTHON={python}", environment={"PATH": tools_only(tmp_path / "bin", uv)})

    assert done.returncode == 0, done.stderr
    assert installed(clone / ".venv") == {**pinned(clone / "requirements.lock"), "ocean-sandbox": "0.1.0"}


@pytest.mark.slow
def test_a_pip_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    clone = make_clone(tmp_path / "clone")
    shims = make_program(tmp_path / "shims", "pip3", "echo 'pyenv: pip3: command not found' >&2; exit 127")
    path = tools_only(tmp_path / "bin", shims / "pip3", Path(sys.executable).with_name("uv"))

    done = make(clone, "setup", f"PYTHON={make_bare_python(tmp_path / 'bare')}", environment={"PATH": path})

    assert done.returncode == 0, done.stderr
