"""``breakpoint()`` at the terminal of who runs the sandbox: pdb, over the connection that ``bridge.py`` joins to it."""

import os
import pdb  # noqa: T100 # this is the debugger
import socket
import sys
from types import FrameType
from typing import Any

from . import bridge

_prompt: "tuple[int, _Pdb] | None" = None


def stop_here(*_: Any, **__: Any) -> None:
    """What ``breakpoint()`` calls."""
    global _prompt  # noqa: PLW0603 # a process has one
    if _prompt is None or _prompt[0] != os.getpid():  # a fork needs one of its own
        try:
            connection = socket.create_connection((bridge.HOST, bridge.TERMINAL))
        except OSError:
            print("breakpoint() does nothing: no terminal is attached.", file=sys.stderr)  # noqa: T201
            return
        _prompt = os.getpid(), _Pdb(stdin=connection.makefile("r"), stdout=connection.makefile("w"), nosigint=True)
    caller: FrameType = sys._getframe().f_back  # type: ignore[assignment] # noqa: SLF001 # as pdb.set_trace does
    _prompt[1].set_trace(caller)


class _Pdb(pdb.Pdb):
    """Lets the integration go on when the terminal is gone, where pdb would raise in the middle of it."""

    def do_EOF(self, arg: str) -> bool | None:  # noqa: N802 # cmd's name
        """Go on."""
        return self.do_continue(arg)
