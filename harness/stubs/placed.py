"""A stub and its place."""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.stubs.json_places import Steps
from harness.stubs.mappings import Stub


@dataclass(frozen=True)
class PlacedStub:
    """A stub of a file, in WireMock's own JSON as it is written there or means there.

    Args:
        stub: The stub.
        line: The line of its file at which it begins, from 1; 0 where it was not looked for.
        place: Gives the line and the JSON pointer in that file of a part of the stub.
    """

    stub: Stub
    line: int
    place: Callable[[Steps], tuple[int, str]] = field(compare=False, repr=False)
