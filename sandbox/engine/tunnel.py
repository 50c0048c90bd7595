"""Reaches a port of a container on an engine elsewhere, through the engine's own connection, so that nothing listens there.

A program in the container joins its stdin and stdout to the port; the engine carries both, encrypted where its own API is.
Here, the port is one of this machine's loopback.
"""

import contextlib
import socket
import threading

from docker import APIClient
from sandbox.engine.attached import Attached
from sandbox.engine.connection import answering
from sandbox.errors import EngineUnreachableError

# bash alone can connect in an image that holds no more than its program. The program that is to answer may only just be
# starting. Who ends first ends the other.
_JOIN = """
exec 4<&0
for attempt in {1..100}; do
  if exec 3<>"/dev/tcp/127.0.0.1/$1"; then
    (cat <&4 >&3; kill "$$") &
    exec cat <&3
  fi
  sleep 0.1
done 2>/dev/null
"""
_CHUNK = 65536


class Tunnel:
    """One port of one container, for as long as this process lives.

    Args:
        api: The engine's.
        container: What the engine calls the container.
        port: The port, on the container's loopback or on all its addresses.

    Attributes:
        address: Where it is here: host and port.
    """

    def __init__(self, api: APIClient, container: str, port: int) -> None:
        self._api = api
        self._container = container
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        host, own = self._listener.getsockname()
        self.address = f"{host}:{own}"
        threading.Thread(target=self._listen, name=f"tunnel to {port}", daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # or the thread would go on waiting
        self._listener.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                threading.Thread(target=self._join, args=[here], name="tunnel", daemon=True).start()

    def _join(self, here: socket.socket) -> None:
        with here, contextlib.suppress(OSError, ValueError, EngineUnreachableError):
            there = self._open()
            threading.Thread(target=_send, args=[here, there], name="tunnel", daemon=True).start()
            try:
                while data := there.receive():
                    here.sendall(data)
            finally:
                with contextlib.suppress(OSError):
                    here.shutdown(socket.SHUT_RDWR)
                there.close()

    def _open(self) -> Attached:
        with answering():
            command = ["bash", "-c", _JOIN, "tunnel", str(self._port)]
            made = self._api.exec_create(self._container, command, stdin=True, stderr=False)
            return Attached(self._api.exec_start(made["Id"], socket=True))


def _send(here: socket.socket, there: Attached) -> None:
    with contextlib.suppress(OSError):
        while data := here.recv(_CHUNK):
            there.send(data)
    there.end_writing()
