"""Leases sandboxes from the pool daemon, the process behind ``ocean-sandbox up``, over a socket of this user.

One connection is one lease: when it ends, however it ends, the process behind it throws the resync away and empties the
sandbox. What goes over it are JSON objects, one a line: a call, and its answer. WireMock and the Port mock are talked to
directly.
"""

import base64
import contextlib
import hashlib
import json
import socket
import threading
from pathlib import Path
from typing import Any, Self

from sandbox import errors
from sandbox.engine.address import LOCAL_SOCKET, engine_address
from sandbox.errors import EngineError, SandboxError
from sandbox.pool import prefetch
from sandbox.process import PACKAGE
from sandbox.progress import say
from sandbox.resync.report import RemoteFailure, Report
from sandbox.resync.sandbox import Sandbox
from sandbox.services.port import Port
from sandbox.services.wiremock import WireMock
from sandbox.settings import Entry, Settings

_CONNECT_SECONDS = 2.0
# One that is stopped or hangs must not hold up who only looks whether there is one; to take it down takes a while.
_ANSWER_SECONDS = {"hello": 2.0, "down": 60.0}
# What a lease cannot choose, because it was chosen when WireMock and the Port mock were started.
_OF_THE_SERVICES = (
    "base_image",
    "base_image_bookworm",
    "debian_mirror",
    "wiremock_memory",
    "port_mock_memory",
    "pids_limit",
    "subnets",
)


def socket_of(cache: Path) -> Path:
    """Where the pool daemon listens."""
    return cache / "standing.sock"


def stamp(settings: Settings) -> dict[str, str]:
    """What tells one state of this package, the engine it uses, and how its services run, from another.

    Who edits the package or an image, talks to another engine, or gives WireMock more memory, must not be served by what
    was started before.

    Raises:
        EngineError: The engine's address makes no sense.
    """
    code = hashlib.sha256(str(PACKAGE).encode())
    for file in sorted(file for folder in (PACKAGE, PACKAGE.parent / "docker") for file in folder.rglob("*")):
        if file.is_file() and file.suffix != ".pyc":
            stat = file.stat()
            code.update(f"{file}\0{stat.st_mtime_ns}\0{stat.st_size}\0".encode())
    services = {name: str(getattr(settings, name)) for name in _OF_THE_SERVICES}
    return {"code": code.hexdigest(), "engine": engine_address() or LOCAL_SOCKET, **services}


def difference(theirs: object, ours: dict[str, str]) -> str:
    """How a pool daemon differs from what this process would run, by their stamps; empty if it does not."""
    if not isinstance(theirs, dict):
        return "it runs another version of this package"
    different = sorted(name for name in theirs.keys() | ours.keys() if theirs.get(name) != ours.get(name))
    said = [
        "it runs another version of this package, or this one from before an edit"
        if name == "code"
        else f"its {name} is {theirs.get(name)}, but here it is {ours.get(name)}"
        for name in different
    ]
    return "; ".join(said)


class Wire:
    """JSON objects over a socket, one a line."""

    def __init__(self, connection: socket.socket, seconds: float | None = None) -> None:
        connection.settimeout(seconds)
        self._connection = connection
        self._reader = connection.makefile("rb")

    @classmethod
    def to(cls, path: Path, seconds: float | None = None) -> Self:
        """One to the process that listens at ``path``, which has so many seconds for an answer; by default, any.

        Raises:
            OSError: Nobody does.
        """
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_CONNECT_SECONDS)
        try:
            connection.connect(str(path))
        except OSError:
            connection.close()
            raise
        return cls(connection, seconds)

    def write(self, value: dict[str, Any]) -> None:
        """Send one object."""
        self._connection.sendall(json.dumps(value).encode() + b"\n")

    def read(self) -> dict[str, Any] | None:
        """The next object, or None at the end.

        Raises:
            ValueError: What came is not an object.
        """
        line = self._reader.readline()
        if not line.endswith(b"\n"):
            return None
        value = json.loads(line)
        if not isinstance(value, dict):
            raise ValueError("no object")  # noqa: TRY004 # to whoever reads, as wrong as what is no JSON
        return value

    def close(self) -> None:
        """End it; whoever reads at either end reads the end."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._reader.close()
        self._connection.close()


def ask(cache: Path, call: str) -> dict[str, Any] | None:
    """Ask the pool daemon something that needs no lease; None if there is none, or it does not answer or has ended.

    Args:
        cache: Where to look.
        call: ``hello``, which answers with its ``stamp``, its ``pid``, how many leases it has ``given``, how many
            sandboxes are ``leased`` now, what it keeps ``warm``, and whether something in it has ``failed``; or ``down``,
            which answers nothing but an end.
    """
    try:
        with contextlib.closing(Wire.to(socket_of(cache), _ANSWER_SECONDS[call])) as wire:
            wire.write({"call": call})
            return wire.read()
    except (OSError, ValueError):
        return None


def find(settings: Settings) -> "PoolClient | None":
    """The running pool daemon, if there is one that this process may use.

    Args:
        settings: Where to look, and whether.
    """
    if not settings.standing_pool:
        return None
    theirs = ask(settings.cache, "hello")
    if theirs is None:
        if socket_of(settings.cache).exists():
            say("pool", "the pool daemon does not answer and is not used; `ocean-sandbox up` restarts it")
        return None
    if why := difference(theirs.get("stamp"), stamp(settings)):
        say("pool", f"the pool daemon is not used: {why}; `ocean-sandbox up` restarts it")
        return None
    return PoolClient(settings)


class PoolClient:
    """The sandboxes that this process has leased from the pool daemon."""

    def __init__(self, settings: Settings) -> None:
        self._path = socket_of(settings.cache)
        self._leased: list[LeasedSandbox] = []
        self._lock = threading.Lock()

    def lease(self, directory: Path, settings: Settings) -> "LeasedSandbox":
        """See :meth:`sandbox.pool.pool.Pool.lease`."""
        try:
            sandbox = LeasedSandbox(self._path, directory, settings)
        except OSError:
            raise _gone("lease") from None
        with self._lock:
            self._leased.append(sandbox)
        return sandbox

    def release(self, sandbox: "LeasedSandbox") -> None:
        """See :meth:`sandbox.pool.pool.Pool.release`; emptying it is the other process's work."""
        with self._lock:
            if sandbox in self._leased:
                self._leased.remove(sandbox)
        sandbox.give_back()
        sandbox.close()

    def keep(self, sandbox: "LeasedSandbox") -> None:
        """See :meth:`sandbox.pool.pool.Pool.keep`."""
        sandbox.call("keep")
        self.release(sandbox)

    def close(self) -> None:
        """Give everything back."""
        with contextlib.ExitStack() as stack:  # whatever one raises, the others are given back
            for sandbox in list(self._leased):
                stack.callback(self.release, sandbox)


class LeasedSandbox(Sandbox):
    """A sandbox that another process has started.

    Args:
        path: Where the pool daemon listens.
        directory: As for :meth:`sandbox.pool.pool.Pool.lease`.
        settings: Likewise.
    """

    def __init__(self, path: Path, directory: Path, settings: Settings) -> None:
        try:
            self._wire = Wire.to(path)
        except OSError:
            raise _gone("lease") from None
        self._lock = threading.Lock()
        self._path = path
        try:
            leased = self.call("lease", directory=str(directory), settings=_plain(settings))
        except BaseException:
            self._wire.close()
            raise
        self._number = leased["number"]
        self.wiremock = WireMock.at(**leased["wiremock"], death=self.death)
        self.port = Port.at(**leased["port"], death=self.death)

    def call(self, call: str, **arguments: Any) -> dict[str, Any]:
        """Have the other process do something, and wait for it.

        Raises:
            SandboxError: What went wrong there, as its own class.
            EngineError: The other process has gone.
        """
        try:
            with self._lock:
                self._wire.write({"call": call, **arguments})
                answer = self._wire.read()
        except (OSError, ValueError):
            answer = None
        return _without_error(answer, call)

    def resync_container(self, directory: Path, settings: Settings) -> "LeasedResync":
        """See :meth:`Sandbox.resync_container`."""
        same_code = prefetch.expects_same_code()
        self.call("container", directory=str(directory), settings=_plain(settings), same_code=same_code)
        return LeasedResync(self)

    def finish(self, container: "LeasedResync") -> None:  # noqa: ARG002 # the other process has only one at a time
        """See :meth:`Sandbox.finish`."""
        self.call("finish")

    def settle(self) -> None:
        """See :meth:`Sandbox.settle`."""
        self.call("settle")

    def begin_resync(self) -> None:
        """See :meth:`Sandbox.begin_resync`."""
        self.call("begin_resync")

    def look(self) -> dict[str, str]:
        """See :meth:`Sandbox.look`."""
        return dict(self.call("look")["look"])

    def death(self) -> SandboxError | None:
        """See :meth:`Sandbox.death`; the other process knows."""
        try:
            self.call_beside("death")
        except SandboxError as error:
            return error
        return None

    def call_beside(self, call: str, **arguments: Any) -> dict[str, Any]:
        """The same as :meth:`call`, over a connection of its own: several at once.

        Raises:
            SandboxError: What went wrong there, as its own class.
            EngineError: The other process has gone.
        """
        answer = None
        with contextlib.suppress(OSError, ValueError), contextlib.closing(Wire.to(self._path)) as wire:
            wire.write({"call": call, "number": self._number, **arguments})
            answer = wire.read()
        return _without_error(answer, call)

    def stop_resync(self) -> None:
        """Kill what goes on in the resync container, while another thread waits for it."""
        with contextlib.suppress(OSError), contextlib.closing(Wire.to(self._path)) as wire:
            wire.write({"call": "stop", "number": self._number})
            wire.read()

    def give_back(self) -> None:
        """Say that the lease is over, so that who leases next gets this one, and not one that must be started.

        Where a call is still under way, the end of the connection has to say it.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._wire.write({"call": "release"})
            self._wire.read()
        except (OSError, ValueError):
            pass  # it has gone, and the sandbox with it
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the lease."""
        self._wire.close()
        self.wiremock.close()
        self.port.close()


class LeasedResync:
    """The resync container of a sandbox leased from the pool daemon."""

    def __init__(self, sandbox: LeasedSandbox) -> None:
        self._sandbox = sandbox
        self._logs: list[str] = []
        self._listens = False
        self.warning = ""

    def boot(self, *, archive: bytes, config: dict[str, Any], source: Path, entry: Entry = "resync") -> None:
        """See :meth:`sandbox.resync.container.ResyncContainer.boot`."""
        code = base64.b64encode(archive).decode()
        booted = self._sandbox.call("boot", archive=code, config=config, source=str(source), entry=entry)
        self.warning = str(booted["warning"])

    def resync(self, source: Path) -> Report:
        """See :meth:`sandbox.resync.container.ResyncContainer.resync`."""
        try:
            report = self._sandbox.call("resync", source=str(source))["report"]
        finally:
            with contextlib.suppress(EngineError):
                self._logs = self._sandbox.call("logs")["logs"]
        return Report(**{**report, "failures": [RemoteFailure.read(failure) for failure in report["failures"]]})

    def listen(self, source: Path) -> dict[str, Any]:
        """See :meth:`sandbox.resync.container.ResyncContainer.listen`."""
        self._listens = True
        return dict(self._sandbox.call("listen", source=str(source))["told"])

    def live(self, order: dict[str, Any], source: Path) -> dict[str, Any]:
        """See :meth:`sandbox.resync.container.ResyncContainer.live`."""
        return dict(self._sandbox.call_beside("live", order=order, source=str(source))["answer"])

    @property
    def logs(self) -> list[str]:
        """What the integration wrote, once it has resynced, or so far while it listens."""
        if self._listens:
            self._logs = self._sandbox.call("logs")["logs"]
        return self._logs

    def stop(self) -> None:
        """See :meth:`sandbox.resync.container.ResyncContainer.stop`."""
        self._sandbox.stop_resync()


def _without_error(answer: dict[str, Any] | None, call: str) -> dict[str, Any]:
    if answer is None:
        raise _gone(call)
    if (error := answer.get("error")) is not None:
        raise _rebuilt(error)
    return answer


def _gone(call: str) -> EngineError:
    return EngineError(
        f"The pool daemon went away in the middle of {call!r}.",
        remedy="start it again with `ocean-sandbox up`, or run without it.",
    )


def _plain(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(mode="json")


def _rebuilt(error: dict[str, str]) -> SandboxError:
    kind = getattr(errors, error["kind"], SandboxError)
    rebuilt: SandboxError = kind(error["what"], remedy=error["remedy"], detail=error["detail"])
    return rebuilt
