"""The program: ``python -m front``.

Environment:
    FRONT_UPSTREAM: WireMock, as ``address:port``.
    FRONT_PORT_MOCK: The Port mock's control API, as ``address:port``.
    FRONT_TOKEN: What that asks for.
    FRONT_OWN: The sandbox's own names, as ``name=address`` with spaces between them.
    FRONT_CA: The folder with the CA; ``/opt/front/ca`` unless told.
    FRONT_LISTEN: Where connections are redirected to; port 15001 unless told, 0 for any free port.
    FRONT_DIRECT: Ports to answer on by themselves, with spaces between them, where nothing can be redirected.
    FRONT_NAMES: Where to answer look-ups of names, over UDP and TCP; port 53 unless told, 0 for any free port.

Once it listens it prints one line of JSON: ``{"listen": 15001, "names": 53, "ca": "-----BEGIN CERTIFICATE…"}``. It takes
orders on stdin, one a line, and prints ``{"done": "forget"}`` and the like when that is so:

    forget: Break off every connection.
    settle: Report whatever is still to be reported.
    loopback 80 9000: Answer on these ports of the loopback, too, and on no others.
    services db=172.30.0.3: Give these names, and no others, the addresses of services beside the sandbox.

It ends when stdin reaches EOF, and with status 2 and a line on stderr when its environment is wrong.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import names
from .certificates import Authority
from .front import Front
from .names import Names
from .port_mock import PortMock
from .upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Coroutine

_BACKLOG = 2048
_STDIN = 0


def main() -> int:
    """Run the program; return its exit status."""
    try:
        upstream = Upstream(*_address("FRONT_UPSTREAM"))
        port_mock = PortMock(*_address("FRONT_PORT_MOCK"), os.environ.get("FRONT_TOKEN", ""))
        own = dict(each.split("=", 1) for each in os.environ.get("FRONT_OWN", "").split())
        authority = Authority(Path(os.environ.get("FRONT_CA", "/opt/front/ca")))
        listener = _listen("FRONT_LISTEN", 15001)
        listeners = [listener, *(_listen_on(int(port)) for port in os.environ.get("FRONT_DIRECT", "").split())]
        tcp = _listen("FRONT_NAMES", 53)
    except (OSError, ValueError, TypeError) as error:
        sys.stderr.write(f"front: {error}\n")
        return 2
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("0.0.0.0", tcp.getsockname()[1]))  # noqa: S104 # every address is this machine's
    known = Names(own)
    _say({"listen": listener.getsockname()[1], "names": tcp.getsockname()[1], "ca": authority.pem})
    asyncio.run(_serve(Front(authority, known, upstream, port_mock), listeners, known, udp, tcp))
    return 0


async def _serve(
    front: Front, listeners: list[socket.socket], known: Names, udp: socket.socket, tcp: socket.socket
) -> None:
    loop = asyncio.get_running_loop()
    threading.Thread(target=_obey, args=[front, known, loop], name="lifeline", daemon=True).start()
    async with asyncio.TaskGroup() as together:
        for listener in listeners:
            together.create_task(front.serve(listener))
        together.create_task(names.serve(known, udp, tcp))


def _obey(front: Front, known: Names, loop: asyncio.AbstractEventLoop) -> None:
    """Do what stdin says, and end when it does."""
    with open(_STDIN, "rb", buffering=0, closefd=False) as orders, contextlib.suppress(Exception):  # it is a descriptor
        for order in orders:
            what, *rest = order.split() or [b""]
            if (doing := _ordered(front, known, what, rest)) is not None:
                asyncio.run_coroutine_threadsafe(doing, loop).result()
                _say({"done": what.decode()})
    os._exit(0)


def _ordered(front: Front, known: Names, order: bytes, rest: list[bytes]) -> Coroutine[Any, Any, None] | None:
    match order:
        case b"forget":
            return front.forget()
        case b"settle":
            return front.settle()
        case b"loopback":
            return front.answer_on_loopback([*map(int, rest)])
        case b"services":
            return known.know_services(dict(each.decode().split("=", 1) for each in rest))
        case _:
            return None


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _address(variable: str) -> tuple[str, int]:
    host, _, port = os.environ.get(variable, "").rpartition(":")
    if not host or not port.isdecimal():
        message = f"{variable} must be an address and a port, not {os.environ.get(variable)!r}"
        raise ValueError(message)
    return host, int(port)


def _listen_on(port: int) -> socket.socket:
    """A listener on every address of either family."""
    is_6 = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if is_6 else socket.AF_INET
    return socket.create_server(("", port), family=family, dualstack_ipv6=is_6, backlog=_BACKLOG)


def _listen(variable: str, default: int) -> socket.socket:
    value = os.environ.get(variable, str(default))
    if not value.isdecimal():
        message = f"{variable} must be a port number, not {value!r}"
        raise ValueError(message)
    try:
        return _listen_on(int(value))
    except OSError as error:
        message = f"cannot listen on {variable}={value}: {error}"
        raise ValueError(message) from error


if __name__ == "__main__":
    sys.exit(main())
