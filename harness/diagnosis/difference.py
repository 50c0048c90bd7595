"""How two versions of an integration differ, given the same stubs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]
_MISSING = "<nothing>"


@dataclass(frozen=True)
class Outcome:
    """What came of one version, without what differs from run to run.

    Args:
        version: Which it is.
        entities: The entities that were upserted, each as it was upserted last.
        deleted: ``blueprint`` and ``identifier`` of those that were deleted; of the later version, in a Port that has the
            entities of the earlier.
        calls: Third-party requests with their status, one per line.
        errors: The type and the first line of each error; of a version that does not finish, its message.
        resources: What it made in Port besides: ``blueprints``, ``actions``, ``scorecards``, ``pages`` and its mapping,
            each by its identifier.
        warnings: The warnings of its resync, one per line; differences in them do not count.
    """

    version: str
    entities: list[Json] = field(default_factory=list)
    deleted: list[Json] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    resources: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """One value that is another: ``path`` says which, in words such as ``properties.size``."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Difference:
    """What is different; each list is empty where nothing is.

    Args:
        added: What only the later version has, one per line, such as ``service web``.
        removed: What only the earlier version has.
        changed: What both have, and not the same, with the values that changed.
    """

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: dict[str, list[Change]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True)
class Comparison:
    """Two outcomes, and their differences by what they are about: ``entities``, ``deleted``, ``calls`` and so on.

    Args:
        before: The version that was compared with.
        after: The version that was compared.
        differences: What is different; a subject without any is not there.
    """

    before: Outcome
    after: Outcome
    differences: dict[str, Difference]

    @property
    def is_same(self) -> bool:
        """Whether nothing is different."""
        return not self.differences

    def to_json(self) -> Json:
        """All that there is to say, as plain data."""
        return {
            "same": self.is_same,
            "before": _counted(self.before),
            "after": _counted(self.after),
            "differences": {subject: asdict(difference) for subject, difference in self.differences.items()},
        }


def compare(before: Outcome, after: Outcome) -> Comparison:
    """Say what is different.

    Args:
        before: The version that is compared with.
        after: The version that is compared.
    """
    found = {
        "entities": _of_named(_by_name(before.entities), _by_name(after.entities)),
        "deleted": _of_named(_by_name(before.deleted), _by_name(after.deleted)),
        "calls": _of_lines(before.calls, after.calls),
        "errors": _of_lines(before.errors, after.errors),
        "resources": _of_named(before.resources, after.resources),
    }
    return Comparison(before, after, {subject: difference for subject, difference in found.items() if difference})


def _counted(outcome: Outcome) -> Json:
    counts = {name: len(getattr(outcome, name)) for name in ("entities", "deleted", "calls", "errors")}
    return {"version": outcome.version, **counts, "warnings": outcome.warnings}


def _by_name(entities: Iterable[Json]) -> dict[str, Json]:
    return {f"{entity.get('blueprint')} {entity.get('identifier')}": entity for entity in entities}


def _of_named(before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    both = [name for name in before if name in after]
    changed = {name: changes for name in both if (changes := list(_changes(before[name], after[name], "")))}
    return Difference(
        [name for name in after if name not in before], [name for name in before if name not in after], changed
    )


def _of_lines(before: Iterable[str], after: Iterable[str]) -> Difference:
    """Of lines the order is of no interest, for pages come in any; how often each is there, is."""
    earlier, later = Counter(before), Counter(after)
    return Difference(_times(later - earlier), _times(earlier - later))


def _times(lines: Counter[str]) -> list[str]:
    return [line if count == 1 else f"{line} ({count} times)" for line, count in sorted(lines.items())]


def _changes(before: Any, after: Any, path: str) -> Iterable[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}.{key}" if path else str(key)
            yield from _changes(before.get(key, _MISSING), after.get(key, _MISSING), inner)
    elif before != after or type(before) is not type(after):
        yield Change(path, before, after)
