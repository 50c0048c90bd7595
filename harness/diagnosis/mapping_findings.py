"""Says what the mapping made of the items of a resync: which became no entity, which properties are empty, and why."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from harness.execution.dropped import items_of, place
from harness.execution.result import ResyncResult
from harness.integration.kinds import KindCounts
from harness.integration.mapping_trace import ItemTrace, follow
from harness.integration.reason import shown, why_empty, why_no_entity

# Of a reason such as this, somebody wrote another name than the item has.
_IS_MISSING = (" has no `", "failed: ", "which has no keys")
_IS_NULL = (" is null",)
_CERTAIN = "did you mean"
_NAMES = ("id", "key", "sku", "name", "slug", "uuid")
_SHOWN = 3
# To follow a thousand of them through a mapping takes a second.
_MOST_ITEMS = 2_000


def findings(resources: Sequence[dict[str, Any]], result: ResyncResult, *, with_nulls: bool = False) -> list[str]:
    """What to say of the items, the worst first: those that became no entity, then the properties that are empty.

    Only what is certain: the items are looked for in the answers of the third party, and an integration may change them.

    Args:
        resources: The mapping's.
        result: What the resync came to.
        with_nulls: Whether properties count whose value is null in the item itself, as of an optional one.
    """
    missing = (*_IS_MISSING, *(_IS_NULL if with_nulls else ()))
    dropped: list[str] = []
    empty: list[str] = []
    looked_at = 0
    for counts in result.kinds:
        if counts.index >= len(resources) or not counts.raw:
            continue
        looked_at += counts.raw
        if looked_at > _MOST_ITEMS:
            break
        resource = resources[counts.index]
        items = [each.item for each in items_of(resource, counts.raw, counts.mapped, result.calls)]
        traces = follow(resource, counts.index, items)
        dropped += _dropped(resource, counts, traces)
        empty += _empty(resource, counts, traces, missing)
    return [*dropped, *sorted(empty, key=lambda line: (_CERTAIN not in line, line.endswith(_IS_NULL)))]


def _dropped(resource: dict[str, Any], counts: KindCounts, traces: Sequence[ItemTrace]) -> Iterator[str]:
    is_none_left = all(trace.outcome == "filtered" for trace in traces)
    groups: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for number, trace in enumerate(traces):
        # That a selector leaves out some is what it is for.
        if trace.outcome not in ("mapped", "filtered") or (trace.outcome == "filtered" and is_none_left):
            why = why_no_entity(trace)
            groups[_short(why)][number] = why
    for reasons in list(groups.values())[:_SHOWN]:
        of = [traces[number] for number in reasons]
        yield f"{place(resource, counts.index)}: {_some(of, counts.raw)} became no entity: {_best(reasons.values())}"


def _empty(
    resource: dict[str, Any], counts: KindCounts, traces: Sequence[ItemTrace], missing: Sequence[str]
) -> Iterator[str]:
    groups: defaultdict[tuple[str, str, str], dict[int, str]] = defaultdict(dict)
    mapped = [trace for trace in traces if trace.outcome == "mapped"]
    for number, trace in enumerate(mapped):
        for step in trace.empty:
            why = why_empty(step, trace.item)
            if any(word in why for word in missing):
                groups[step.path, step.expression, _short(why)][number] = why
    for (path, expression, _), reasons in groups.items():
        of = _some([mapped[number] for number in reasons], len(mapped))
        yield f"{place(resource, counts.index)}: {path} is empty in {of}: `{expression}`: {_best(reasons.values())}"


def _short(why: str) -> str:
    """A reason without what the item has instead, which is another for each."""
    return why.partition("; ")[0]


def _best(reasons: Iterable[str]) -> str:
    """Of the reasons of several items one that says what was meant, if one does."""
    found = list(reasons)
    return next((why for why in found if _CERTAIN in why), found[0])


def _some(traces: Sequence[ItemTrace], count: int) -> str:
    """How many of the items, and which is the first."""
    first = traces[0]
    item = first.item if isinstance(first.item, dict) else {}
    name = next((f", {key} {shown(item[key])}" for key in _NAMES if item.get(key)), "")
    which = f" (the first: item {first.number + 1}{name})" if len(traces) < count else ""
    return f"{'all ' if len(traces) == count > 1 else ''}{len(traces)} of {count} item{'' if count == 1 else 's'}{which}".replace(
        f"all {count} of {count} items", f"all {count} items"
    )
