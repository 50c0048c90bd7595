"""Which integration an event ends, as far as it needs none that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.execution.live_process import Listening
from harness.testing.lease import Lease
from harness.testing.live_events import LiveEvents
from sandbox.errors import ResyncCrashedError


class TakesBack(Lease):
    """A lease without a sandbox, which only takes containers back."""

    is_over = False

    def __init__(self) -> None:
        self.taken: list[Any] = []

    async def finish(self, container: Any) -> None:
        self.taken.append(container)


async def failing() -> None:
    raise LookupError("a callable's")


@pytest.mark.asyncio
async def test_an_event_ends_only_the_integration_that_it_ran_on(tmp_path: Path) -> None:
    lease = TakesBack()
    events = LiveEvents(lease, None, dict, "it", "test")  # type: ignore[arg-type] # it collects nothing
    before, now = (Listening(None, tmp_path) for _ in range(2))  # type: ignore[arg-type] # neither is started
    events._listening = now

    with pytest.raises(LookupError):
        await events._surviving(before, failing())
    assert events._listening is now
    with pytest.raises(LookupError):
        await events._surviving(now, failing())
    assert events._listening is None
    assert lease.taken == [now.container]


@pytest.mark.asyncio
async def test_an_integration_that_another_event_has_ended_takes_no_more(tmp_path: Path) -> None:
    listening = Listening(None, tmp_path)  # type: ignore[arg-type] # it is not started
    await listening.close()

    with pytest.raises(ResyncCrashedError, match="was stopped while an event was in progress"):
        await listening._in_thread(print)
