"""Keys are read one by one from a real terminal, which is as it was afterwards."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import Iterator

import pytest

from harness.cli.watching import keys

SECONDS = 10


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """A terminal's two ends, the program's of which is stdin."""
    master, slave = os.openpty()
    with os.fdopen(slave, closefd=True) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield master, slave
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.close(master)


@pytest.mark.asyncio
async def test_each_key_is_told_and_the_terminals_end_is_the_last(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    before = termios.tcgetattr(slave)
    told: asyncio.Queue[str] = asyncio.Queue()

    async def expect(text: str) -> None:
        assert [await asyncio.wait_for(told.get(), SECONDS) for _ in text] == list(text)

    with keys.pressed(told.put_nowait):
        os.write(master, b"rs")
        await expect("rs")
        os.write(master, b"a")
        await expect("a")
        assert termios.tcgetattr(slave) != before
    assert termios.tcgetattr(slave) == before
    os.write(master, b"x\n")
    await asyncio.sleep(0.1)
    assert told.empty(), "nobody reads any more"

    with keys.pressed(told.put_nowait):
        os.close(master)
        while (key := await asyncio.wait_for(told.get(), SECONDS)) != keys.QUIT:
            assert key in "x\n"


def test_without_a_terminal_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as stdin:  # noqa: PTH123 # no path of ours
        monkeypatch.setattr(sys, "stdin", stdin)
        assert not keys.are_there()
