"""Collects the warnings of a resync or live event."""

from collections.abc import Iterator, Mapping
from typing import Any

from harness.execution import dropped
from harness.execution.live_result import ActionResult, LiveEventResult
from harness.execution.result import ResyncResult
from harness.integration import mapping as mappings
from harness.integration.resync_warnings import ResyncWarning, of_blueprints, of_undefined


def warnings_of(result: ResyncResult, mapping: object, blueprints: Mapping[str, dict[str, Any]]) -> list[ResyncWarning]:
    """What to warn of, the items of which nothing came first.

    Args:
        result: What came of it, complete but for the warnings.
        mapping: The mapping that was in force.
        blueprints: The blueprints that strict rules went by; none where the rules are lenient.
    """
    # One that Port had before the test, or that a production run made, was not checked.
    known = mapping if isinstance(mapping, dict) and _has_resources(mapping) else {}
    sent = [*result.upserted_entities, *(rejected.entity for rejected in result.rejected_entities)]
    return [
        *_of_items(result, known),
        *_of_mapping(result, known),
        *of_blueprints(blueprints),
        *of_undefined(sent, blueprints),
    ]


def _has_resources(mapping: dict[str, Any]) -> bool:
    resources = mapping.get("resources", [])
    return isinstance(resources, list) and all(isinstance(each, dict) for each in resources)


def _of_items(result: ResyncResult, mapping: dict[str, Any]) -> Iterator[ResyncWarning]:
    if not isinstance(result, LiveEventResult | ActionResult):
        yield from dropped.of_resync(mapping.get("resources", []), result.kinds, result.logs, result.calls)
    elif not (result.upserted_entities or result.rejected_entities or result.deleted_entities):
        yield from dropped.of_event(result.logs)


def _of_mapping(result: ResyncResult, mapping: dict[str, Any]) -> Iterator[ResyncWarning]:
    sent = [*result.upserted_entities, *(rejected.entity for rejected in result.rejected_entities)]
    for warning in mappings.warnings(mapping) if mapping else ():
        if not mappings.is_understood(warning, mapping, sent):
            yield warning
