"""A stub and its place."""

from dataclasses import dataclass

from harness.stubs import Stub


@dataclass(frozen=True)
class PlacedStub:
    """A stub of a file, in WireMock's own JSON as it is written there or means there.

    Args:
        stub: The stub.
        line: The line of its file at which it begins, from 1; 0 where it was not looked for.
    """

    stub: Stub
    line: int
