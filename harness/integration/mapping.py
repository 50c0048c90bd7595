"""Checks a mapping before a resync is spent on it.

What Ocean itself fails on is an error. What Ocean logs and goes on with is a warning, for such mappings run in production.
The facts are those of port-ocean 0.55: core/handlers/port_app_config/models.py (which fields are required, and of which
type; pydantic raises, and the resync fails), core/handlers/port_app_config/api.py (``EmptyPortAppConfigError``) and
core/handlers/entity_processor/jq_entity_processor.py.
"""

import functools
import re
from collections.abc import Iterator
from typing import Any

import jq

from harness.integration.mapping_trace import readable, with_double_quotes
from harness.integration.resync_warnings import ResyncWarning
from sandbox.errors import SandboxError

_PARTS = ("identifier", "title", "blueprint", "icon", "team")
# As gitlab's own entity processor has `file://README.md` and `search://…`.
_OF_A_PROCESSOR = re.compile(r"[a-z][a-z0-9+.-]*://")


class MappingError(SandboxError, ValueError):
    """Ocean cannot resync with a mapping; the message names the place in it."""


def check(mapping: object, where: str) -> None:
    """See that Ocean can resync with a mapping.

    Args:
        mapping: What ``create_mapping_config()`` returned.
        where: What to name as its source.

    Raises:
        MappingError: It is of another shape than Ocean takes, or a selector cannot be compiled.
    """
    if not isinstance(mapping, dict):
        raise MappingError(
            f"The mapping of {where} is a {type(mapping).__name__}, not a dict: {mapping!r:.200}",
            remedy='return {"resources": [ … ]} from create_mapping_config().',
        )
    check_shape(mapping, where)
    for number, resource in enumerate(mapping.get("resources", [])):
        # `_search_as_bool` compiles it unguarded: each item becomes an error, and its kind fails.
        for place, query in _strings(_dict(resource, "selector").get("query"), f"resources[{number}].selector.query"):
            if said := complaint(query):
                raise MappingError(
                    f"In the mapping of {where}, {place} is not valid JQ: {query!r}",
                    remedy="fix the expression; jq's own words are below.",
                    detail=said,
                )


def check_shape(mapping: dict[str, Any], where: str) -> None:
    """See that Ocean takes a mapping, whatever its expressions are.

    Args:
        mapping: The mapping.
        where: What to name as its source.

    Raises:
        MappingError: It is empty, its ``resources`` are no list, or one of them has no kind.
    """
    if not mapping:  # EmptyPortAppConfigError
        raise MappingError(f"The mapping of {where} is empty.", remedy='add "resources", with an entry for each kind.')
    # If there are none at all, they are an empty list (`PortAppConfig.resources`); null is refused.
    resources = mapping.get("resources", [])
    if not isinstance(resources, list):
        raise MappingError(
            f'In the mapping of {where}, "resources" is not a list: {resources!r:.80}.',
            remedy='write "resources" as a list, with an entry for each kind.',
        )
    for number, resource in enumerate(resources):
        if not isinstance(resource, dict) or not isinstance(resource.get("kind"), str):
            raise MappingError(
                f'In the mapping of {where}, resources[{number}] has no "kind".',
                remedy="name the kind that @ocean.on_resync() names.",
            )


def warnings(mapping: dict[str, Any]) -> Iterator[ResyncWarning]:
    """What Ocean logs and goes on with: of an expression that cannot be compiled, ``_search`` makes null.

    Args:
        mapping: One that :func:`check` takes.
    """
    resources = mapping.get("resources", [])
    if not resources:
        yield ResyncWarning("mapping", "resources", "there are none, so nothing is resynced")
    for number, resource in enumerate(resources):
        for place, expression in _expressions(resource, f"resources[{number}]"):
            if said := complaint(expression):
                yield ResyncWarning("mapping", place, _skipped(place, expression, said))


def is_understood(warning: ResyncWarning, mapping: dict[str, Any], entities: list[dict[str, Any]]) -> bool:
    """Whether the integration's own entity processor made something of what is not JQ.

    Args:
        warning: One of :func:`warnings`.
        mapping: The mapping that it is about.
        entities: The entities that the integration sent to Port.
    """
    found = re.fullmatch(r"resources\[(\d+)\]\.port\.entity\.mappings\.(properties|relations)\.(.+)", warning.place)
    if found is None:
        return False
    number, group, name = found.groups()
    mapped = _dict(_dict(_dict(mapping["resources"][int(number)], "port"), "entity"), "mappings")
    value = _dict(mapped, group).get(name)
    if not (isinstance(value, str) and _OF_A_PROCESSOR.match(value)):
        return False
    blueprint = str(mapped.get("blueprint")).strip("'\" ")
    return any(
        entity.get("blueprint") == blueprint and (entity.get(group) or {}).get(name) is not None for entity in entities
    )


@functools.lru_cache(maxsize=4096)
def complaint(expression: str) -> str:
    """What jq says of an expression that it cannot compile; nothing where it can.

    Args:
        expression: The expression, as the mapping has it.
    """
    try:
        jq.compile(with_double_quotes(expression))
    except ValueError as error:
        return readable(error)
    return ""


def _skipped(place: str, expression: str, said: str) -> str:
    if place.endswith(".itemsToParse"):
        becomes = "Ocean logs that, and drops every item"
    elif _OF_A_PROCESSOR.match(expression):
        becomes = "it is null, unless the integration's own entity processor understands it"
    else:
        becomes = "Ocean logs that, and it is null"
    return f"{expression!r} is not valid JQ ({said}); {becomes}"


def _expressions(resource: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    port = _dict(resource, "port")
    mapped = _dict(_dict(port, "entity"), "mappings")
    candidates = {f"{place}.port.itemsToParse": port.get("itemsToParse")}
    for key in _PARTS:
        candidates[f"{place}.port.entity.mappings.{key}"] = mapped.get(key)
    for group in ("properties", "relations"):
        for name, value in _dict(mapped, group).items():
            candidates[f"{place}.port.entity.mappings.{group}.{name}"] = value
    for path, value in candidates.items():
        yield from _strings(value, path)


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The expression itself, or those of a search query: only the ``value`` of a rule is JQ."""
    if isinstance(value, str | bool | int | float):  # pydantic makes text of other types: `True`, which is not JQ
        yield path, str(value)
    elif isinstance(value, dict):
        rules = value.get("rules")
        for number, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict):
                yield from _strings(rule if "rules" in rule else rule.get("value"), f"{path}.rules[{number}]")


def _dict(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}
