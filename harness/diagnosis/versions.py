"""Finds a version of an integration: its directory, a commit of that, or a released image."""

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import docker.errors

from sandbox.engine import engine
from sandbox.errors import SandboxError
from sandbox.process import output_of
from sandbox.settings import Settings

_GIT = "git:"
_IMAGE = "image:"


class VersionError(SandboxError):
    """What is to be compared with is not there."""


@dataclass(frozen=True)
class Version:
    """One version of an integration.

    Args:
        name: What to call it.
        directory: Where its code is; with an image, where code would be that the image stands in for.
        image: The released image that it is, or None for its code in ``directory``.
    """

    name: str
    directory: Path
    image: str | None = None


def working_tree(directory: Path) -> Version:
    """What is in ``directory`` now."""
    return Version("the working tree", directory)


def find(named: str, directory: Path, into: Path, settings: Settings) -> Version:
    """The version that ``named`` names: a commit, branch or tag of git, or else an image that the engine has.

    Args:
        named: The name; with ``git:`` or ``image:`` in front where it could be both.
        directory: The integration's directory.
        into: An empty folder, where the code of a commit is put.
        settings: Where the engine is.

    Raises:
        VersionError: It is neither, or both; or it is a commit without this integration.
    """
    if named.startswith(_GIT):
        return _commit(named.removeprefix(_GIT), directory, into)
    if named.startswith(_IMAGE):
        return _image(named.removeprefix(_IMAGE), directory, settings)
    is_commit, is_image = _is_commit(named, directory), _is_image(named, settings)
    if is_commit and is_image:
        raise VersionError(
            f"{named!r} is both an image and a commit of {directory}.",
            remedy=f"say which: {_IMAGE}{named} or {_GIT}{named}.",
        )
    if is_image:
        return _image(named, directory, settings)
    if is_commit:
        return _commit(named, directory, into)
    raise VersionError(
        f"{named!r} is neither an image that the engine has, nor a commit, branch or tag of "
        f"{'the git repository of ' if _is_in_repository(directory) else ''}{directory}"
        f"{'' if _is_in_repository(directory) else ', which is not in a git repository'}.",
        remedy=f"`docker pull {named}`, or `git fetch --tags`; a shallow clone has few commits.",
    )


def _image(named: str, directory: Path, settings: Settings) -> Version:
    if not _is_image(named, settings):
        raise VersionError(
            f"The engine has no image {named!r}.", remedy=f"`docker pull {named}`, or fix its name and tag."
        )
    return Version(f"image {named}", directory, named)


def _is_image(named: str, settings: Settings) -> bool:
    try:
        engine.ensure(settings).client.images.get(named)
    except docker.errors.APIError as error:
        if error.status_code in {400, 404}:  # an impossible name, and an unknown one
            return False
        raise VersionError(
            f"The engine does not say whether it has an image {named!r}: {error.explanation or error}.",
            remedy="`ocean-sandbox doctor` says what is wrong with it.",
        ) from None
    return True


def _is_in_repository(directory: Path) -> bool:
    return _succeeds("git", "-C", str(directory), "rev-parse", "--git-dir")


def _is_commit(named: str, directory: Path) -> bool:
    # What begins with a dash would be taken for an option.
    return not named.startswith("-") and _succeeds(
        "git", "-C", str(directory), "rev-parse", "--verify", "--quiet", f"{named}^{{commit}}"
    )


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:  # no git: nothing is a commit
        return False


def _commit(named: str, directory: Path, into: Path) -> Version:
    if not _is_in_repository(directory):
        raise VersionError(
            f"{directory} is not in a git repository.", remedy=f"`git -C {directory} init`, or name an image."
        )
    if not _is_commit(named, directory):
        raise VersionError(
            f"The git repository of {directory} has no commit, branch or tag {named!r}.",
            remedy="`git fetch --tags`, or fix the name; a shallow clone has few commits.",
        )
    commit = _git(directory, "rev-parse", f"{named}^{{commit}}")
    prefix = PurePosixPath(_git(directory, "rev-parse", "--show-prefix") or ".")
    tree = commit if prefix == PurePosixPath() else f"{commit}:{prefix}"
    top = Path(_git(directory, "rev-parse", "--show-toplevel"))
    done = subprocess.run(["git", "-C", str(top), "archive", "--format=tar", tree], capture_output=True, check=False)
    if done.returncode:
        raise VersionError(
            f"There is no {prefix} in {named} ({commit[:10]}).",
            remedy="name a commit that has this integration at this path.",
            detail=done.stderr.decode(errors="replace"),
        )
    # By the same name, so that what is made for it (its image) serves both.
    folder = into / directory.name
    folder.mkdir()
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        # Links that lead out of the integration, as Ocean's own Makefiles do, are not part of its code.
        tar.extractall(folder, filter=_data_only)  # noqa: S202 # the filter is Python's own, and stricter
    return Version(f"{named} ({commit[:10]})", folder)


def _data_only(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
    try:
        return tarfile.data_filter(member, path)
    except tarfile.FilterError:
        return None


def _git(directory: Path, *arguments: str) -> str:
    command = ["git", "-C", str(directory), *arguments]
    return output_of(command, error=VersionError, remedy="see git's output below.").strip()
