"""Looks at a mapping before it costs a resync: its shape, and every JQ expression in it."""

from collections.abc import Iterator
from typing import Any

import jq

from harness.explanation.trace import with_double_quotes
from sandbox.errors import SandboxError


class MappingError(SandboxError, ValueError):
    """A mapping is not one; the message names the place in it."""


def check(mapping: object, where: str) -> None:
    """See that ``mapping`` is one.

    Args:
        mapping: What ``create_mapping_config()`` returned.
        where: What to name as its source.

    Raises:
        MappingError: It is no dict with ``resources``, a resource lacks a part, or an expression is no valid JQ.
    """
    if not isinstance(mapping, dict):
        raise MappingError(
            f"The mapping of {where} is a {type(mapping).__name__}, not a dict: {mapping!r:.200}",
            remedy='return {"resources": [ … ]} from create_mapping_config().',
        )
    resources = mapping.get("resources")
    if not isinstance(resources, list):
        raise MappingError(
            f'The mapping of {where} has no list "resources".', remedy='add "resources", with an entry for each kind.'
        )
    for number, resource in enumerate(resources):
        place = f"resources[{number}]"
        if not isinstance(resource, dict) or not isinstance(resource.get("kind"), str):
            raise MappingError(
                f'In the mapping of {where}, {place} has no "kind".',
                remedy="name the kind that @ocean.on_resync() names.",
            )
        for path, expression in _expressions(resource, place):
            _compile(expression, path, where)


def _expressions(resource: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    selector, mapped = _dict(resource, "selector"), _dict(_dict(_dict(resource, "port"), "entity"), "mappings")
    candidates = {
        f"{place}.selector.query": selector.get("query"),
        f"{place}.port.itemsToParse": _dict(resource, "port").get("itemsToParse"),
    }
    for key in ("identifier", "title", "blueprint", "icon", "team"):
        candidates[f"{place}.port.entity.mappings.{key}"] = mapped.get(key)
    for group in ("properties", "relations"):
        for name, value in _dict(mapped, group).items():
            candidates[f"{place}.port.entity.mappings.{group}.{name}"] = value
    for path, value in candidates.items():
        yield from _strings(value, path)


def _strings(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The expression itself, or those of a search query: only the ``value`` of a rule is JQ."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        rules = value.get("rules")
        for number, rule in enumerate(rules if isinstance(rules, list) else []):
            if isinstance(rule, dict):
                yield from _strings(rule if "rules" in rule else rule.get("value"), f"{path}.rules[{number}]")


def _dict(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _compile(expression: str, path: str, where: str) -> None:
    try:
        jq.compile(with_double_quotes(expression))
    except ValueError as error:
        said = "; ".join(line for line in str(error).splitlines() if "compile error" not in line)
        raise MappingError(
            f"In the mapping of {where}, {path} is no valid JQ: {expression!r}",
            remedy="mend the expression; jq's own words are below.",
            detail=said,
        ) from error
