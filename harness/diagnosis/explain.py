"""Explains why an entity is missing or empty: fetches the raw items, and takes each through the mapping.

The raw items come from a resync of their own, whose mapping asks for nothing and passes every item on as it is
(``properties: {item: .}``): the integration's handlers, its selectors' own settings and Ocean's ``itemsToParse`` are the
real ones. What Ocean itself offers, the examples of a kind, are five at most, and before ``itemsToParse``.

A second resync has the real mapping. It tells what Port refuses, and whether Ocean made the same entities: an
integration may have an entity processor of its own, of which no expression tells.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.execution.result import ResyncResult
from harness.integration.mapping import MappingError
from harness.integration.mapping_trace import (
    ItemTrace,
    Step,
    differing,
    evaluate,
    follow,
    ignored_parts,
    mappings_of,
    values_in,
)
from harness.integration.reason import shown, why_empty, why_no_entity
from harness.running.directory_run import Asked, DirectoryRun, Read

_PARSE = ("itemsToParse", "itemsToParseName", "itemsToParseTopLevelTransform")
_SHOWN = 3


@dataclass(frozen=True)
class Explained:
    """One item, and why it is not an entity or which of its parts are empty.

    Args:
        trace: The item's way through the mapping.
        fate: ``upserted``, ``refused``, ``overwritten``, ``lost``, or the trace's own outcome.
        reason: Why it is not there as the item says; empty where it is.
        empty: Why each part that is null is null, by its path.
    """

    trace: ItemTrace
    fate: str
    reason: str
    empty: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {**self.trace.to_dict(), "fate": self.fate, "reason": self.reason, "empty": self.empty}


@dataclass
class Resource:
    """A resource of the mapping.

    Args:
        kind: Its kind.
        index: Its place in the mapping, from 0.
        items: Its items.
        notes: What is to be said of the resource itself.
    """

    kind: str
    index: int
    items: list[Explained] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        """How many items had which fate."""
        return Counter(item.fate for item in self.items)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "kind": self.kind,
            "index": self.index,
            "notes": self.notes,
            "counts": dict(self.counts()),
            "items": [item.to_dict() for item in self.items],
        }


@dataclass
class Explanation:
    """What a directory's mapping makes of what its stubs answer.

    Args:
        mapping: The mapping's file.
        resources: Its resources.
        errors: What the resync with the real mapping raised.
        unmatched: Third-party requests that no stub answered.
        warnings: What the resync with the real mapping is warned of.
        notes: What is to be said of all.
    """

    mapping: Path
    resources: list[Resource]
    errors: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON values."""
        return {
            "mapping": str(self.mapping),
            "resources": [resource.to_dict() for resource in self.resources],
            "errors": self.errors,
            "unmatched": self.unmatched,
            "warnings": self.warnings,
            "notes": self.notes,
        }


async def explain(asked: Asked) -> Explanation:
    """Run the resyncs, and explain what came of them.

    Raises:
        SandboxError: The integration, its mapping, its stubs or the engine are not as they must be.
    """
    run = DirectoryRun(asked)
    read = run.read()
    resources = read.mapping["resources"]
    explanation = Explanation(read.file, [])
    result = await _real(run, read, explanation)
    passed = await raw_items(run, read, parsed=True)
    unparsed = passed
    if any("itemsToParse" in (resource.get("port") or {}) for resource in resources):
        unparsed = await raw_items(run, read, parsed=False)
    for index, resource in enumerate(resources):
        explained = Resource(resource["kind"], index, notes=_notes(resource, unparsed[index]))
        traces = follow(resource, index, passed[index])
        explained.items = _explained(traces, result)
        explanation.resources.append(explained)
    if not read.folders:
        explanation.notes.append("no stubs are loaded: no stub folder has this name; name one with --stubs")
    return explanation


def about(explanation: Explanation, identifier: str) -> list[Explained]:
    """The items that an entity's identifier is about: those that became it, or else those in which it stands.

    Or else those of whose names it seems to be made: of ``api:7``, what has the id 7.

    Args:
        explanation: All there is.
        identifier: The entity's identifier.
    """
    items = [item for resource in explanation.resources for item in resource.items]
    became = [item for item in items if str((item.trace.entity or {}).get("identifier")) == identifier]
    hold = [item for item in items if any(str(value) == identifier for value in values_in(item.trace.item))]
    return became or hold or [item for item in items if any(_is_part(name, identifier) for name in _names(item.trace))]


def _names(trace: ItemTrace) -> list[str]:
    """What an identifier is usually made of."""
    item = trace.item if isinstance(trace.item, dict) else {}
    return [str(item[key]) for key in ("id", "name", "key", "uuid") if item.get(key)]


def _is_part(name: str, identifier: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", identifier) is not None


async def _real(run: DirectoryRun, read: Read, explanation: Explanation) -> ResyncResult | None:
    """The resync with the real mapping; None where Ocean cannot resync with it, for a selector of it."""
    try:
        done = await run.run(read=read)
    except MappingError as error:
        explanation.notes.append(f"no resync with this mapping: {error.what} {error.detail}".strip())
        return None
    # Why no entity came of an item is said of each item.
    explanation.warnings = [str(each) for each in done.result.warnings if each.subject != "items"]
    explanation.errors = list(dict.fromkeys(f"{type(error).__name__}: {error}" for error in done.result.errors))
    more = len(done.unanswered) - _SHOWN
    explanation.unmatched = [str(each) for each in done.unanswered[:_SHOWN]] + (
        [f"… and {more} more"] if more > 0 else []
    )
    return done.result


async def raw_items(run: DirectoryRun, read: Read, *, parsed: bool = True) -> list[list[Any]]:
    """The raw items of each resource, from a resync of their own.

    Args:
        run: What resyncs the directory.
        read: What that says.
        parsed: Whether ``itemsToParse`` is done, by Ocean itself.

    Raises:
        SandboxError: As :func:`explain`.
    """
    resources = [_passing(resource, index, parsed=parsed) for index, resource in enumerate(read.mapping["resources"])]
    done = await run.run(read=read, mapping={**read.mapping, "resources": resources}, port="lenient", entry="resync")
    items: list[list[Any]] = [[] for _ in resources]
    for entity in done.result.upserted_entities:
        items[int(entity["blueprint"].removeprefix("resource-"))].append(entity["properties"]["item"])
    return items


def _passing(resource: dict[str, Any], index: int, *, parsed: bool) -> dict[str, Any]:
    """A resource that makes of every item an entity which holds it."""
    parse = {key: value for key, value in (resource.get("port") or {}).items() if parsed and key in _PARSE}
    mappings = {"identifier": "tojson", "blueprint": f'"resource-{index}"', "properties": {"item": "."}}
    selector = {**(resource.get("selector") or {}), "query": "true"}
    return {"kind": resource["kind"], "selector": selector, "port": {**parse, "entity": {"mappings": mappings}}}


def _notes(resource: dict[str, Any], unparsed: list[Any]) -> list[str]:
    """What is to be said of a resource, apart from its items."""
    notes = [
        f"Ocean drops `{key}` from the mapping: it is not one of identifier, title, icon, blueprint, team, properties, relations"
        for key in ignored_parts(resource)
    ]
    if not mappings_of(resource):
        notes.append("the resource has no port.entity.mappings")
    expression = (resource.get("port") or {}).get("itemsToParse")
    if expression is not None:
        for number, item in enumerate(unparsed):
            step = evaluate("itemsToParse", expression, item)
            if not isinstance(step.value, list):
                why = why_empty(step, item) or f"it gave {shown(step.value)}"
                notes.append(f"item {number + 1} is dropped: itemsToParse `{expression}` did not give a list: {why}")
            elif not step.value:
                notes.append(f"item {number + 1} has no parts: itemsToParse `{expression}` gave an empty list")
    if not unparsed:
        notes.append(
            "its handlers returned no items: check the requests, the errors, and whether a handler is registered for the kind"
        )
    return notes


def _explained(traces: list[ItemTrace], result: ResyncResult | None) -> list[Explained]:
    last = {_key(trace.entity): trace.number for trace in traces if trace.entity and trace.outcome == "mapped"}
    return [_explain(trace, last, result) for trace in traces]


def _explain(trace: ItemTrace, last: dict[str, int], result: ResyncResult | None) -> Explained:
    empty = {step.path: why_empty(step, trace.item) for step in trace.empty if not _is_of_the_reason(step, trace)}
    if trace.outcome != "mapped" or trace.entity is None:
        return Explained(trace, trace.outcome, why_no_entity(trace), empty)
    if last[_key(trace.entity)] != trace.number:
        later = last[_key(trace.entity)] + 1
        reason = f"item {later} has the same identifier, {shown(trace.entity['identifier'])}, and comes after it"
        return Explained(trace, "overwritten", reason, empty)
    if result is None:
        return Explained(trace, "mapped", "", empty)
    for rejected in result.rejected_entities:
        if _key(rejected.entity) == _key(trace.entity):
            reason = f"Port refuses it with {rejected.status} {rejected.error}: {rejected.message}"
            return Explained(trace, "refused", reason, empty)
    upserted = [entity for entity in result.upserted_entities if _key(entity) == _key(trace.entity)]
    if not upserted:
        reason = "the mapping gives an entity, but Ocean upserted none: check the errors and the integration's own entity processor"
        return Explained(trace, "lost", reason, empty)
    others = differing(trace.entity, upserted[-1])
    for step in trace.steps:
        if step.reads_environment and step.path in others:
            empty[step.path] = f"it reads the environment: in the resync it gave {shown(others.pop(step.path))}"
    # What it made something of is not empty.
    empty = {path: why for path, why in empty.items() if others.get(path) is None}
    made = ", ".join(f"{path} ({shown(value)})" for path, value in others.items())
    reason = f"Ocean made something else: {made}: the integration has its own entity processor" if made else ""
    return Explained(trace, "upserted", reason, empty)


def _is_of_the_reason(step: Step, trace: ItemTrace) -> bool:
    return trace.outcome == "incomplete" and step.path.partition(".")[0] in ("identifier", "blueprint")


def _key(entity: dict[str, Any]) -> str:
    return repr((entity.get("blueprint"), entity.get("identifier")))
