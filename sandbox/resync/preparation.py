"""What a resync container is given of an integration ahead of its boot: its code, and the modules that it will import."""

import base64
import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sandbox.resync.learned import Learned, Memory, with_bytecode
from sandbox.resync.sandbox import DIRECTORY


class Preparation:
    """The preparation of one resync container.

    Args:
        tag: The image that it runs.
        directory: The integration's.
        memory: Knows what the last resync of it showed.
        order: Gives the runner an order.
        brings_code: Whether the image brings the code, as a released one does; then there is none to put in.

    Attributes:
        is_out_of_date: Whether modules of other code were imported, so that no fork will do.
    """

    def __init__(
        self,
        tag: str,
        directory: Path,
        memory: Memory,
        order: Callable[[dict[str, Any]], None],
        *,
        brings_code: bool,
    ) -> None:
        self._tag = tag
        self._directory = directory
        self._memory = memory
        self._order = order
        self._brings_code = brings_code
        self.is_out_of_date = False
        # The hash of the code that is in the container, and of what is booted; none of what the image brings.
        self._code = self._booting = ""
        # The modules that the runner was told to import, and whether that is for the first time anywhere.
        self._imported: dict[str, tuple[str, ...]] = {"installed": (), "own": ()}
        self._tries = False

    def fits(self, directory: Path) -> bool:
        """Whether an integration in a directory finds nothing here that was prepared for another."""
        return directory == self._directory or not self._imported["installed"]

    def bring(self, archive: bytes, source: Path) -> None:
        """Put in what is booted next, unless just that is there: the runner puts it back after each fork.

        Args:
            archive: The code, as :func:`sandbox.images.archive.pack` packs it.
            source: Where it came from.
        """
        self._directory = source
        if not self._brings_code:
            self._booting = _hash_of(archive)
            self._put(archive, self._booting)
            self._memory.note_code(source, archive)

    def to_learn(self) -> list[str]:
        """What a resync of the code that is booted can show that is not known yet."""
        learned = self._memory.of(self._tag, self._directory)
        if learned is not None and learned.code == self._booting:
            return []
        return ["modules"] if self._brings_code else ["modules", "bytecode"]

    def learn(self, answer: dict[str, Any]) -> None:
        """Remember what a resync has shown, as the runner says it."""
        if "installed" in answer:
            installed, own = ((), ()) if answer["egress"] else (tuple(answer["installed"]), tuple(answer["own"]))
            learned = Learned(self._booting, answer.get("bytecode", ""), installed, own)
            self._memory.learn(self._tag, self._directory, learned)
            self._code = ""  # what was compiled comes with the next boot

    def import_ahead(self, *, own: bool) -> None:
        """Have the runner import what the integration will, in the time until it is wanted.

        Args:
            own: The integration's own modules too, if its code is what was learned from.
        """
        learned = self._memory.of(self._tag, self._directory)
        if learned is None or not learned.installed:
            return
        archive = self._memory.code_of(self._directory)
        knows_own = own and (_hash_of(archive) == learned.code if archive is not None else self._brings_code)
        if knows_own and archive is not None:
            self._put(archive, learned.code)
        modules = {"installed": learned.installed, "own": learned.own if knows_own else ()}
        if modules == self._imported:
            return
        self._imported = modules
        self._tries = knows_own and not learned.is_tried
        self._say({"order": "import", "directory": DIRECTORY, "tried": learned.is_tried, **modules})

    def note_imported(self, answer: dict[str, Any]) -> None:
        """Remember what can be imported ahead, as the runner says it, once all of it has been tried."""
        learned = self._memory.of(self._tag, self._directory)
        installed, own = tuple(answer["installed"]), tuple(answer["own"])
        self._imported = {"installed": installed, "own": own}
        if self._tries and learned is not None:
            tried = replace(learned, installed=installed, own=own, is_tried=True)
            # A trial that came to no end may have been too slow on this day only.
            self._memory.learn(self._tag, self._directory, tried, lasting=answer["ended"])

    def _put(self, archive: bytes, code: str) -> None:
        if code == self._code:
            return
        learned = self._memory.of(self._tag, self._directory)
        content = base64.b64encode(with_bytecode(archive, code, learned)).decode()
        self._say({"order": "code", "directory": DIRECTORY, "archive": content})
        self._code = code
        self.is_out_of_date = bool(self._imported["own"])

    def _say(self, order: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # the container has ended, which who boots is told
            self._order(order)


def _hash_of(archive: bytes) -> str:
    return hashlib.sha256(archive).hexdigest()
