"""Prints the run-time dependencies of the integration in the working directory, in the form that uv installs.

From ``poetry.lock`` where there is one (pinned, with hashes), else from ``pyproject.toml`` alone: PEP 621's
``project.dependencies``, or Poetry's ``tool.poetry.dependencies``.
"""

import subprocess
import sys
import tomllib
from pathlib import Path


def from_lock() -> str:
    """The lock as requirements with hashes; Poetry checks that it fits the ``pyproject.toml``."""
    export = subprocess.run(
        ["poetry", "export", "--format", "requirements.txt", "--without-urls", "--no-interaction"],
        capture_output=True,
        text=True,
        check=False,
    )
    if export.returncode:
        sys.exit(f"poetry.lock cannot be used: {export.stderr or export.stdout}")
    return export.stdout


def from_poetry() -> str:
    """Poetry's own constraints (``^1.2``), as PEP 508 says them."""
    from poetry.core.factory import Factory  # noqa: PLC0415 # only here is the import needed, and it takes its time

    package = Factory().create_poetry(Path.cwd(), with_groups=False).package
    return "\n".join(dependency.to_pep_508() for dependency in package.requires)


def main() -> None:
    """Print the requirements, or end with a message that names the file at fault."""
    try:
        project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        sys.exit(f"pyproject.toml is no valid TOML: {error}")
    if Path("poetry.lock").exists():
        print(from_lock())
    elif "dependencies" in project.get("project", {}):
        print("\n".join(project["project"]["dependencies"]))
    elif "poetry" in project.get("tool", {}):
        print(from_poetry())
    else:
        sys.exit("pyproject.toml names no dependencies: neither project.dependencies nor tool.poetry.dependencies")


if __name__ == "__main__":
    main()
