"""Finds the stubs that plain WireMock, with the same files, would have answer instead of others.

Of two stubs with equal priority the first answers here, as the first route does; in WireMock the newest does, which is the
last of the files in the order of their paths.
"""

from collections.abc import Iterator, Sequence

from harness.stubs.cover import Covering, covers
from harness.stubs.mappings import Stub, own_priority


def decided_otherwise(stubs: Sequence[Stub]) -> Iterator[tuple[int, int]]:
    """The pairs of which the first answers here, and the second in WireMock, as far as that is certain.

    Left out are pairs of which the second never answers here, since the first matches all that it does, and those that
    answer alike.

    Args:
        stubs: Stubs of WireMock's own files, in the order of the files.

    Returns:
        Of each pair, the numbers of the two in ``stubs``.
    """
    by_priority: dict[int, list[int]] = {}
    for number, stub in enumerate(stubs):
        by_priority.setdefault(own_priority(stub), []).append(number)
    pairs = [pair for numbers in by_priority.values() for pair in _among(stubs, numbers)]
    yield from sorted(pairs)


def _among(stubs: Sequence[Stub], numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The newest is looked for among those that come later, of which it has the lowest number."""
    newest_first = list(reversed(numbers))
    later = Covering(stubs[number]["request"] for number in numbers)
    found: list[tuple[int, int]] = []
    for place, number in enumerate(newest_first):
        stub = stubs[number]
        at = later.find(stub["request"])
        if at is not None and _differ(stub, stubs[newest_first[at]]):
            found.append((number, newest_first[at]))
        if "requiredScenarioState" not in stub:  # which answers only in that state
            later.add(place, stub["request"])
    yield from found


def _differ(first: Stub, newest: Stub) -> bool:
    if "requiredScenarioState" not in first and covers(first["request"], newest["request"]):
        return False
    return bool(first["response"] != newest["response"] or first.get("newScenarioState"))
