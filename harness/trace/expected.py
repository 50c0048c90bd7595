"""What a test expected and was otherwise: the snapshots that it compared with and that did not hold.

They are read from syrupy's fixture, if the test has one. It is not imported: most who test with sandboxes have it, and not
all. (syrupy 5, assertion.py: a ``SnapshotAssertion`` has its ``executions``, an ``AssertionResult`` each.)
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.trace.model import Difference

_CONTEXT = 3


def of_fixtures(fixtures: Mapping[str, Any]) -> list[Difference]:
    """The snapshots that did not hold.

    Args:
        fixtures: The fixtures of the test, by name.
    """
    return [difference for fixture in fixtures.values() for difference in _of_fixture(fixture)]


def between(title: str, expected: str, found: str) -> Difference:
    """How a text is otherwise than expected.

    Args:
        title: What was compared.
        expected: What was expected.
        found: What there is.
    """
    lines = difflib.unified_diff(
        expected.splitlines(), found.splitlines(), "expected", "this run", lineterm="", n=_CONTEXT
    )
    return Difference(title, list(lines))


def _of_fixture(fixture: Any) -> Iterator[Difference]:
    executions = getattr(fixture, "executions", None)
    results: Iterable[Any] = executions.values() if isinstance(executions, dict) else ()
    for result in results:
        if getattr(result, "success", True):
            continue
        title = f"{result.snapshot_name} of {result.snapshot_location}"
        recalled, asserted = result.recalled_data, result.asserted_data
        yield between(title, *(each if isinstance(each, str) else "" for each in (recalled, asserted)))
