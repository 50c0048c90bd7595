"""Whatever happens to the integration's process becomes a clear error with the end of its log."""

import re
import time
from pathlib import Path

import pytest

from harness import InterceptTransport
from sandbox import IntegrationError, ResyncCrashedError, ResyncTimeoutError, SandboxError
from sandbox.settings import Entry, load

from .factories import integration, resync

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

DEATHS = {
    "memory": ("hoard = bytearray(1500 * 1024**2)\nyield []", "ran out of memory"),
    "segfault": ("import ctypes\nctypes.string_at(0)\nyield []", "segmentation fault"),
    "exit": ("os._exit(42)\nyield []", "exit code 42"),
    "abort": ("os.abort()\nyield []", "SIGABRT"),
}


@pytest.mark.parametrize("death", DEATHS)
async def test_a_death_is_named(tmp_path: Path, death: str) -> None:
    handler, words = DEATHS[death]
    with pytest.raises(ResyncCrashedError, match=words) as caught:
        await resync(integration(tmp_path, f"print('the last words', flush=True)\n{handler}"))
    assert str(tmp_path) in str(caught.value)
    assert "the last words" in str(caught.value)


HANGS = {
    "waiting": "await asyncio.sleep(3600)\nyield []",
    "busy": "while True: pass\nyield []",
    "holding the interpreter": "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')\nyield []",
}


@pytest.mark.parametrize("hang", HANGS)
async def test_a_hang_ends_at_the_limit(tmp_path: Path, hang: str) -> None:
    began = time.monotonic()
    with pytest.raises(ResyncTimeoutError, match="still resyncing after 2 s") as caught:
        await resync(integration(tmp_path, HANGS[hang]), sandbox_settings=load(resync_timeout=2))
    assert time.monotonic() - began < 30
    if hang != "holding the interpreter":
        assert "main.py" in str(caught.value)


@pytest.mark.parametrize("entry", ["resync", "production"])
async def test_one_that_retries_until_the_limit_says_what_it_asks_for(tmp_path: Path, entry: Entry) -> None:
    transport = InterceptTransport().add_route("GET", "/things", {"status_code": 401, "json": {}})
    settings = load(resync_timeout=6)
    with pytest.raises(ResyncTimeoutError, match="still resyncing after 6 s") as caught:
        await resync(integration(tmp_path), transport, entry=entry, sandbox_settings=settings)
    what, remedy, *_ = str(caught.value).splitlines()
    assert re.search(r"Its request GET https://api.things.example/things was answered 401, \d times\.$", what)
    assert "with the header 'Retry-After': '0' in the answer of the route" in remedy

    transport = InterceptTransport()
    transport.add_route("GET", "/things", {"status_code": 401, "json": {}, "headers": {"Retry-After": "0"}})
    result = await resync(integration(tmp_path), transport, entry=entry)
    assert ["401 Unauthorized" in str(error) for error in result.errors] == [True]
    assert len(transport.calls) == 11, "the first, and all of Ocean's own retries"


BROKEN_STARTS = {
    "an error in main.py": ("raise OSError('no such luck')", "load main.py: OSError: no such luck"),
    "a syntax error": ("def broken(:", "load main.py: SyntaxError"),
    "a missing module": ("import no_such_module", "load main.py: ModuleNotFoundError"),
    "an exit": ("sys.exit('enough')", "load main.py: SystemExit: enough"),
}


@pytest.mark.parametrize("broken", BROKEN_STARTS)
async def test_a_broken_main_is_named_with_its_line(tmp_path: Path, broken: str) -> None:
    head, words = BROKEN_STARTS[broken]
    with pytest.raises(IntegrationError, match=words) as caught:
        await resync(integration(tmp_path, "yield []", head=head))
    assert f"{tmp_path}/main.py" in str(caught.value)


async def test_a_death_at_the_start_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResyncCrashedError, match="died while starting: exit code 9"):
        await resync(integration(tmp_path, "yield []", head="os._exit(9)"))


async def test_a_hang_at_the_start_ends_at_the_limit(tmp_path: Path) -> None:
    with pytest.raises(ResyncTimeoutError, match="still starting after 3 s"):
        await resync(integration(tmp_path, "yield []", head="time.sleep(600)"), sandbox_settings=load(boot_timeout=3))


async def test_the_sandbox_serves_on_after_a_crash(tmp_path: Path) -> None:
    with pytest.raises(SandboxError):
        await resync(integration(tmp_path / "crash", "os.abort()\nyield []"))
    result = await resync(integration(tmp_path / "well", "yield [{'id': 1, 'value': 1}]"))
    assert len(result.upserted_entities) == 1
