"""Versions of an integration, in real git repositories; images need an engine: tests/integration/test_compare.py."""

import subprocess
from pathlib import Path

import pytest

from harness.diagnosis.versions import Version, VersionError, find, working_tree
from sandbox.settings import load


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def repository(folder: Path, inside: str = ".") -> Path:
    """A repository whose first version, v1, has an integration ``inside`` it; gives the integration, edited since."""
    things = folder / inside
    things.mkdir(parents=True)
    (things / "main.py").write_text("first")
    (folder / "shared.mk").write_text("")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "First")
    git(folder, "tag", "v1")
    (things / "main.py").write_text("edited")
    (things / "new.py").write_text("not in v1")
    return things


def found(named: str, directory: Path, tmp_path: Path) -> Version:
    into = tmp_path / "into"
    into.mkdir()
    return find(named, directory, into, load())


@pytest.mark.parametrize("inside", [".", "integrations/things"])
@pytest.mark.parametrize("named", ["git:v1", "git:HEAD"])
def test_a_commit_is_the_code_of_that_time(tmp_path: Path, named: str, inside: str) -> None:
    things = repository(tmp_path / "things", inside)

    version = found(named, things, tmp_path)

    assert [path.name for path in version.directory.iterdir() if path.suffix == ".py"] == ["main.py"]
    assert (version.directory / "main.py").read_text() == "first"
    assert (version.directory.name, version.image) == (things.name, None)
    assert version.name.startswith(f"{named.removeprefix('git:')} (")
    assert (things / "main.py").read_text() == "edited"


def test_a_link_out_of_the_integration_is_none_of_its_code(tmp_path: Path) -> None:
    things = repository(tmp_path / "repository", "things")
    (things / "Makefile").symlink_to("../shared.mk")
    (things / "alias.py").symlink_to("main.py")
    git(tmp_path / "repository", "add", ".")
    git(tmp_path / "repository", "commit", "-m", "Links")

    version = found("git:HEAD", things, tmp_path)

    assert sorted(path.name for path in version.directory.iterdir()) == ["alias.py", "main.py", "new.py"]


@pytest.mark.parametrize("named", ["git:v2", "git:-h", "git:", "git:v1:main.py", "git:a b"])
def test_what_is_no_commit_is_said_to_be_none(tmp_path: Path, named: str) -> None:
    things = repository(tmp_path / "things")

    with pytest.raises(VersionError, match=f"of {things} has no commit, branch or tag {named[4:]!r}"):
        found(named, things, tmp_path)


def test_a_commit_without_the_integration_says_so(tmp_path: Path) -> None:
    repository(tmp_path / "repository")
    later = tmp_path / "repository" / "later"
    later.mkdir()

    with pytest.raises(VersionError, match=r"There is no later in v1 \("):
        found("git:v1", later, tmp_path)


def test_outside_of_a_repository_there_are_no_commits(tmp_path: Path) -> None:
    with pytest.raises(VersionError, match="is not in a git repository"):
        found("git:v1", tmp_path, tmp_path)


def test_the_working_tree_is_where_it_is(tmp_path: Path) -> None:
    assert working_tree(tmp_path) == Version("the working tree", tmp_path)
