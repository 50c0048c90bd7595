"""The recipes and examples that come with the package: beside it in a checkout, within it in a wheel."""

import shutil
from pathlib import Path

from sandbox.errors import SandboxError

_HERE = Path(__file__).resolve().parent
_ROOT = next(root for root in (_HERE.parent, _HERE / "_bundled") if (root / "wiremock-mappings" / "recipes").is_dir())
MAPPINGS = _ROOT / "wiremock-mappings"
RECIPES = MAPPINGS / "recipes"
EXAMPLES = _ROOT / "examples"
_NOT_COPIED = shutil.ignore_patterns("__pycache__", ".*_cache", ".sandbox-traces", "discovery.json", ".discovery-*")
# It names the schema as seen from this repository, see `ocean-sandbox stubs schema`.
_SCHEMA = "# yaml-language-server:"


def recipes() -> dict[str, str]:
    """What each recipe does, by its name: the comment that its first file begins with."""
    found = {}
    for folder in sorted(each for each in RECIPES.iterdir() if each.is_dir()):
        lines = min(folder.glob("*.yaml")).read_text(encoding="utf-8").splitlines()
        comment = (line for line in lines if line.startswith("#") and not line.startswith(_SCHEMA))
        found[folder.name] = next(comment, "#").removeprefix("#").strip()
    return found


def copy_recipe(name: str, target: Path) -> list[Path]:
    """Copy the files of a recipe into a folder, to be adapted.

    Args:
        name: One of :func:`recipes`.
        target: The folder, which may be there; files in it are not overwritten.

    Raises:
        SandboxError: A file already exists, or cannot be written. If one exists, nothing has been written.
    """
    sources = sorted(each for each in (RECIPES / name).rglob("*") if each.is_file())
    files = {target / each.relative_to(RECIPES / name): each for each in sources}
    if taken := [file for file in files if file.exists()]:
        raise SandboxError(f"{taken[0]} already exists.", remedy="choose another folder.")
    try:
        for file, source in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
            file.write_text("".join(line for line in lines if not line.startswith(_SCHEMA)), encoding="utf-8")
    except OSError as error:
        raise SandboxError(f"{target} cannot be written: {error.strerror}.", remedy="choose another folder.") from error
    return list(files)


def copy_example(target: Path) -> None:
    """Copy the example integration with its tests and stub files.

    Args:
        target: A directory that does not exist yet; its stub files go to ``wiremock-mappings`` in it.

    Raises:
        SandboxError: The directory already exists, or cannot be written.
    """
    if target.exists():
        raise SandboxError(f"{target} already exists.", remedy="name a directory that does not exist yet.")
    try:
        shutil.copytree(EXAMPLES / "oci-registry", target, ignore=_NOT_COPIED)
        shutil.copytree(MAPPINGS / "oci-registry", target / "wiremock-mappings" / "oci-registry", ignore=_NOT_COPIED)
    except OSError as error:
        raise SandboxError(f"{target} cannot be written: {error}.", remedy="choose another directory.") from error
