"""Faults of Port on request: refusals, latency, resets, an expired token."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.routes.caller import caller
from sandbox.port_mock.faults import read_fault
from sandbox.port_mock.shapes import WrongShapeError


class _Port(Protocol):
    def add_fault(self, fault: dict[str, Any]) -> None: ...
    def clear_faults(self) -> None: ...
    def expire_token(self) -> None: ...


@dataclass(frozen=True)
class UnusedFault:
    """A fault that matched no call.

    Args:
        source: Where the test asked for it: ``fault 1 of Port (test_things.py:31)``.
        call: The call it waits for, such as ``POST /entities/bulk``, with its entities if it is limited to some.
    """

    source: str
    call: str

    def __str__(self) -> str:
        return f"{self.source}: {self.call}"


class PortFaults:
    """Makes Port fail; before the harness starts, and at any time between and during resyncs.

    A fault that matches no call is in the ``unused_faults`` of the result, and in the report of a failing test; where unused
    stubs fail a test, so do unused faults.

    Ocean retries 401, 408, 429, 502, 503, 504 and connection errors up to ten times, for GET, PUT and DELETE and for the
    upserts, searches and bulk deletes, and it waits longer each time, five minutes in all. It honours the ``Retry-After``
    of an answer, though, which is 0 here by default: the retries are real, but take no time. A
    reset has no answer to carry it: Ocean waits 0.3 s after the first, and twice as long after each (three take 2 s).
    An integration that sets its own retries (``port_ocean.helpers.retry.register_retry_config_callback``) uses those.
    """

    def __init__(self) -> None:
        self._faults: list[dict[str, Any]] = []
        self._places: list[str] = []
        self._expired_token = False
        self._port: _Port | None = None

    def fail(
        self,
        method: str | None,
        path: str,
        *,
        status: int | None = None,
        times: int | None = None,
        retry_after: int | None = 0,
        latency: float = 0,
        reset: bool = False,
        entities: Sequence[str] = (),
        error: str | None = None,
        message: str | None = None,
    ) -> None:
        """Make calls to Port fail. The first fault that matches a call and is not used up applies.

        Args:
            method: The calls' method; None for any.
            path: What their path and query contain, such as ``/entities/bulk`` or ``/v1/blueprints/service/``.
            status: What Port answers, 400 to 599: 413 makes Ocean upsert one by one, 429 and 503 are retried, 500 is not.
                None answers as usual, for ``latency`` only.
            times: How many calls fail; None for all. A reset needs a number.
            retry_after: Whole seconds for that header; None leaves it out, and then Ocean's waits are real.
            latency: Seconds before Port answers.
            reset: Reset the connection instead of answering.
            entities: Refuse only the entities with these identifiers, whatever their bulk, with ``status`` or 422. Ocean
                upserts what was refused again at the end of a resync: with ``times=1`` that succeeds.
            error: The code to answer, if not the usual one.
            message: The message to answer.

        Raises:
            ValueError: An argument is invalid, or cannot be combined with another.
        """
        fault = {
            "method": method,
            "path": path,
            "status": status,
            "times": times,
            "retry_after": retry_after,
            "latency": latency,
            "reset": reset,
            "entities": list(entities),
            "error": error,
            "message": message,
        }
        try:
            read_fault(fault)
        except WrongShapeError as wrong:
            raise ValueError(str(wrong)) from None
        file, line = caller()
        self._faults.append(fault)
        self._places.append(f"{Path(file).name}:{line}")
        if self._port is not None:
            self._port.add_fault(fault)

    def expire_token(self) -> None:
        """Make Port refuse the integration's access token, or else the next one that it gets, with 401.

        Ocean then fetches another, which works.
        """
        if self._port is None:
            self._expired_token = True
        else:
            self._port.expire_token()

    def clear(self) -> None:
        """Make Port work again."""
        self._faults.clear()
        self._places.clear()
        if self._port is not None:
            self._port.clear_faults()

    def seed(self) -> dict[str, Any]:
        """The faults so far, for a Port that starts."""
        return {"faults": list(self._faults), "expired_token": self._expired_token}

    def unused(self, faults: Iterable[dict[str, Any]]) -> list[UnusedFault]:
        """The faults that matched no call, in the order in which the test added them."""
        return [
            UnusedFault(f"fault {number} of Port ({place})", _described(fault))
            for number, (place, fault) in enumerate(zip(self._places, faults, strict=False), start=1)
            if not fault["hits"]
        ]

    def attach(self, port: _Port | None) -> None:
        """Have faults that are added later go to a Port that runs; None where none does."""
        self._port = port


def _described(fault: dict[str, Any]) -> str:
    of = f" with any of the entities {', '.join(fault['entities'])}" if fault["entities"] else ""
    return f"{fault['method'] or 'any method of'} {fault['path']}{of}"
