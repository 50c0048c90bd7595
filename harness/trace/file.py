"""Puts a page where it belongs."""

from datetime import UTC, datetime
from pathlib import Path

from harness.whole_file import replacing


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
    with replacing(file, f".{file.stem}.") as temporary:
        temporary.write_text(html, encoding="utf-8")
    return file


def made() -> str:
    """Now, for a reader."""
    return f"{datetime.now(UTC):%d %b %Y, %H:%M} UTC".lstrip("0")
