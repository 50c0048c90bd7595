"""Prints the run-time dependencies of the integration in the working directory, in the form that uv installs.

From its lock where there is one (``poetry.lock`` or ``uv.lock``: pinned, with hashes), otherwise from ``pyproject.toml``
alone: PEP 621's ``project.dependencies``, or Poetry's ``tool.poetry.dependencies``.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

# What prints each lock as requirements, and checks that it fits the ``pyproject.toml``.
EXPORTS = {
    "poetry.lock": "poetry export --format requirements.txt --without-urls --no-interaction",
    "uv.lock": "uv export --locked --offline --no-cache --no-default-groups --no-emit-project --no-header --no-annotate "
    "--format requirements-txt",
}


def from_lock(lock: str) -> str:
    """The lock as requirements with hashes."""
    export = subprocess.run(EXPORTS[lock].split(), capture_output=True, text=True, check=False)
    if export.returncode:
        sys.exit(f"{lock} cannot be used: {export.stderr or export.stdout}")
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
        sys.exit(f"pyproject.toml is not valid TOML: {error}")
    if lock := next((name for name in EXPORTS if Path(name).exists()), None):
        print(from_lock(lock))
    elif "dependencies" in project.get("project", {}):
        print("\n".join(project["project"]["dependencies"]))
    elif "poetry" in project.get("tool", {}):
        print(from_poetry())
    else:
        sys.exit("pyproject.toml names no dependencies: neither project.dependencies nor tool.poetry.dependencies")


if __name__ == "__main__":
    main()
