"""The process behind ``ocean-sandbox up``: keeps sandboxes warm, and leases them over a socket. See :mod:`sandbox.pool.pool_client`."""

import base64
import contextlib
import itertools
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock

from sandbox.errors import EngineError, SandboxError
from sandbox.pool import pool_client
from sandbox.pool.local_pool import LocalPool, LocalSandbox, image_of
from sandbox.pool.pool_client import Wire, socket_of
from sandbox.pool.prefetch import expect_more
from sandbox.process import program_of
from sandbox.progress import say
from sandbox.resync.container import ResyncContainer
from sandbox.settings import Entry, Settings, load
from sandbox.sizes import count

READY = "ready"
# What a lease does beside all else that goes on in it, over a connection of its own; each the name of a method of it.
_BESIDE = ("live", "death")
_IDLE_SECONDS = 4 * 3600
_LOOK_SECONDS = 60
_LONGEST_SOCKET = 107  # bytes: see unix(7)


class Server:
    """Leases the sandboxes of one pool.

    Args:
        settings: How they run, unless a lease says otherwise.
    """

    def __init__(self, settings: Settings) -> None:
        # Here, there is always a next test.
        expect_more(more=True)
        self._stamp = pool_client.stamp(settings)  # of what is about to run, whoever edits it later
        self._pool = LocalPool(settings)
        self._settings = settings
        self._leases: dict[int, _Lease] = {}
        self._numbers = itertools.count(1)
        self._given = 0
        self._warm: dict[str, Any] = {}
        self._failed = threading.Event()
        self._last_lease = time.monotonic()
        # Written to by whoever wants it to end.
        self._ending, self._end = os.pipe()

    def warm(self, directories: Sequence[Path], sandboxes: int) -> None:
        """Have so many sandboxes up, with resync containers of the integrations, in turn."""
        self._warm = _warm(directories, sandboxes, self._settings)
        with ThreadPoolExecutor() as together:
            wanted = itertools.islice(itertools.cycle(directories), sandboxes)
            leased = list(together.map(lambda directory: self._pool.lease(directory, self._settings), wanted))
        for sandbox in leased:
            self._pool.release(sandbox)

    def serve(self, path: Path) -> None:
        """Listen at ``path`` until told ``down``, or until nothing has been leased for four hours."""
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            before = os.umask(0o177)  # for this user alone: what listens runs programs
            listener.bind(str(path))
            os.umask(before)
            listener.listen()
            ours = path.stat().st_ino
            self._last_lease = time.monotonic()
            print(READY, flush=True)  # noqa: T201 # who started this process waits for it
            _log_to(path.with_suffix(".log"))
            while self._leases or time.monotonic() - self._last_lease < _IDLE_SECONDS:
                watched: list[Any] = [listener, self._ending]
                ready, _, _ = select.select(watched, [], [], _LOOK_SECONDS)
                if self._ending in ready:
                    break
                if ready:
                    connection, _ = listener.accept()
                    threading.Thread(target=self._talk, args=[Wire(connection)], daemon=True).start()
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == ours:  # not that of one that was started since
                path.unlink()

    def end(self, *_: object) -> None:
        """Stop serving; can be called from a signal's handler."""
        os.write(self._end, b".")

    def close(self) -> None:
        """Remove all sandboxes."""
        self._pool.close()

    def _talk(self, wire: Wire) -> None:
        """Serve one connection."""
        with contextlib.closing(wire), contextlib.suppress(OSError, ValueError):
            first = wire.read()
            call = first and first["call"]
            if call == "hello":
                leases = {"given": self._given, "leased": len(self._leases)}
                state = {"stamp": self._stamp, "warm": self._warm, "failed": self._failed.is_set()}
                wire.write({"pid": os.getpid(), **state, **leases})
            elif call == "stop" and first:
                if (lease := self._leases.get(first["number"])) is not None:
                    lease.stop_resync()
                wire.write({})
            elif call in _BESIDE and first:
                lease = self._leases.get(first.pop("number"))
                _answer(wire, getattr(lease, first.pop("call")) if lease else _no_lease, first, self._failed)
            elif call == "down":
                self.end()
                wire.read()  # returns when this process has ended, or the other one does not want to wait
            elif call == "lease" and first:
                self._lease(wire, first)

    def _lease(self, wire: Wire, order: dict[str, Any]) -> None:
        lease = _Lease(self._pool, next(self._numbers), self._failed)
        self._leases[lease.number] = lease
        self._given = lease.number
        try:
            lease.serve(wire, order)
        finally:
            del self._leases[lease.number]
            self._last_lease = time.monotonic()


class _Lease:
    """What goes on over one connection: calls, one after another, each by the name of a method here."""

    def __init__(self, pool: LocalPool, number: int, failed: threading.Event) -> None:
        self.number = number
        self._failed = failed
        self._pool = pool
        self._sandbox: LocalSandbox | None = None
        self._container: ResyncContainer | None = None

    def serve(self, wire: Wire, first: dict[str, Any]) -> None:
        """Answer calls until the connection ends, which is noticed in the middle of a call, too."""
        calls: dict[str, Callable[..., dict[str, Any]]] = {
            "lease": self._begin,
            "container": self._new_container,
            "boot": self._boot,
            "resync": self._resync,
            "listen": self._listen,
            "logs": self._logs,
            "finish": self._finish,
            "look": self._look,
            "settle": self._settle,
            "begin_resync": self._begin_resync,
            "keep": self._keep,
            "release": self._release,
        }
        try:
            with ThreadPoolExecutor(max_workers=1) as worker:
                try:
                    order: dict[str, Any] | None = first
                    while order is not None:
                        call = calls.get(order.pop("call", None))
                        if call is None:
                            raise ValueError("no such call")
                        worker.submit(_answer, wire, call, order, self._failed)
                        order = wire.read()
                finally:  # however the connection ended: a client that died with an answer unread resets it
                    self.stop_resync()
        finally:
            if self._sandbox is not None:
                self._pool.release(self._sandbox)

    def stop_resync(self) -> None:
        """Kill what goes on in the resync container."""
        if (container := self._container) is not None:
            container.stop()

    def _begin(self, directory: str, settings: dict[str, Any]) -> dict[str, Any]:
        self._sandbox = self._pool.lease(Path(directory), Settings(**settings))
        wiremock, port = self._sandbox.wiremock, self._sandbox.port
        return {
            "number": self.number,
            "wiremock": {"address": wiremock.address, "password": wiremock.password},
            "port": {"address": port.address, "token": port.token},
        }

    @property
    def _leased(self) -> tuple[LocalSandbox, ResyncContainer]:
        if self._sandbox is None or self._container is None:
            raise EngineError("There is no resync container in this lease.")
        return self._sandbox, self._container

    def _new_container(self, directory: str, settings: dict[str, Any], *, same_code: bool) -> dict[str, Any]:
        if self._sandbox is None:
            raise EngineError("This lease has no sandbox.")
        self._container = self._sandbox.resync_container(Path(directory), Settings(**settings), same_code=same_code)
        return {}

    def _boot(self, archive: str, config: dict[str, Any], source: str, entry: Entry) -> dict[str, Any]:
        code = base64.b64decode(archive)
        container = self._leased[1]
        container.boot(archive=code, config=config, source=Path(source), entry=entry)
        return {"warning": container.warning}

    def _resync(self, source: str) -> dict[str, Any]:
        return {"report": asdict(self._leased[1].resync(Path(source)))}

    def _listen(self, source: str) -> dict[str, Any]:
        return {"told": self._leased[1].listen(Path(source))}

    def live(self, order: dict[str, Any], source: str) -> dict[str, Any]:
        """Have the integration that listens do something, beside all else that goes on."""
        return {"answer": self._leased[1].live(order, Path(source))}

    def death(self) -> dict[str, Any]:
        """Raise what is wrong with the sandbox, if anything is."""
        if self._sandbox is not None and (death := self._sandbox.death()) is not None:
            raise death
        return {}

    def _logs(self) -> dict[str, Any]:
        return {"logs": self._leased[1].logs}

    def _finish(self) -> dict[str, Any]:
        sandbox, container = self._leased
        self._container = None
        sandbox.finish(container)
        return {}

    def _settle(self) -> dict[str, Any]:
        if self._sandbox is not None:
            self._sandbox.settle()
        return {}

    def _begin_resync(self) -> dict[str, Any]:
        if self._sandbox is not None:
            self._sandbox.begin_resync()
        return {}

    def _look(self) -> dict[str, Any]:
        return {"look": self._sandbox.look() if self._sandbox else {}}

    def _keep(self) -> dict[str, Any]:
        sandbox, self._sandbox, self._container = self._sandbox, None, None
        if sandbox is not None:
            self._pool.keep(sandbox)
        return {}

    def _release(self) -> dict[str, Any]:
        sandbox, self._sandbox, self._container = self._sandbox, None, None
        if sandbox is not None:
            self._pool.release_soon(sandbox)
        return {}


def _no_lease(**_: Any) -> dict[str, Any]:
    raise EngineError("This lease no longer exists.")


def _answer(
    wire: Wire, call: Callable[..., dict[str, Any]], arguments: dict[str, Any], failed: threading.Event
) -> None:
    try:
        answer = call(**arguments)
    except SandboxError as error:
        answer = {"error": _described(error)}
    except Exception:  # noqa: BLE001 # whatever it is, who waits must hear of it
        failed.set()
        unexpected = EngineError(
            "The pool daemon failed.", remedy="`ocean-sandbox up` restarts it.", detail=traceback.format_exc()
        )
        answer = {"error": _described(unexpected)}
    with contextlib.suppress(OSError):  # the caller no longer waits
        wire.write(answer)


def _described(error: SandboxError) -> dict[str, str]:
    return {"kind": type(error).__name__, "what": error.what, "remedy": error.remedy, "detail": error.detail}


def _log_to(file: Path) -> None:
    """From now on, what this process says goes to a file: who started it has gone."""
    with file.open("ab") as log:
        for descriptor in (1, 2):
            os.dup2(log.fileno(), descriptor)


def start(directories: Sequence[Path], sandboxes: int, settings: Settings) -> bool:
    """Start the process, and return when its sandboxes are up.

    A running one stays if it is what would be started; otherwise it is stopped first.

    Args:
        directories: Integrations whose resync containers are to be warm.
        sandboxes: How many sandboxes; more are started when more are leased at once.
        settings: Where it listens.

    Returns:
        Whether just this one was up already.

    Raises:
        EngineError: It did not start; its output was shown.
    """
    settings.cache.mkdir(parents=True, exist_ok=True)
    if len(os.fsencode(socket_of(settings.cache))) > _LONGEST_SOCKET:
        raise SandboxError(
            f"The path of the pool daemon's socket is too long: {socket_of(settings.cache)}",
            remedy="set OCEAN_SANDBOX_CACHE to a shorter path.",
        )
    amount = count(sandboxes, "sandbox", "sandboxes")
    with FileLock(socket_of(settings.cache).with_suffix(".lock")):  # of two at once, the second sees what the first did
        theirs = pool_client.ask(settings.cache, "hello")
        if theirs is not None:
            if not (why := _reason_to_renew(theirs, directories, sandboxes, settings)):
                say("pool", f"the pool daemon is already running, with {amount}; `ocean-sandbox down` stops it")
                return True
            say("pool", f"the pool daemon is running, and will be restarted: {why}")
        _renew(directories, sandboxes, settings)
    say("pool", f"the pool daemon is running, with {amount}; `ocean-sandbox down` stops it")
    return False


def _reason_to_renew(theirs: dict[str, Any], directories: Sequence[Path], sandboxes: int, settings: Settings) -> str:
    """Why a pool that is up is not what would be started now; empty if it is."""
    if theirs.get("failed"):
        return "something in it failed"
    if different := pool_client.difference(theirs.get("stamp"), pool_client.stamp(settings)):
        return different
    if theirs.get("warm") != _warm(directories, sandboxes, settings):
        return "it keeps other sandboxes warm, or uses other settings"
    return ""


def _warm(directories: Sequence[Path], sandboxes: int, settings: Settings) -> dict[str, Any]:
    """What a pool keeps warm: which images, for which integrations, under which settings, and how many of them."""
    resolved = [directory.resolve() for directory in directories]
    return {
        "sandboxes": sandboxes,
        "integrations": [str(directory) for directory in resolved],
        "images": [image_of(directory, settings).tag(settings) for directory in resolved],
        "settings": settings.model_dump(mode="json"),
    }


def _renew(directories: Sequence[Path], sandboxes: int, settings: Settings) -> None:
    down(settings)
    process = subprocess.Popen(
        program_of("sandbox.pool.pool_daemon", str(sandboxes), *(str(each.resolve()) for each in directories)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        is_up = process.stdout is not None and process.stdout.readline().decode().strip() == READY
    except BaseException:  # Ctrl-C: it is no longer waited for; its janitor removes what it has started
        os.killpg(process.pid, signal.SIGKILL)
        raise
    if not is_up:
        process.kill()
        raise EngineError("The pool daemon did not start.", remedy="its output is above.")
    process.returncode = 0  # it is meant to outlive us: no warning that it does


def down(settings: Settings) -> bool:
    """Stop the pool daemon, if it is running; return once it has gone, and whether it was running."""
    was_up = pool_client.ask(settings.cache, "hello") is not None
    pool_client.ask(settings.cache, "down")
    return was_up


def main(sandboxes: str, *directories: str) -> None:
    """Be the process."""
    settings = load()
    settings.cache.mkdir(parents=True, exist_ok=True)
    try:
        with contextlib.closing(Server(settings)) as server:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, server.end)
            os.chdir("/")  # whoever removes the folder where it was started, or edits what is in it, means no lease
            server.warm([Path(directory) for directory in directories], int(sandboxes))
            server.serve(socket_of(settings.cache))
    except SandboxError as error:
        sys.exit(f"ocean-sandbox: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
