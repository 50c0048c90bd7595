"""The program: `python -m port_mock`.

Environment:
    PORT_MOCK_TOKEN: What callers of the control API must bring. Required.
    PORT_MOCK_API_PORT: Where to serve the Port API; 8000 unless told, 0 for any free port.
    PORT_MOCK_CONTROL_PORT: Where to serve the control API; 8001 unless told, 0 for any free port.
    PORT_MOCK_RELAY_PORT: Where to take requests for the test process; 8002 unless told, 0 for any free port.

Once it listens it prints one line of JSON with its ports: `{"api": 8000, "control": 8001, "relay": 8002}`.
It ends with status 0 when stdin reaches EOF or on SIGTERM, and with status 2 and a line on stderr when its environment
is wrong.
"""

from __future__ import annotations

import json
import os
import socket
import sys

from .api import create_app
from .control import create_control_app
from .relay import Relay
from .server import serve
from .state import PortState

# Every interface: in a container, the address is the network's choice.
_HOST = "0.0.0.0"  # noqa: S104
_BACKLOG = 2048
_LAST_PORT = 65535
_STDIN = 0


def main(lifeline: int = _STDIN) -> int:
    """Run the program.

    Args:
        lifeline: The file descriptor whose EOF ends it.

    Returns:
        The exit status: 0, or 2 when the environment is wrong.
    """
    token = os.environ.get("PORT_MOCK_TOKEN", "")
    if not token:
        return _complain("set PORT_MOCK_TOKEN, which callers of the control API must send")
    try:
        api = _listen("PORT_MOCK_API_PORT", 8000)
        control = _listen("PORT_MOCK_CONTROL_PORT", 8001)
        relayed = _listen("PORT_MOCK_RELAY_PORT", 8002)
    except ValueError as error:
        return _complain(str(error))
    ports = {
        name: listener.getsockname()[1] for name, listener in (("api", api), ("control", control), ("relay", relayed))
    }
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    state = PortState()
    relay = Relay(state)
    serve(
        {api: create_app(state), control: create_control_app(state, token, relay), relayed: relay.app()},
        lifeline=lifeline,
    )
    return 0


def _listen(variable: str, default: int) -> socket.socket:
    value = os.environ.get(variable, str(default))
    if not value.isdecimal() or int(value) > _LAST_PORT:
        message = f"{variable} must be a port number, not {value!r}"
        raise ValueError(message)
    try:
        return socket.create_server((_HOST, int(value)), backlog=_BACKLOG)
    except OSError as error:
        message = f"cannot listen on {variable}={value}: {error}"
        raise ValueError(message) from error


def _complain(message: str) -> int:
    sys.stderr.write(f"port-mock: {message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
