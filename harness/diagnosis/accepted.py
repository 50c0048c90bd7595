"""The entities that the user has accepted as correct: a snapshot, in a file of the integration's tests."""

import json
from pathlib import Path
from typing import Any

from harness.atomic_write import replacing
from harness.diagnosis.difference import Difference, Outcome, compare
from harness.running.directory_run import Asked
from sandbox.errors import SandboxError

FOLDER = Path("tests", "snapshots")


class SnapshotError(SandboxError):
    """The snapshot cannot be read or written."""


class Accepted:
    """The snapshot of a directory as it is run: other stubs or another kind have one of their own.

    Args:
        directory: The integration's.
        folders: The stub folders.
        asked: What is run.

    Attributes:
        file: Where it is, such as ``tests/snapshots/things.json``.
    """

    def __init__(self, directory: Path, folders: list[str], asked: Asked) -> None:
        stubs = "+".join(folder.replace("/", "-") for folder in folders) or "no-stubs"
        self.file = directory / FOLDER / f"{stubs}{f'.{asked.kind}' if asked.kind else ''}.json"

    def write(self, outcome: Outcome) -> None:
        """Accept the entities of an outcome.

        Raises:
            SnapshotError: The file cannot be written.
        """
        text = json.dumps({"entities": outcome.entities}, indent=2, sort_keys=True, ensure_ascii=False, default=str)
        try:
            with replacing(self.file, f".{self.file.name}.") as file:
                file.write_text(f"{text}\n", encoding="utf-8")
        except OSError as error:
            raise SnapshotError(
                f"{self.file} cannot be written: {error.strerror}.", remedy="make it writable."
            ) from error

    def difference(self, outcome: Outcome) -> Difference | None:
        """What the entities of an outcome are other than accepted; None where nothing was accepted yet.

        Raises:
            SnapshotError: The file is not a snapshot.
        """
        try:
            entities: list[dict[str, Any]] = json.loads(self.file.read_text(encoding="utf-8"))["entities"]
            plain = json.loads(json.dumps(outcome.entities, default=str))  # as it would be in the file
            found = compare(Outcome("accepted", entities=entities), Outcome("now", entities=plain))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SnapshotError(f"{self.file} is not a snapshot: {error!r}", remedy="fix or remove it.") from error
        return found.differences.get("entities", Difference())
