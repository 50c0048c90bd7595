"""Writes a page to its file."""

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

from harness.atomic_write import replacing

# The name of a file may have 255 bytes, and some of those of a folder are spent.
_LONGEST = 150
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


def keep(html: str, file: Path, *, is_ours: bool = True) -> Path:
    """Write a page, whole or not at all.

    Args:
        html: The page.
        file: Its file.
        is_ours: Whether its folder is for traces alone: then git takes no notice of it.

    Raises:
        OSError: It cannot be written.
    """
    if is_ours and not file.parent.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    # A name that no other test's begins with: what is left by that is removed.
    with replacing(file, f".{_short_hash(file.name)}.") as temporary:
        temporary.write_text(html, encoding="utf-8")
    return file


def made() -> str:
    """Now, for a reader."""
    return f"{datetime.now(UTC):%d %b %Y, %H:%M} UTC".lstrip("0")


def file_of(test: str, folder: Path) -> Path:
    """The file of a test's trace: its id, as far as that can be a name.

    Args:
        test: Its id.
        folder: Where traces are kept.
    """
    path, *names = test.split("::")
    plain = _NO_NAME.sub("-", ".".join([path.replace("/", "."), *names])).strip("-.")
    if len(plain) > _LONGEST or test.count("[") or not plain:  # of two parameters, the same may be left
        plain = f"{plain[:_LONGEST]}-{_short_hash(test)}"
    return folder / f"{plain}.html"


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:8]
