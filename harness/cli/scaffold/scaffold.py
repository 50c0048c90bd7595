"""Decides what an integration still needs for tests in sandboxes, and writes only that."""

import os
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from harness.integration.own_environment import how_to_install, packages_of
from harness.integration.resources import MAPPINGS, RESOURCES, mapping_of
from harness.replay.python_literals import literal, string
from harness.running.defaults import config_of
from harness.stubs import folder as stub_files
from sandbox.errors import IntegrationError, SandboxError
from sandbox.images.archive import spec_of
from sandbox.settings import Settings

TARGETS = "sandbox.mk"
_HERE = Path(__file__).parent
_MAKEFILES = ("makefile", "Makefile")  # in the order in which GNU make looks for them, after GNUmakefile
_TEST = "test_integration_first.py"
_OWN_TARGET = re.compile(r"^test/integration\s*:", re.MULTILINE)


@dataclass(frozen=True)
class Scaffold:
    """What came of it.

    Args:
        written: Files that were written.
        there: Files that already existed, and were left unchanged.
        notes: Notes on what was written, one sentence each.
        to_do: What the user must do, one sentence each.
    """

    written: list[Path] = field(default_factory=list)
    there: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    to_do: list[str] = field(default_factory=list)


def scaffold(directory: Path, settings: Settings, *, with_tests: bool = True) -> Scaffold:
    """Write what the integration still needs: make targets, a stub folder, a first test.

    No existing file is changed, and nothing is written through a symbolic link.

    Args:
        directory: The integration's; an absolute path.
        settings: Where the stub files are.
        with_tests: Whether it needs a stub folder and a first test, too.

    Raises:
        IntegrationError: There is no integration.
        SandboxError: A file cannot be written.
    """
    _check(directory)
    done = Scaffold()
    _Writer(directory, done).write(directory / TARGETS, (_HERE / TARGETS).read_text(encoding="utf-8"))
    _make(directory, done)
    if with_tests:
        _first_test(directory, _stub_folder(directory, settings, done), done)
    _installed(directory, done)
    return done


class _Writer:
    """Writes new files within a folder.

    Args:
        within: The folder outside of which nothing is written.
        done: Where to note what happened to each.
    """

    def __init__(self, within: Path, done: Scaffold) -> None:
        self._within = within
        self._done = done

    def write(self, file: Path, text: str) -> None:
        """Write a file, unless something of that name exists."""
        parts = [file, *file.parents[: len(file.relative_to(self._within).parts) - 1]]
        if link := next((each for each in parts[1:] if each.is_symlink()), None):
            self._done.to_do.append(
                f"{link} is a link to {link.readlink()}, and nothing was written through it: write {file} by hand."
            )
            return
        if _is_taken(file):
            self._done.there.append(file)
            return
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as new:
                new.write(text)
        except OSError as error:
            raise SandboxError(
                f"{file} cannot be written: {error.strerror}.", remedy="make sure that you may write there."
            ) from error
        self._done.written.append(file)


def _check(directory: Path) -> None:
    for missing, is_there in (("main.py", (directory / "main.py").is_file()), (".port/spec.yaml", spec_of(directory))):
        if not is_there:
            raise IntegrationError(
                f"There is no integration at {directory}: it has no {missing}.",
                remedy="name the directory of an integration, with a main.py and a .port/spec.yaml; "
                "`ocean new` creates one.",
            )


def _make(directory: Path, done: Scaffold) -> None:
    """Make the targets available to make, whatever makefile there is."""
    own = directory / "GNUmakefile"
    other = next((directory / name for name in _MAKEFILES if _is_there(directory / name)), None)
    for file in filter(_is_there, (own, other) if other else (own,)):
        if TARGETS in file.read_text(encoding="utf-8", errors="replace"):
            done.there.append(file)
            return
    if _is_there(own):
        done.to_do.append(f"add this line to the end of {own}, which is yours: include {TARGETS}")
    elif other is None:
        _Writer(directory, done).write(directory / "Makefile", f"include {TARGETS}\n")
    else:
        text = (_HERE / "pass_on.mk").read_text(encoding="utf-8")
        _Writer(directory, done).write(own, text.replace("{makefile}", other.name))
        link = f" (a link to {other.readlink()})" if other.is_symlink() else ""
        done.notes.append(
            f"{other.name}{link} is unchanged: make reads {own.name} first, which has the targets of {TARGETS} and passes "
            f"all others on to it."
        )
        if _OWN_TARGET.search(other.read_text(encoding="utf-8", errors="replace")):
            done.notes.append(
                f"{other.name} has a test/integration of its own: `make -f {other.name} test/integration` runs that."
            )


def _is_taken(file: Path) -> bool:
    return file.is_symlink() or file.exists()


def _is_there(file: Path) -> bool:
    """Whether there is a file of exactly that name, on file systems without upper and lower case, too."""
    return any(each.name == file.name for each in file.parent.iterdir()) and file.is_file()


def _stub_folder(directory: Path, settings: Settings, done: Scaffold) -> Path:
    root = stub_files.place_for(directory, settings.mappings)
    folder = root / directory.name
    if folder.is_dir() and stub_files.stub_files(folder):
        done.there.append(folder)
    else:
        text = (_HERE / "stubs.yaml.txt").read_text(encoding="utf-8").format(name=directory.name)
        # Where a project keeps its stub folders, above the integration, is no link out of it.
        _Writer(root.parent, done).write(folder / "stubs.yaml", text)
    return folder


def _first_test(directory: Path, folder: Path, done: Scaffold) -> None:
    file = _place_of_tests(directory, done) / _TEST
    try:
        mapping = mapping_of(directory)[0]
    except SandboxError as error:
        mapping = directory / RESOURCES / MAPPINGS[0]
        done.to_do.append(f"{error.what} The first test reads {mapping}: {error.remedy}")
    stubs = [placed.stub for each in stub_files.stub_files(folder) for placed in stub_files.read(each, folder)]
    text = (_HERE / "first_test.py.txt").read_text(encoding="utf-8")
    place = Path(os.path.relpath(folder, directory)).as_posix()
    made = text.format(
        stubs=f"{place}/stubs.yaml",
        name=string(folder.name),
        mapping=mapping.relative_to(directory).as_posix(),
        config=literal(config_of(directory, stubs, ()), 8, len("        return ")),
    )
    _Writer(directory, done).write(file, made)


def _place_of_tests(directory: Path, done: Scaffold) -> Path:
    """Where pytest imports nothing that needs the integration's environment, if there is such a place."""
    conftest, above = directory / "tests" / "conftest.py", directory / "conftest.py"
    if needed := packages_of(above):
        done.to_do.append(
            f"pytest imports {above} before any test here, and that needs {', '.join(needed)}: run the tests in the "
            f"integration's environment, with ocean-sandbox in it. {how_to_install(directory)}"
        )
    # Where Ocean's own in-process tests are, and else where `ocean-sandbox generate` writes.
    if (directory / "integration_tests").is_dir():
        return directory / "integration_tests"
    if not (needed := packages_of(conftest)) or (directory / "tests" / _TEST).is_file():
        return directory / "tests"
    done.notes.append(
        f"the first test is not in tests: pytest would import {conftest.relative_to(directory)}, which needs "
        f"{', '.join(needed)}. In integration_tests, it needs nothing of the integration's environment."
    )
    return directory / "integration_tests"


def _installed(directory: Path, done: Scaffold) -> None:
    """Say what to do if make would not find the command, or would find another one than is running now."""
    candidates = [directory / ".venv" / "bin" / "ocean-sandbox"]
    if active := os.environ.get("VIRTUAL_ENV"):
        candidates.append(Path(active, "bin", "ocean-sandbox"))
    if on_path := shutil.which("ocean-sandbox"):
        candidates.append(Path(on_path))
    found = next((each for each in candidates if each.is_file()), None)
    here = Path(sys.executable).with_name("ocean-sandbox")
    if found is None:
        install = ".venv/bin/pip install" if (directory / ".venv").is_dir() else "pipx install"
        done.to_do.append(
            f"make does not find ocean-sandbox in .venv, in an active virtual environment or on PATH: "
            f"{install} ocean-sandbox, or use the running one for now: export PATH={here.parent}:$PATH"
        )
    elif not found.resolve().with_name("pytest").is_file():
        done.to_do.append(f"make finds {found}, which has no pytest beside it: install ocean-sandbox there again.")
    else:
        done.notes.append(f"make uses {found}.")
