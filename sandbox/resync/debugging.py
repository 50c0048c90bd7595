"""The way from a person to the debugger in a resync container: from the terminal to pdb, from an editor to debugpy.

The engine starts ``runner/bridge.py`` in the container, and everything goes through the connection to the engine: no port
of the closed network is published. An editor finds debugpy on this machine's own loopback.
"""

import contextlib
import socket
import threading
from functools import lru_cache
from pathlib import Path
from typing import IO

from sandbox.engine.attached import Attached
from sandbox.engine.container import Container
from sandbox.errors import SandboxError
from sandbox.progress import say
from sandbox.settings import Settings

_HOST = "127.0.0.1"
_TERMINAL = Path("/dev/tty")
_MODULE = "ocean_sandbox_runner.bridge"
_READY_SECONDS = 10.0


def check(settings: Settings) -> None:
    """Take what a debugger needs on this machine, once for all resyncs of this process.

    Raises:
        SandboxError: There is no terminal, or the port is in use.
    """
    if settings.debugger == "pdb":
        _terminal()
    elif settings.debugger == "debugpy":
        _door(settings.debug_port)


def attach(container: Container, settings: Settings) -> None:
    """Join the terminal, or an editor that connects from now on, to the debugger in a container.

    Args:
        container: The container; its integration is about to be booted.
        settings: Say which debugger.

    Raises:
        SandboxError: As for :func:`check`, or the container does not let it in.
    """
    if settings.debugger == "pdb":
        _terminal().attach(container)
    elif settings.debugger == "debugpy":
        _door(settings.debug_port).attach(container)


@lru_cache(maxsize=1)
def _terminal() -> "_Terminal":
    return _Terminal()


@lru_cache(maxsize=1)
def _door(port: int) -> "_Door":
    return _Door(port)


class _Terminal:
    """The terminal of this process, whatever pytest has made of stdin and stdout.

    Raises:
        SandboxError: There is none.
    """

    def __init__(self) -> None:
        try:
            self._keys: IO[bytes] = _TERMINAL.open("rb", buffering=0)
            self._screen: IO[bytes] = _TERMINAL.open("wb", buffering=0)
        except OSError as error:
            raise SandboxError(
                f"There is no terminal for pdb: {error.strerror}.",
                remedy="run it in a terminal, or attach an editor: debugpy instead of pdb.",
            ) from error
        self._to: Attached | None = None
        self._has_begun = threading.Event()
        threading.Thread(target=self._type, name="keys for pdb", daemon=True).start()

    def attach(self, container: Container) -> None:
        bridge = container.run_python(_MODULE, "terminal")
        listens = threading.Event()
        threading.Thread(target=self._show, args=[bridge, listens], name="pdb", daemon=True).start()
        if not listens.wait(_READY_SECONDS):
            raise SandboxError(
                f"pdb cannot be reached in {container.name}: it did not answer within {_READY_SECONDS:g} s."
            )
        self._to = bridge

    def _show(self, bridge: Attached, listens: threading.Event) -> None:
        bridge.receive()  # the line that says so
        listens.set()
        while said := bridge.receive():
            self._has_begun.set()
            self._screen.write(said)

    def _type(self) -> None:
        self._has_begun.wait()  # until then, keys are for whoever else reads them
        while typed := self._keys.read(1 << 16):
            with contextlib.suppress(OSError):  # its container has ended
                if self._to is not None:
                    self._to.send(typed)


class _Door:
    """The port that editors connect to: each connection goes to the container that was attached last.

    Args:
        port: The port, on this machine's loopback.

    Raises:
        SandboxError: It is in use.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._container: Container | None = None
        try:
            self._server = socket.create_server((_HOST, port))
        except OSError as error:
            raise SandboxError(
                f"The port {port} for the debugger cannot be used: {error.strerror}.",
                remedy="end the program that listens there, or choose another with --debug-port (pytest: "
                "--sandbox-debug-port).",
            ) from error
        threading.Thread(target=self._serve, name="editors", daemon=True).start()

    def attach(self, container: Container) -> None:
        self._container = container
        say("debugger", f"attach your editor to {_HOST}:{self._port}; the integration is in /app, and waits for it")

    def _serve(self) -> None:
        while True:
            editor, _ = self._server.accept()
            if (container := self._container) is None or container.ended.is_set():
                editor.close()
                continue
            threading.Thread(target=self._join, args=[editor, container], name="editor", daemon=True).start()

    def _join(self, editor: socket.socket, container: Container) -> None:
        with editor, contextlib.suppress(OSError, SandboxError):
            bridge = container.run_python(_MODULE, "editor")
            threading.Thread(target=self._send, args=[editor, bridge], name="to debugpy", daemon=True).start()
            while said := bridge.receive():
                editor.sendall(said)

    def _send(self, editor: socket.socket, bridge: Attached) -> None:
        with contextlib.suppress(OSError):
            while asked := editor.recv(1 << 16):
                bridge.send(asked)
        bridge.close()
