"""Tests of Port Ocean integrations in sandboxes: the API of the in-process harness, in a different place."""

from harness.asking import asks
from harness.base import BaseIntegrationTest
from harness.callables import AnswerError
from harness.default_resources import DefaultResources
from harness.errors import RemoteError
from harness.harness import IntegrationTestHarness
from harness.kinds import KindCounts
from harness.live.result import ActionResult, EventNotTakenError, EventRefusedError, LiveEventResult
from harness.mapping import MappingError
from harness.port_faults import PortFaults
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
    "UnusedStub",
    "asks",
]
