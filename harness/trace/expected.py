"""What differs from the expected: a failed snapshot of a test, or the accepted entities.

The snapshots of a test are read from syrupy's fixture, if it has one. It is not imported: most who test with sandboxes have
it, and not all. (syrupy 5 to 7, assertion.py: a ``SnapshotAssertion`` has its ``executions``, an ``AssertionResult`` each.)
"""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.diagnosis.difference import Change
from harness.diagnosis.difference import Difference as Found
from harness.trace.model import Difference, Entity

_CONTEXT = 3


def of_fixtures(fixtures: Mapping[str, Any]) -> list[Difference]:
    """The snapshots that did not hold.

    Args:
        fixtures: The fixtures of the test, by name.
    """
    return [difference for fixture in fixtures.values() for difference in _of_fixture(fixture)]


def between(title: str, expected: str, found: str) -> Difference:
    """How a text differs from the expected one.

    Args:
        title: What was compared.
        expected: What was expected.
        found: What there is.
    """
    lines = difflib.unified_diff(
        expected.splitlines(), found.splitlines(), "expected", "this run", lineterm="", n=_CONTEXT
    )
    return Difference(title, list(lines))


def of_accepted(title: str, found: Found, entities: Iterable[Entity]) -> Difference:
    """How entities differ from the accepted ones; each that differs also has it in its ``otherwise``.

    Args:
        title: What was accepted.
        found: What is different.
        entities: The entities.
    """
    lines = [*(f"-{name}" for name in found.removed), *(f"+{name}" for name in found.added)]
    changed = {name: [line for change in changes for line in _lines(change)] for name, changes in found.changed.items()}
    for name, otherwise in changed.items():
        lines += [f"@@ {name}", *otherwise]
    for each in entities:
        each.otherwise = changed.get(f"{each.entity.get('blueprint')} {each.entity.get('identifier')}", [])
    return Difference(title, lines)


def _lines(change: Change) -> Iterator[str]:
    for sign, value in (("-", change.before), ("+", change.after)):
        yield f"{sign}{change.path}: {json.dumps(value, ensure_ascii=False, default=str)}"


def _of_fixture(fixture: Any) -> Iterator[Difference]:
    executions = getattr(fixture, "executions", None)
    results: Iterable[Any] = executions.values() if isinstance(executions, dict) else ()
    for result in results:
        if getattr(result, "success", True):
            continue
        title = f"{result.snapshot_name} of {result.snapshot_location}"
        recalled, asserted = result.recalled_data, result.asserted_data
        yield between(title, *(each if isinstance(each, str) else "" for each in (recalled, asserted)))
