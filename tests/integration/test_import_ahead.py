"""Modules that are imported before a fork: once for all resyncs, yet no resync sees what another did to them."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from harness import InterceptTransport
from sandbox.pool import prefetch

from .factories import integration, mapping, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

MAPPING = mapping(identifier=".id", properties={"value": ".value"})
# Says in which process each module was imported, and what others have left in it.
TELLS = """
import plain, asks_ocean, lazy
yield [
    {"id": "forked with plain", "value": plain.PID != os.getpid()},
    {"id": "forked with asks_ocean", "value": asks_ocean.PID != os.getpid()},
    {"id": "forked with an installed one", "value": "tabnanny" in plain.BEFORE},
    {"id": "seen", "value": len(plain.SEEN)},
    {"id": "word", "value": plain.WORD},
    {"id": "configured", "value": asks_ocean.CONFIGURED},
]
plain.SEEN.append(1)
"""
PLAIN = """
import sys
BEFORE = set(sys.modules)
import tabnanny, os
PID, SEEN, WORD = os.getpid(), [], {word!r}
"""
ASKS_OCEAN = """
import os, plain
from port_ocean.context.ocean import ocean
PID = os.getpid()
try:
    CONFIGURED = ocean.integration_config.get("word")
except Exception:
    CONFIGURED = "nothing yet"
"""
LAZY = "import plain"
SPEC = """
kinds: [thing]
configurations: [{name: word, type: string, required: false}]
"""


@pytest_asyncio.fixture(autouse=True)
async def same_code_follows() -> AsyncGenerator[None, None]:
    prefetch.expect_more(more=True)
    yield
    prefetch.expect_more(more=False)


def things(tmp_path: Path, **modules: str) -> Path:
    directory = integration(tmp_path / "things", TELLS, spec=SPEC)
    for name, source in {"plain": PLAIN.format(word="one"), "asks_ocean": ASKS_OCEAN, "lazy": LAZY, **modules}.items():
        (directory / f"{name}.py").write_text(source)
    return directory


async def told(directory: Path, **config: Any) -> dict[str, Any]:
    overrides = {"integration": {"identifier": "it", "type": "test", "config": config}}
    async with started(directory, port_mapping_config=MAPPING, config_overrides=overrides) as harness:
        result = await harness.trigger_resync()
    assert result.errors == []
    return values(result)


async def in_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCEAN_SANDBOX_ISOLATION", "fork")


async def until_imported(directory: Path) -> dict[str, Any]:
    """What a resync tells once modules have been imported ahead: the third at the latest, but for a container's end."""
    for _ in range(6):
        last = await told(directory)
        if last["forked with plain"]:
            break
    return last


@pytest.mark.parametrize("isolation", ["container", "fork"])
async def test_it_is_done_once_and_nobody_sees_what_another_did(
    isolation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCEAN_SANDBOX_ISOLATION", isolation)
    directory = things(tmp_path)

    first = await told(directory)
    assert not first["forked with plain"]
    ahead = await until_imported(directory)
    assert ahead["forked with plain"]
    assert ahead["forked with an installed one"]
    for _ in range(2):
        assert (await told(directory))["seen"] == 0


async def test_what_asks_ocean_is_imported_when_ocean_can_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_forks(monkeypatch)
    directory = things(tmp_path)
    await until_imported(directory)

    for word in ("red", "green"):
        last = await told(directory, word=word)
        assert (last["forked with asks_ocean"], last["configured"]) == (False, word)


async def test_code_that_has_changed_runs_as_it_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await in_forks(monkeypatch)
    directory = things(tmp_path)
    await until_imported(directory)

    file = directory / "plain.py"
    before = file.stat()
    for word in ("two", "six"):  # as long as "one", and written at the same time
        file.write_text(PLAIN.format(word=word))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (await told(directory))["word"] == word


async def test_what_is_done_at_import_is_done_in_each_resync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await in_forks(monkeypatch)
    asks = "import urllib.request\nurllib.request.urlopen('http://api.things.example/at-import').read()\nimport plain"
    directory = things(tmp_path, lazy=asks)

    for _ in range(4):
        transport = InterceptTransport(strict=True).add_route("GET", "/at-import", {"json": []}, times=1)
        async with started(directory, transport, port_mapping_config=MAPPING) as harness:
            result = await harness.trigger_resync()
        assert result.errors == []
        assert len(harness.third_party_transport.calls) == 1


async def test_a_second_change_of_the_code_is_imported_ahead_as_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_forks(monkeypatch)
    directory = things(tmp_path)
    for word in ("one", "other", "third"):
        (directory / "plain.py").write_text(PLAIN.format(word=word))
        last = await until_imported(directory)
        assert (last["word"], last["forked with plain"], last["forked with an installed one"]) == (word, True, True)


async def test_an_own_module_goes_before_an_installed_one_that_was_imported_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_forks(monkeypatch)
    directory = things(tmp_path)
    await until_imported(directory)

    (directory / "tabnanny.py").write_text("OWN = True\n")
    (directory / "plain.py").write_text(PLAIN.format(word="one") + "WORD = getattr(tabnanny, 'OWN', False)\n")
    assert (await told(directory))["word"] is True


@pytest.mark.parametrize(
    "lazy",
    [
        "import threading, time\nthreading.Thread(target=time.sleep, args=[600], daemon=True).start()",
        "import sys\nif 'plain' not in sys.modules:\n    raise SystemExit(3)",
        "import os, sys\nif 'plain' not in sys.modules:\n    os._exit(3)",
        "import sys, time\nwhile 'plain' not in sys.modules:\n    time.sleep(0.1)",
        "import sys\nsys.path.pop(0)",
        "import os, time\nos.fork() or time.sleep(20)",
        "import socket\nsocket.socket().connect_ex(('api.things.example', 80))",
        "import pathlib\npathlib.Path('/tmp/written').write_text('once')",
    ],
    ids=[
        *("starts a thread", "ends the program", "ends the process", "does not end", "changes the path"),
        *("leaves a process", "connects", "writes"),
    ],
)
async def test_what_cannot_be_imported_ahead_is_imported_as_ever(
    lazy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each can be imported once ``plain`` is, as in the integration; ahead, those that came last are tried first."""
    await in_forks(monkeypatch)
    directory = things(tmp_path, lazy=lazy)

    for _ in range(4):
        last = await told(directory)
        assert (last["word"], last["seen"]) == ("one", 0)
