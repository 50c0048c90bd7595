"""Finds resources of the mapping whose items were fetched but became no entity, although no selector excluded them.

Ocean calls such a resync completed, and counts the items with those that a selector left out (port-ocean 0.55,
``_register_in_batches`` in core/integrations/mixins/sync_raw.py). What it logs tells the two apart: of the items that a
selector let through, it names the parts that are null (``_notify_mapping_issues`` in
core/handlers/entity_processor/jq_entity_processor.py), and what ``itemsToParse`` makes no list of (``handle_items_to_parse``
in core/integrations/mixins/utils.py), which is not even counted.
"""

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from harness.integration.candidates import Candidate, on_top, parts
from harness.integration.kinds import KindCounts
from harness.integration.mapping_trace import evaluate, follow
from harness.integration.reason import shown, why_empty, why_no_entity
from harness.integration.resync_warnings import ResyncWarning
from harness.stubs.journal import ThirdPartyCall

_RESOURCE = re.compile(r"Starting processing resource (?P<kind>.+) with index (?P<index>\d+)$")
_IS_NULL = re.compile(
    r"Unable to find valid data for: '(?P<part>identifier|blueprint)': (?P<expression>.*) "
    r"\(null, missing, or misconfigured\)",
    re.DOTALL,
)
_NO_LIST = "Failed to parse items for JQ expression "
# In a list; to follow as many through a mapping takes a second.
_MOST_ITEMS = 1_000
_SHOWN = 3


def of_resync(
    resources: Sequence[dict[str, Any]],
    kinds: Iterable[KindCounts],
    logs: Sequence[str],
    calls: Sequence[ThirdPartyCall] = (),
) -> Iterator[ResyncWarning]:
    """A warning for each resource of which something was fetched and no entity came, unless its selector said so.

    Args:
        resources: The mapping's.
        kinds: What became of each.
        logs: What the integration logged.
        calls: The third party's answers, in which the items may be found.
    """
    for resource, counts, lines in _without_entities(resources, kinds, logs):
        if not counts.raw:
            expression = (resource.get("port") or {}).get("itemsToParse")
            yield _warning(resource, counts.index, "its items", f"itemsToParse `{expression}` did not give a list")
        elif items := _items(resource, counts.raw, calls):
            # Where the log knows better, these were others.
            yield from list(of_items(resource, counts.index, items)) or _of_log(resource, counts, lines)
        else:
            yield from _of_log(resource, counts, lines)


def unknown(
    resources: Sequence[dict[str, Any]],
    kinds: Iterable[KindCounts],
    logs: Sequence[str],
    calls: Sequence[ThirdPartyCall] = (),
) -> tuple[list[int], list[int]]:
    """The resources without entities whose raw items must be known to say why; arguments as of :func:`of_resync`.

    Returns:
        Their places in the mapping: of those that had items, and of those whose ``itemsToParse`` left none.
    """
    found = list(_without_entities(resources, kinds, logs))
    with_items = [counts for resource, counts, _ in found if counts.raw and not _items(resource, counts.raw, calls)]
    return [counts.index for counts in with_items], [counts.index for _, counts, _ in found if not counts.raw]


def of_event(logs: Sequence[str]) -> Iterator[ResyncWarning]:
    """A warning where nothing came of the items of a live event, which Ocean does not count.

    Args:
        logs: What the integration logged about it.
    """
    if reasons := _reasons(logs):
        yield ResyncWarning("items", "the event", f"its items produced no entity: {reasons}")


def of_items(resource: dict[str, Any], index: int, items: Sequence[Any]) -> Iterator[ResyncWarning]:
    """A warning where no item becomes an entity, and the selector leaves out not all of them.

    Args:
        resource: A resource of the mapping.
        index: Its place in it.
        items: Its raw items, after ``itemsToParse``.
    """
    traces = [trace for trace in follow(resource, index, items) if trace.outcome != "filtered"]
    if not traces or any(trace.outcome == "mapped" for trace in traces):
        return
    reasons = list(dict.fromkeys(why_no_entity(trace) for trace in traces))
    let_through = " that the selector let through" if len(traces) < len(items) else ""
    yield _warning(resource, index, f"{_counted(len(traces))}{let_through}", _listed(reasons))


def of_unparsed(resource: dict[str, Any], index: int, items: Sequence[Any]) -> Iterator[ResyncWarning]:
    """A warning where ``itemsToParse`` makes of no item a list.

    Args:
        resource: A resource of the mapping, that has it.
        index: Its place in the mapping.
        items: Its raw items, before ``itemsToParse``.
    """
    steps = [evaluate("itemsToParse", resource["port"]["itemsToParse"], item) for item in items]
    if not steps or any(isinstance(step.value, list) for step in steps):
        return
    reasons = [why_empty(step, item) or f"it gave {shown(step.value)}" for step, item in zip(steps, items, strict=True)]
    said = f"itemsToParse `{steps[0].expression}` did not give a list: {_listed(list(dict.fromkeys(reasons)))}"
    yield _warning(resource, index, _counted(len(items)), said)


def _without_entities(
    resources: Sequence[dict[str, Any]], kinds: Iterable[KindCounts], logs: Sequence[str]
) -> Iterator[tuple[dict[str, Any], KindCounts, list[str]]]:
    """The resources of which something was fetched and no entity came, with the lines that were logged about each."""
    logged = _by_resource(logs)
    for counts in kinds:
        if counts.mapped or counts.index >= len(resources):
            continue
        lines = logged[counts.kind, counts.index]
        if counts.raw or any(_NO_LIST in line for line in lines):
            yield resources[counts.index], counts, lines


def _by_resource(logs: Iterable[str]) -> defaultdict[tuple[str, int], list[str]]:
    """The lines that were logged about each resource: Ocean takes one after the other."""
    found: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    current = ("", -1)
    for line in logs:
        if begins := _RESOURCE.search(line):
            current = begins["kind"], int(begins["index"])
        found[current].append(line)
    return found


def _of_log(resource: dict[str, Any], counts: KindCounts, lines: Sequence[str]) -> Iterator[ResyncWarning]:
    reasons = _reasons(lines)
    if reasons or _lets_all_through(resource):
        yield _warning(
            resource, counts.index, _counted(counts.raw), reasons or "the mapping gave no identifier or no blueprint"
        )


def _reasons(lines: Iterable[str]) -> str:
    found = dict.fromkeys(match.groups() for line in lines if (match := _IS_NULL.search(line)))
    return "; ".join(f"there is no {part}: `{expression}` gave null" for part, expression in found)


def _lets_all_through(resource: dict[str, Any]) -> bool:
    """Whether the selector says yes, whatever the item is."""
    query = str((resource.get("selector") or {}).get("query"))
    return "." not in query and evaluate("selector.query", query, None).value is True


def _items(resource: dict[str, Any], count: int, calls: Sequence[ThirdPartyCall]) -> list[Any]:
    """The raw items of a resource of which no entity came."""
    return [candidate.item for candidate in items_of(resource, count, 0, calls)]


def items_of(resource: dict[str, Any], count: int, mapped: int, calls: Sequence[ThirdPartyCall]) -> Sequence[Candidate]:
    """The raw items of a resource, where one list of the answers, over all pages, has as many; none where that is not certain.

    Args:
        resource: A resource of the mapping.
        count: How many items it had.
        mapped: How many of them became an entity.
        calls: The third party's answers, in which the items may be found; a candidate has the number of its call.
    """
    if count > _MOST_ITEMS:
        return []
    found: list[tuple[str, Candidate]] = []
    for number, call in enumerate(calls):
        with contextlib.suppress(ValueError, RecursionError):
            url = call.request.url.copy_with(query=None)
            found += [(str(url), candidate) for candidate in on_top(number, json.loads(call.response.content))]
    # Lists of several endpoints may have one form; the items of a kind may come from as many paths as there are items.
    fitting = _fitting(resource, count, mapped, found) or _fitting(
        resource, count, mapped, [("", candidate) for _, candidate in found]
    )
    # If two match, those are meant of which the mapping finds more, or which are a list; otherwise there is no telling.
    is_certain = len(fitting) == 1 or (len(fitting) > 1 and fitting[0][0] > fitting[1][0])
    return fitting[0][1] if is_certain else []


def _fitting(
    resource: dict[str, Any], count: int, mapped: int, found: Sequence[tuple[str, Candidate]]
) -> list[tuple[tuple[int, bool], list[Candidate]]]:
    """The lists of candidates that may be a resource's items, the likeliest first.

    Args:
        resource: A resource of the mapping.
        count: How many items it had.
        mapped: How many of them became an entity.
        found: Candidates, each with what it is grouped by, besides its place in its answer.
    """
    groups: defaultdict[tuple[str, str, str], list[Candidate]] = defaultdict(list)
    for group, candidate in found:
        groups[group, candidate.siblings, "" if candidate.siblings else candidate.path].append(candidate)
    fitting = []
    for candidates in groups.values():
        taken = parts(resource, candidates)
        if len(taken) == count and _mapped(resource, taken) == mapped:
            fitting.append(((_values(resource, taken), bool(taken and taken[0].siblings)), list(taken)))
    return sorted(fitting, key=lambda each: each[0], reverse=True)


def _mapped(resource: dict[str, Any], taken: Sequence[Candidate]) -> int:
    return sum(trace.outcome == "mapped" for trace in follow(resource, 0, [each.item for each in taken]))


def _values(resource: dict[str, Any], taken: Sequence[Candidate]) -> int:
    """How many expressions of the mapping find something in candidates, be they selected or not."""
    all_through = {**resource, "selector": {"query": "true"}}
    traces = follow(all_through, 0, [each.item for each in taken])
    return sum(len(trace.steps) - len(trace.empty) for trace in traces)


def place(resource: dict[str, Any], index: int) -> str:
    """What a warning calls a resource.

    Args:
        resource: The resource.
        index: Its place in the mapping.
    """
    return f"{resource.get('kind')} (resources[{index}])"


def _warning(resource: dict[str, Any], index: int, items: str, why: str) -> ResyncWarning:
    return ResyncWarning("items", place(resource, index), f"{items} produced no entity: {why}")


def _counted(count: int) -> str:
    return f"{count} item{'' if count == 1 else 's'}"


def _listed(reasons: Sequence[str]) -> str:
    more = f"; and {len(reasons) - _SHOWN} more reasons" if len(reasons) > _SHOWN else ""
    return "; ".join(reasons[:_SHOWN]) + more
