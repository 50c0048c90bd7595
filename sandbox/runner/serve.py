"""The orders: ``boot`` an integration, then ``resync`` it.

Or ``boot`` one with its environment, then either ``sail`` and ``wait`` until it ends, or ``listen``, after which it runs
on, and ``deliver`` and ``execute`` are carried out side by side.
"""

import asyncio
import contextlib
import os
import resource
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import egress, tools
from .channel import Channel
from .code import bytecode_in
from .integration import Integration
from .live import LandedError, Live
from .preload import imported_since
from .report import describe
from .sail import Sail

# What was added to every bundle of the image when it was built: see docker/resync/trust.py.
_CA = Path("/opt/ocean-sandbox/ca.pem")


# Before anything is imported ahead: what that is, is learned anew with each change of the code.
_KNOWN = frozenset(sys.modules)


class OtherFrontError(Exception):
    """Every TLS connection would fail."""


def serve(channel: Channel) -> None:
    """Carry out orders; never returns."""
    # One loop for all: port_ocean's clients and locks belong to the loop in which they were made.
    with asyncio.Runner() as runner:
        channel.loop = runner.get_loop()
        integration: Integration | None = None
        live: Live | None = None
        learns: list[str] = []
        while True:
            order = channel.order()
            phase = order["order"]
            try:
                if phase == "boot":
                    _watch(channel.record, order["own_names"])
                    directory = _enter(order)
                    learns = order.get("learn", [])
                    if "environment" in order:
                        channel.sail = Sail(directory, order["environment"])
                    else:
                        sys.dont_write_bytecode = "bytecode" not in learns
                        tools.begin()
                        integration = Integration(directory)
                        runner.run(integration.boot(order["config"], order["log_level"]))
                    channel.answer({"event": "booted"})
                elif channel.sail is not None and phase != "resync":
                    live = _sail(channel, channel.sail, live, order)
                elif phase == "resync" and integration is not None:
                    result = runner.run(integration.resync())
                    tried = channel.record.attempts()
                    memory = _most_memory(resource.RUSAGE_SELF)
                    learned = _learned(learns, directory)
                    channel.answer({"event": "resynced", **result, "egress": tried, "most_memory": memory, **learned})
                else:
                    channel.answer(
                        {"event": "failed", "phase": phase, "errors": describe(ValueError(f"no order: {phase}"))}
                    )
            except LandedError as landed:
                channel.answer({"event": "landed", "code": landed.code, "egress": channel.record.attempts()})
            except BaseException as error:  # noqa: BLE001 # SystemExit in a main.py is an answer too
                if integration is not None and phase == "boot":
                    phase = integration.phase
                if isinstance(error, OtherFrontError):
                    phase = "trust the front"
                tried = channel.record.attempts()
                channel.answer({"event": "failed", "phase": phase, "errors": describe(error), "egress": tried})
            finally:
                _flush()


def _sail(channel: Channel, sail: Sail, live: Live | None, order: dict[str, Any]) -> Live | None:
    """Carry out an order about ``ocean sail``; return it as it runs on, if it does."""
    match order["order"]:
        case "sail":
            sail.start()
            channel.answer({"event": "sailing"})
        case "wait":
            code = sail.wait()
            memory = _most_memory(resource.RUSAGE_CHILDREN)
            channel.answer(
                {"event": "landed", "code": code, "egress": channel.record.attempts(), "most_memory": memory}
            )
        case "listen":
            live = Live(sail, lambda: channel.put({"order": "wait"}))
            channel.answer({"event": "listening", **live.open(order["seconds"])})
        case "deliver" | "execute" as what if live is not None:
            do = live.deliver if what == "deliver" else live.execute
            threading.Thread(target=_beside, args=[channel, do, order], name=what, daemon=True).start()
        case unknown:
            raise ValueError(f"no order: {unknown}")
    return live


def _beside(channel: Channel, do: Callable[[dict[str, Any]], dict[str, Any]], order: dict[str, Any]) -> None:
    """Carry out an order in a thread of its own; its answer has the order's number."""
    try:
        answer = do(order)
    except BaseException as error:  # noqa: BLE001 # whatever it is, who waits must hear of it
        answer = {"event": "failed", "phase": order["order"], "errors": describe(error)}
    channel.answer({**answer, "number": order["number"], "egress": channel.record.attempts()})


def _watch(record: egress.Record, names: list[str]) -> None:
    """Watch for datagrams to what is neither ``names`` nor this container."""
    own = [*names, socket.gethostname()]
    egress.watch(record.path, [*own, *egress.own_addresses(own)])


def _enter(order: dict[str, Any]) -> Path:
    """Go where the supervisor has put the integration's files.

    Raises:
        OtherFrontError: The image trusts another CA than the front's.
    """
    if _CA.read_text() != order["ca"]:
        message = "this image was built for the CA of another front than the one that runs"
        raise OtherFrontError(message)
    directory = Path(order["directory"])
    os.chdir(directory)
    sys.path.insert(0, str(directory))
    return directory


def _learned(what: list[str], directory: Path) -> dict[str, Any]:
    """What this resync can spare the next one: see :mod:`sandbox.resync.learned`."""
    learned: dict[str, Any] = {}
    with contextlib.suppress(Exception):  # it is a hint, and no reason to lose the answer
        if "modules" in what:
            modules = imported_since(_KNOWN, directory)
            learned |= {"installed": modules.installed, "own": modules.own}
        if "bytecode" in what:
            learned["bytecode"] = bytecode_in(directory)
    return learned


def _most_memory(who: int) -> int:
    """The largest resident set so far, in bytes; of several processes, that of the largest."""
    return resource.getrusage(who).ru_maxrss * 1024  # Linux counts in KiB


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
