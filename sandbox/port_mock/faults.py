"""Faults on request: refusals, latency, resets, an expired token, some entities of a batch refused.

A fault answers the calls whose method is its own and whose path and query contain its path. The first that matches
and is not used up wins. One with `entities` lets the call through, and has those of its entities refused.

Ocean retries 401, 408, 429, 502, 503, 504 and connection errors ten times, and waits longer each time, some five
minutes in all; of an answer it honours `Retry-After` in whole seconds (port-ocean 0.55, helpers/retry.py,
`_calculate_sleep`). So a fault that is retried at once says `Retry-After: 0`. A reset has no answer to say that in.

The codes of 400, 403, 404, 409, 413 and 500 are those of Port's documentation, see `rules.py`; which ones Port gives
with the others could not be found out. `injector.py` meets the calls with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .rules import RefusedError
from .shapes import WrongShapeError, as_flag, as_list, as_text

if TYPE_CHECKING:
    from .shapes import Json

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LEAST_STATUS, _LAST_STATUS = 400, 599
_LONGEST_LATENCY = 600.0
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "missing_permissions",
    404: "not_found",
    409: "identifier_taken",
    413: "bad_request",
    422: "invalid_request",
    429: "rate_limit_exceeded",
    500: "internal_error",
}


@dataclass
class Fault:
    """One fault.

    Attributes:
        path: What the path and query of a call must contain.
        method: The call's method; None for any.
        status: What to answer; None for whatever Port answers.
        times: How many calls it is for; None for all.
        retry_after: Whole seconds, for the header of that name; None for no header.
        latency: Seconds to wait before anything is answered.
        reset: Whether the connection is reset instead of answered.
        entities: Identifiers of entities that are refused, while the others go through.
        error: The code to answer.
        message: The message to answer.
        hits: How many calls it has met.
    """

    path: str
    method: str | None = None
    status: int | None = None
    times: int | None = None
    retry_after: int | None = 0
    latency: float = 0.0
    reset: bool = False
    entities: frozenset[str] = frozenset()
    error: str = ""
    message: str = ""
    hits: int = field(default=0, compare=False)

    def is_for(self, method: str, target: str) -> bool:
        """Tell whether it is for a call, and not used up.

        Args:
            method: The call's method.
            target: Its path and query, as sent.
        """
        left = self.times is None or self.hits < self.times
        return left and self.method in {None, method} and self.path in target

    def refusal(self) -> RefusedError:
        """Give what it answers."""
        status = self.status or 422
        error = self.error or _CODES.get(status, "service_unavailable")
        return RefusedError(status, error, self.message or f"Fault injected by the test: {status}.")

    def to_json(self) -> Json:
        """Give it as the control API shows it."""
        return {**vars(self), "entities": sorted(self.entities)}


def read_fault(body: Json, name: str = "") -> Fault:
    """Read a fault.

    Args:
        body: Its attributes; all but `path` may be left out.
        name: What to call it in messages, with a dot at its end.

    Returns:
        The fault.

    Raises:
        WrongShapeError: If it is wrong; the message names the attribute.
    """
    known = [each for each in Fault.__dataclass_fields__ if each != "hits"]
    for key in body:
        if key not in known:
            raise WrongShapeError(f"unknown key {name}{key}; known keys: {', '.join(name + each for each in known)}")
    fault = Fault(path=as_text(body.get("path"), f"{name}path"))
    if body.get("method") is not None:
        fault.method = as_text(body["method"], f"{name}method")
        if fault.method not in _METHODS:
            raise WrongShapeError(f"{name}method must be one of {', '.join(_METHODS)}, not {fault.method!r}")
    fault.status = _whole(body, "status", name, least=_LEAST_STATUS, most=_LAST_STATUS)
    fault.times = _whole(body, "times", name, least=1)
    fault.retry_after = _whole({"retry_after": 0, **body}, "retry_after", name, least=0)
    fault.latency = _seconds(body.get("latency", 0), f"{name}latency")
    fault.reset = as_flag(body.get("reset", False), f"{name}reset")
    listed = as_list(body.get("entities", []), f"{name}entities")
    fault.entities = frozenset(as_text(each, f"{name}entities[{index}]") for index, each in enumerate(listed))
    fault.error = as_text(body["error"], f"{name}error") if body.get("error") is not None else ""
    fault.message = as_text(body["message"], f"{name}message") if body.get("message") is not None else ""
    _check_together(fault, name)
    return fault


def _check_together(fault: Fault, name: str) -> None:
    if not (fault.status or fault.reset or fault.latency or fault.entities):
        raise WrongShapeError(f"{name}needs status, reset, latency or entities")
    if fault.reset and (fault.status or fault.entities):
        raise WrongShapeError(f"{name}reset cannot be combined with status or entities: there is no answer then")
    if fault.reset and fault.times is None:
        raise WrongShapeError(f"{name}times must say how often to reset: otherwise Ocean retries for five minutes")
    if fault.entities and fault.latency:
        raise WrongShapeError(f"{name}latency cannot be combined with entities: use a fault of its own")


def _whole(body: Json, key: str, name: str, *, least: int, most: int | None = None) -> int | None:
    value = body.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < least or (most is not None and value > most):
        allowed = f"{least} or more" if most is None else f"{least} to {most}"
        raise WrongShapeError(f"{name}{key} must be a whole number, {allowed}, not {value!r}")
    return value


def _seconds(value: object, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _LONGEST_LATENCY:
        raise WrongShapeError(f"{name} must be seconds, 0 to {_LONGEST_LATENCY:.0f}, not {value!r}")
    return float(value)
