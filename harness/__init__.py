"""Tests of Port Ocean integrations in sandboxes: the API of the in-process harness, in a different place."""

from harness.base import BaseIntegrationTest
from harness.errors import RemoteError
from harness.harness import IntegrationTestHarness
from harness.mapping import MappingError
from harness.port_mock import PortMockResponder
from harness.result import ResyncResult
from harness.stub_files import StubFileError
from harness.transport import InterceptTransport, RequestLog, Route, UnmatchedRequestError

__all__ = [
    "BaseIntegrationTest",
    "IntegrationTestHarness",
    "InterceptTransport",
    "MappingError",
    "PortMockResponder",
    "RemoteError",
    "RequestLog",
    "ResyncResult",
    "Route",
    "StubFileError",
    "UnmatchedRequestError",
]
