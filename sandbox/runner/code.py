"""The integration's code, as the supervisor holds it: put in place for each child before that begins."""

import base64
import io
import os
import tarfile
from pathlib import Path

# What is compiled is small beside what it was compiled from; whatever is larger is not of Python's making.
_MOST_BYTECODE = 32 * 1024 * 1024


class Code:
    """One archive of it.

    Args:
        directory: Where it belongs.
        archive: A tar of regular files, encoded in base64.
    """

    def __init__(self, directory: Path, archive: str) -> None:
        self._directory = directory
        self._archive = base64.b64decode(archive)
        with tarfile.open(fileobj=io.BytesIO(self._archive)) as tar:
            self._members = tar.getmembers()
        # What an ``import`` can find at the top of it.
        self.names = {member.name.partition("/")[0].removesuffix(".py") for member in self._members}

    def unpack(self) -> None:
        """Write each file, with the time at which it was changed, by which Python tells bytecode that is out of date.

        By hand, since ``extractall`` takes three times as long, most of it to protect from archives of strangers.

        Raises:
            OSError: There is no room.
        """
        made: set[str] = set()
        for member in self._members:
            path = f"{self._directory}/{member.name}"
            if (folder := path.rpartition("/")[0]) not in made:
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103 # pathlib would take as long as all else
                made.add(folder)
            content = memoryview(self._archive)[member.offset_data : member.offset_data + member.size]
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, member.mode)
            try:
                while content:
                    content = content[os.write(descriptor, content) :]
                os.utime(descriptor, (member.mtime, member.mtime))
            finally:
                os.close(descriptor)


def bytecode_in(directory: Path) -> str:
    """What Python compiled of the code in a directory, as an archive for :class:`Code`; empty where it is too much."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for file in directory.rglob("__pycache__/*.pyc"):
            if not file.is_file() or buffer.tell() > _MOST_BYTECODE:
                continue
            tar.add(file, file.relative_to(directory).as_posix(), recursive=False)
    return base64.b64encode(buffer.getvalue()).decode() if buffer.tell() <= _MOST_BYTECODE else ""
