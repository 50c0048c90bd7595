"""Which integration an event ends, as far as it needs none that runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import IntegrationTestHarness, InterceptTransport
from harness.execution.live_process import Listening
from sandbox.errors import ResyncCrashedError
from tests.unit.harness.factories import make_mapping


async def failing() -> None:
    raise LookupError("a callable's")


@pytest.mark.asyncio
async def test_an_event_ends_only_the_integration_that_it_ran_on(tmp_path: Path) -> None:
    events = IntegrationTestHarness(str(tmp_path), make_mapping(), InterceptTransport())._live
    before, now = (Listening(None, tmp_path) for _ in range(2))  # type: ignore[arg-type] # neither is started
    events._listening = now

    with pytest.raises(LookupError):
        await events._surviving(before, failing())
    assert events._listening is now
    with pytest.raises(LookupError):
        await events._surviving(now, failing())
    assert events._listening is None


@pytest.mark.asyncio
async def test_an_integration_that_another_event_has_ended_takes_no_more(tmp_path: Path) -> None:
    listening = Listening(None, tmp_path)  # type: ignore[arg-type] # it is not started
    await listening.close()

    with pytest.raises(ResyncCrashedError, match="was stopped while an event was in progress"):
        await listening._in_thread(print)
