"""Reads the YAML files that an integration ships, as Ocean reads them (YAML 1.1), with errors that name the line."""

from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError


def load(file: Path, error: type[SandboxError]) -> Any:
    """The content of a file; JSON is YAML, too.

    Args:
        file: The file.
        error: What to raise.

    Raises:
        SandboxError: It cannot be read, or is no YAML; as ``error``, with the line.
    """
    import yaml  # noqa: PLC0415 # not everybody who starts the plugin reads YAML

    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise error(
            f"{file}{where}: this is not valid YAML: {wrong.problem or wrong.context}.",
            remedy="fix that line or the one above it.",
        ) from wrong
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        raise error(f"{file} is not valid YAML: {wrong}", remedy="save it as UTF-8 text.") from wrong
    except OSError as wrong:
        raise error(
            f"{file} cannot be read: {wrong.strerror}.", remedy="make sure that it exists and is readable."
        ) from wrong
