"""A file is there as a whole or as it was, and nothing else is beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.atomic_write import replacing


@pytest.fixture(params=["Linux", "others"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With files that have no name, which Linux has, and without."""
    if request.param == "others":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    return str(request.param)


def there(folder: Path) -> dict[str, str]:
    return {each.name: each.read_text() for each in folder.iterdir()}


def test_it_takes_its_place_when_it_is_whole(system: str, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")
    (tmp_path / ".x-left").write_text("of a run that was killed")
    with replacing(file, ".x-") as temporary:
        temporary.write_text("half")
        is_seen = len(there(tmp_path)) > 1
        temporary.write_text("new")
    assert is_seen == (system == "others")
    assert there(tmp_path) == {"a": "new"}
    assert file.stat().st_mode & 0o777 == 0o644


def fail(file: Path, text: str) -> None:
    with replacing(file, ".x-") as temporary:
        temporary.write_text(text)
        raise KeyError


def test_what_fails_changes_nothing(system: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(KeyError):
        fail(tmp_path / "a", system)
    assert there(tmp_path) == {"a": "old"}
