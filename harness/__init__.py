"""Tests of Port Ocean integrations in sandboxes: the API of the in-process harness, in a different place.

A name is imported when it is asked for: the ``ocean-sandbox`` command, which is in this package, needs few of them.
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from harness.asking import asks
    from harness.base import BaseIntegrationTest
    from harness.callables import AnswerError
    from harness.default_resources import DefaultResources
    from harness.errors import RemoteError
    from harness.harness import IntegrationTestHarness
    from harness.kinds import KindCounts
    from harness.live.result import ActionResult, EventNotTakenError, EventRefusedError, LiveEventResult
    from harness.mapping import MappingError
    from harness.port_faults import PortFaults, UnusedFault
    from harness.port_mock import PortMockResponder, SeedError
    from harness.result import RejectedEntity, ResyncResult
    from harness.stub_files.errors import StubFileError
    from harness.transport import InterceptTransport, RequestLog, Route, UnmatchedRequestError
    from harness.unused import UnusedStub
    from sandbox.egress import EgressAttempt
    from sandbox.errors import ActionError, EventPathError, EventTimeoutError

__all__ = [
    "ActionError",
    "ActionResult",
    "AnswerError",
    "BaseIntegrationTest",
    "DefaultResources",
    "EgressAttempt",
    "EventNotTakenError",
    "EventPathError",
    "EventRefusedError",
    "EventTimeoutError",
    "IntegrationTestHarness",
    "InterceptTransport",
    "KindCounts",
    "LiveEventResult",
    "MappingError",
    "PortFaults",
    "PortMockResponder",
    "RejectedEntity",
    "RemoteError",
    "RequestLog",
    "ResyncResult",
    "Route",
    "SeedError",
    "StubFileError",
    "UnmatchedRequestError",
    "UnusedFault",
    "UnusedStub",
    "asks",
]

_NAMES = {
    "harness.asking": ("asks",),
    "harness.base": ("BaseIntegrationTest",),
    "harness.callables": ("AnswerError",),
    "harness.default_resources": ("DefaultResources",),
    "harness.errors": ("RemoteError",),
    "harness.harness": ("IntegrationTestHarness",),
    "harness.kinds": ("KindCounts",),
    "harness.live.result": (
        "ActionResult",
        "EventNotTakenError",
        "EventRefusedError",
        "LiveEventResult",
    ),
    "harness.mapping": ("MappingError",),
    "harness.port_faults": ("PortFaults", "UnusedFault"),
    "harness.port_mock": (
        "PortMockResponder",
        "SeedError",
    ),
    "harness.result": (
        "RejectedEntity",
        "ResyncResult",
    ),
    "harness.stub_files.errors": ("StubFileError",),
    "harness.transport": (
        "InterceptTransport",
        "RequestLog",
        "Route",
        "UnmatchedRequestError",
    ),
    "harness.unused": ("UnusedStub",),
    "sandbox.egress": ("EgressAttempt",),
    "sandbox.errors": (
        "ActionError",
        "EventPathError",
        "EventTimeoutError",
    ),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> typing.Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
