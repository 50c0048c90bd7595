"""One connection that the engine has joined to the stdin, stdout and stderr of a container, or of a program in it.

docker-py gives a socket, plain or of TLS; for ``ssh://``, something like a socket around the pipes of an ``ssh``.
"""

import contextlib
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterator
from typing import Any

from docker.utils.socket import STDOUT

# One byte for the stream, three of nothing, four for the size: the format of the engine's attach call.
_HEADER = struct.Struct(">BxxxL")


_END_SECONDS = 5


class Attached:
    """One of them.

    Args:
        given: What docker-py gave.
    """

    def __init__(self, given: Any) -> None:
        # From Python 3.13 on, a response whose socket is gone before it complains of that.
        self._response = getattr(given, "_response", None)
        self.socket: Any = getattr(given, "_sock", given)
        # The client's limit is for calls; this lasts as long as the program.
        self.socket.settimeout(None)
        self._ssh: subprocess.Popen[bytes] | None = getattr(self.socket, "proc", None)

    @property
    def is_descriptor(self) -> bool:
        """Whether another process can hold it by its descriptor: TLS has its state in this process, SSH a program of its own."""
        return self._ssh is None and not isinstance(self.socket, ssl.SSLSocket)

    def send(self, data: bytes) -> None:
        """Write to stdin.

        Raises:
            OSError: It is closed.
        """
        try:
            self.socket.sendall(data)
        except ValueError as error:  # of a closed pipe
            raise OSError(*error.args) from None

    def receive(self) -> bytes:
        """What was written to stdout next; nothing once that has ended."""
        with contextlib.suppress(OSError, ValueError):
            for stream, data in frames(self.socket):
                if stream == STDOUT:
                    return data
        return b""

    def end_writing(self) -> None:
        """Close stdin."""
        with contextlib.suppress(OSError, ValueError):
            if self._ssh is None:
                self.socket.shutdown(socket.SHUT_WR)
            elif self._ssh.stdin is not None:
                self._ssh.stdin.close()

    def close(self) -> None:
        """Close all of it; whoever reads it reads no more."""
        self.end_writing()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError, ValueError):
            if self._response is not None:
                self._response.close()
        self.socket.close()
        if self._ssh is not None:  # docker-py's own close does nothing where stdin is closed
            self._ssh.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._ssh.wait(_END_SECONDS)


def frames(attached: Any) -> Iterator[tuple[int, bytes]]:
    """Each piece: the stream's number, and data.

    docker-py's own reader asks the descriptor whether there is more, and over TLS the descriptor does not know.

    Args:
        attached: The socket.
    """
    while header := _exactly(attached, _HEADER.size):
        stream, size = _HEADER.unpack(header)
        yield stream, _exactly(attached, size)


def _exactly(attached: Any, size: int) -> bytes:
    """So many bytes, or none when there are no more."""
    chunks = []
    while size:
        chunk = attached.recv(size)
        if not chunk:
            return b""
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
