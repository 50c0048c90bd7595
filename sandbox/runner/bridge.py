"""``python -m runner.bridge terminal|editor``: joins the debugger in this container to stdin and stdout.

The engine starts it in the container of the integration ("exec"), and the host holds its stdin and stdout. So nothing of
the closed network is opened: no port is published, and what the host sends arrives at the debugger and nowhere else.

``terminal`` listens for the prompts of pdb; what is typed goes to the process that wrote last. ``editor`` connects to
debugpy as soon as that listens.
"""

import os
import select
import socket
import sys
import time

HOST = "127.0.0.1"
TERMINAL, EDITOR = 5677, 5678
_SIZE = 1 << 16
_POLL_SECONDS = 0.05


def main() -> None:
    """Join them until either side ends."""
    if sys.argv[1] == "editor":
        _join(None, [_connected()])
    else:
        with socket.create_server((HOST, TERMINAL)) as server:
            os.write(1, b"\n")  # it listens
            _join(server, [])


def _connected() -> socket.socket:
    while True:
        try:
            return socket.create_connection((HOST, EDITOR))
        except OSError:  # the integration is not there yet
            time.sleep(_POLL_SECONDS)


def _join(server: socket.socket | None, others: list[socket.socket]) -> None:
    while server is not None or others:
        watched: list[int | socket.socket] = [0, *others, *([server] if server else [])]
        for ready in select.select(watched, [], [])[0]:
            if isinstance(ready, int):
                if not (typed := os.read(0, _SIZE)):
                    return
                if others:
                    others[-1].sendall(typed)
            elif ready is server:
                others.append(ready.accept()[0])
            elif not (said := _received(ready)):
                others.remove(ready)
            else:
                others.remove(ready)
                others.append(ready)  # the last that spoke is the one that is answered
                _write(said)


def _received(other: socket.socket) -> bytes:
    try:
        return other.recv(_SIZE)
    except OSError:
        return b""


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    main()
