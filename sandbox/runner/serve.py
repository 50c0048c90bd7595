"""The orders: ``boot`` an integration, then ``resync`` it; or ``boot`` one with its environment, ``sail``, and ``wait``."""

import asyncio
import base64
import io
import os
import socket
import sys
import tarfile
from pathlib import Path
from typing import Any

from . import egress
from .channel import Channel
from .integration import Integration
from .report import describe
from .sail import Sail


def serve(channel: Channel) -> None:
    """Carry out orders; never returns."""
    # One loop for all: port_ocean's clients and locks belong to the loop in which they were made.
    with asyncio.Runner() as runner:
        channel.loop = runner.get_loop()
        integration: Integration | None = None
        while True:
            order = channel.order()
            phase = order["order"]
            try:
                if phase == "boot":
                    _watch(channel.record, order["own_names"])
                    directory = _unpack(order)
                    if "environment" in order:
                        channel.sail = Sail(directory, order["environment"])
                    else:
                        integration = Integration(directory)
                        runner.run(integration.boot(order["config"], order["log_level"]))
                    channel.answer({"event": "booted"})
                elif phase == "sail" and channel.sail is not None:
                    channel.sail.start()
                    channel.answer({"event": "sailing"})
                elif phase == "wait" and channel.sail is not None:
                    code = channel.sail.wait()
                    channel.answer({"event": "landed", "code": code, "egress": channel.record.attempts()})
                elif phase == "resync" and integration is not None:
                    result = runner.run(integration.resync())
                    tried = channel.record.attempts()
                    channel.answer({"event": "resynced", **result, "egress": tried})
                else:
                    channel.answer(
                        {"event": "failed", "phase": phase, "errors": describe(ValueError(f"no order: {phase}"))}
                    )
            except BaseException as error:  # noqa: BLE001 # SystemExit in a main.py is an answer too
                if integration is not None and phase == "boot":
                    phase = integration.phase
                tried = channel.record.attempts()
                channel.answer({"event": "failed", "phase": phase, "errors": describe(error), "egress": tried})
            finally:
                _flush()


def _watch(record: egress.Record, names: list[str]) -> None:
    """Watch for attempts to reach what is neither ``names`` nor this container."""
    own = [*names, socket.gethostname()]
    egress.watch(record.path, [*own, *egress.own_addresses(own)])


def _unpack(order: dict[str, Any]) -> Path:
    """Put the CA and the integration's files where they belong, and go there."""
    Path(os.environ["SSL_CERT_FILE"]).write_text(order["ca"])
    directory = Path(order["directory"])
    if archive := order.get("archive"):
        with tarfile.open(fileobj=io.BytesIO(base64.b64decode(archive))) as tar:
            tar.extractall(directory, filter="data")
    os.chdir(directory)
    sys.path.insert(0, str(directory))
    return directory


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
