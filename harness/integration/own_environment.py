"""What a conftest.py needs of the integration's own environment, and how to get ocean-sandbox into that."""

import ast
import sys
from pathlib import Path

# Whatever environment ocean-sandbox is in.
_EVERYWHERE = {"harness", "sandbox", "pytest", "_pytest", "pytest_asyncio", "yaml", "httpx"}


def packages_of(conftest: Path) -> list[str]:
    """The packages and modules that a conftest.py imports and that only the integration's environment is sure to have.

    Args:
        conftest: The file; where there is none, or none that Python can read, it imports nothing.
    """
    try:
        tree = ast.parse(conftest.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "" if not node.level else ".")
    found = dict.fromkeys(name.partition(".")[0] or "its neighbours" for name in names)
    return [name for name in found if name not in sys.stdlib_module_names and name not in _EVERYWHERE]


def how_to_install(directory: Path) -> str:
    """A sentence that says how to install ocean-sandbox beside the packages of an integration.

    Args:
        directory: The integration's.
    """
    if (directory / "uv.lock").is_file():
        return (
            "Install it there: uv sync && uv pip install ocean-sandbox, then `uv run --no-sync make test/integration`."
        )
    if (directory / "poetry.lock").is_file():
        return (
            "Install it there: poetry install && poetry run pip install ocean-sandbox, then "
            "`poetry run make test/integration`."
        )
    return "Install it there: .venv/bin/pip install ocean-sandbox."
