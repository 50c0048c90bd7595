"""What a resync showed of an integration, so that the next one starts sooner: what it imported, and that compiled.

It is a hint, never an input. Bytecode and the integration's own modules are of use for just the code that they were
learned from: Python takes bytecode for a file's by its size and the second in which it was written, and two edits can
share both. The modules of installed packages outlive an edit, and the runner tries first whether they can be imported.
"""

import base64
import contextlib
import hashlib
import io
import json
import os
import tarfile
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_FOLDER = "learned"
_MOST_FILES = 50
# In memory, where a standing pool lives long.
_MOST_KNOWN = 20


@dataclass(frozen=True)
class Learned:
    """What is known of one integration.

    Args:
        code: The hash of the code that the rest was learned from.
        bytecode: A tar of ``__pycache__`` folders, in base64.
        installed: The modules of installed packages that it imported, in their order; none where it tried to reach the
            outside, which one of them may do on import.
        own: The modules of its own, likewise.
        is_tried: Whether they are what the runner said that it can import ahead.
    """

    code: str
    bytecode: str
    installed: tuple[str, ...]
    own: tuple[str, ...]
    is_tried: bool = False


class Memory:
    """What this process and those before it have learned.

    Args:
        cache: The folder of the cache.
    """

    def __init__(self, cache: Path) -> None:
        self._folder = cache / _FOLDER
        self._known: dict[Path, Learned | None] = {}
        self._archives: dict[Path, bytes] = {}
        self._lock = threading.Lock()

    def of(self, tag: str, directory: Path) -> Learned | None:
        """What is known of the integration in a directory, with an image; None where it has not resynced yet."""
        file = self._file(tag, directory)
        with self._lock:
            if file not in self._known:
                self._known[file] = _read(file)
            return self._known[file]

    def learn(self, tag: str, directory: Path, learned: Learned, *, lasting: bool = True) -> None:
        """Keep what a resync showed, or a runner that tried it; beyond this process only if it is ``lasting``."""
        file = self._file(tag, directory)
        with self._lock:
            self._known[file] = learned
            _forget_first(self._known)
        if not lasting:
            return
        with contextlib.suppress(OSError):  # who cannot write to the cache learns for this process only
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._folder, prefix="new-", delete=False) as new:
                json.dump(asdict(learned), new)
            Path(new.name).replace(file)
            _forget_the_oldest(self._folder)

    def note_code(self, directory: Path, archive: bytes) -> None:
        """Keep the code that is booted, for who warms up in the meantime."""
        with self._lock:
            self._archives[directory] = archive
            _forget_first(self._archives)

    def code_of(self, directory: Path) -> bytes | None:
        """The code of the integration in a directory that this process booted last."""
        return self._archives.get(directory)

    def _file(self, tag: str, directory: Path) -> Path:
        name = hashlib.sha256(f"{tag}\0{directory.resolve()}".encode()).hexdigest()[:24]
        return self._folder / f"{name}.json"


def with_bytecode(archive: bytes, code: str, learned: Learned | None) -> bytes:
    """An integration's archive, ``code`` being its hash, with what was compiled of the same beside it."""
    if learned is None or learned.code != code or not learned.bytecode:
        return archive
    buffer = io.BytesIO(archive)
    try:
        with (
            tarfile.open(fileobj=buffer, mode="a") as whole,
            tarfile.open(fileobj=io.BytesIO(base64.b64decode(learned.bytecode))) as compiled,
        ):
            for member in compiled:
                whole.addfile(member, compiled.extractfile(member))
    except (ValueError, tarfile.TarError):  # a damaged file in the cache
        return archive
    return buffer.getvalue()


def _read(file: Path) -> Learned | None:
    try:
        known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        with contextlib.suppress(OSError):
            os.utime(file)  # it is in use: others go first
        installed, own = (tuple(map(str, known[what])) for what in ("installed", "own"))
        return Learned(str(known["code"]), str(known["bytecode"]), installed, own, known["is_tried"] is True)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _forget_first(known: dict[Path, Any]) -> None:
    if len(known) > _MOST_KNOWN:
        del known[next(iter(known))]


def _forget_the_oldest(folder: Path) -> None:
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
    for file in files[:-_MOST_FILES]:
        file.unlink(missing_ok=True)
