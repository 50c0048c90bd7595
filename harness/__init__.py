"""Test Port Ocean integrations in sandboxes, with the API of the in-process harness.

Names are imported lazily: the ``ocean-sandbox`` command, which is in this package, needs few of them.
"""

import importlib
import typing

if typing.TYPE_CHECKING:
    from harness.execution.errors import RemoteError
    from harness.execution.faults import PortFaults, UnusedFault
    from harness.execution.live_result import ActionResult, EventNotTakenError, EventRefusedError, LiveEventResult
    from harness.execution.port_mock import PortMockResponder
    from harness.execution.result import RejectedEntity, ResyncResult
    from harness.integration.default_resources import DefaultResources
    from harness.integration.kinds import KindCounts
    from harness.integration.mapping import MappingError
    from harness.integration.resources import SeedError
    from harness.integration.resync_warnings import ResyncWarning
    from harness.pytest_plugin.base import BaseIntegrationTest
    from harness.routes.callables import AnswerError
    from harness.routes.matchers import asks
    from harness.routes.transport import InterceptTransport, RequestLog, Route, UnmatchedRequestError
    from harness.stubs.errors import StubFileError
    from harness.stubs.unused import UnusedStub
    from harness.testing.harness import IntegrationTestHarness
    from sandbox.errors import ActionError, EventPathError, EventTimeoutError
    from sandbox.resync.egress import EgressAttempt
    from sandbox.services.real import Service

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
    "ResyncWarning",
    "Route",
    "SeedError",
    "Service",
    "StubFileError",
    "UnmatchedRequestError",
    "UnusedFault",
    "UnusedStub",
    "asks",
]

_NAMES = {
    "harness.routes.matchers": ("asks",),
    "harness.pytest_plugin.base": ("BaseIntegrationTest",),
    "harness.routes.callables": ("AnswerError",),
    "harness.integration.default_resources": ("DefaultResources",),
    "harness.execution.errors": ("RemoteError",),
    "harness.testing.harness": ("IntegrationTestHarness",),
    "harness.integration.kinds": ("KindCounts",),
    "harness.execution.live_result": (
        "ActionResult",
        "EventNotTakenError",
        "EventRefusedError",
        "LiveEventResult",
    ),
    "harness.integration.mapping": ("MappingError",),
    "harness.execution.faults": ("PortFaults", "UnusedFault"),
    "harness.execution.port_mock": ("PortMockResponder",),
    "harness.integration.resources": ("SeedError",),
    "harness.execution.result": (
        "RejectedEntity",
        "ResyncResult",
    ),
    "harness.integration.resync_warnings": ("ResyncWarning",),
    "harness.stubs.errors": ("StubFileError",),
    "harness.routes.transport": (
        "InterceptTransport",
        "RequestLog",
        "Route",
        "UnmatchedRequestError",
    ),
    "harness.stubs.unused": ("UnusedStub",),
    "sandbox.resync.egress": ("EgressAttempt",),
    "sandbox.services.real": ("Service",),
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
