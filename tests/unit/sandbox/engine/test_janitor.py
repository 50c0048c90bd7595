"""The programs that outlive a run clean up at the engine that the run used, whichever is the current one by then."""

import socket
from pathlib import Path

import pytest

from sandbox.engine import janitor, keep_alive
from sandbox.engine.owner import Owner
from tests.unit.sandbox.factories import Answers, engine_at, eventually, fake_engine

NOTHING: Answers = {"GET /containers/json": (200, []), "GET /networks": (200, [])}
LISTED = {f"{call}?" for call in NOTHING}


def test_the_janitor_asks_the_engine_that_it_was_started_for() -> None:
    with fake_engine(NOTHING, unix=True) as its, fake_engine(NOTHING, unix=True) as other, engine_at(other.address):
        janitors = janitor.watch(Owner(), its.address)
        janitors.communicate(timeout=60)
        assert {call[: call.find("?") + 1] for call in its.calls} >= LISTED
        assert other.calls == []


def test_the_holder_of_a_kept_sandbox_asks_the_engine_that_it_was_started_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    removed = {"DELETE /containers/c", "DELETE /networks/n"}
    with fake_engine(unix=True) as its, fake_engine(unix=True) as other, engine_at(other.address):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            keep_alive.hold([theirs.fileno()], its.address, containers=["c"], networks=["n"])
            assert keep_alive.identifiers() == {"c", "n"}
        assert eventually(lambda: removed <= {call.split("?")[0] for call in its.calls}, seconds=30)
        assert eventually(lambda: not keep_alive.identifiers(), seconds=30)
        assert other.calls == []
