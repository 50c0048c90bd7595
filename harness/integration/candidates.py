"""Candidates for raw items in a third party's answers: the objects of its JSON bodies, and what ``itemsToParse`` makes of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jq

from harness.integration.mapping_trace import as_jq, evaluate

_WORD = re.compile(r"[A-Za-z_]\w*\Z")
# What Ocean takes out of an item that it takes apart: port-ocean 0.55, core/integrations/mixins/utils.py.
_SIMPLE_PATH = re.compile(r"(?:\.[A-Za-z_]\w*)+\Z")


@dataclass(frozen=True)
class Candidate:
    """An object that may be a raw item.

    Args:
        call: The number of the call whose answer it is in; None where that is not known.
        path: Where it stands there, in the words of jq.
        item: The object.
        siblings: Where the list is that it is an element of; empty if it is not an element.
    """

    call: int | None
    path: str
    item: dict[str, Any]
    siblings: str = ""


def on_top(call: int, body: Any) -> Iterator[Candidate]:
    """The objects that are within no element of a list: the body itself, what is in it, and the elements of its lists.

    Args:
        call: The number of the call.
        body: The JSON value that it was answered with.
    """
    yield from _walk(call, body, "", "", deep=False)


def within(candidate: Candidate) -> Iterator[Candidate]:
    """The objects inside one, however deep."""
    for each in _walk(candidate.call, candidate.item, candidate.path, candidate.siblings, deep=True):
        if each.path != candidate.path:
            yield each


def parts(resource: dict[str, Any], candidates: Sequence[Candidate]) -> list[Candidate]:
    """What a resource's ``itemsToParse`` makes of candidates; without one, the candidates themselves.

    Args:
        resource: The resource of the mapping.
        candidates: What it is given.
    """
    port = resource.get("port") or {}
    expression = port.get("itemsToParse")
    if not isinstance(expression, str):
        return list(candidates)
    name = str(port.get("itemsToParseName") or "item")
    found = []
    for candidate, (taken,) in zip(candidates, first_results([expression], candidates), strict=True):
        if not isinstance(taken, list):
            continue
        whole = candidate.item
        if port.get("itemsToParseTopLevelTransform", True) and _SIMPLE_PATH.match(expression.strip()):
            whole = _without(whole, expression.strip()[1:].split("."))
        found += [
            Candidate(candidate.call, f"{candidate.path or '.'} | {expression}[{number}]", {**whole, name: part})
            for number, part in enumerate(taken)
        ]
    return found


def first_results(expressions: Sequence[str], candidates: Sequence[Candidate]) -> list[list[Any]]:
    """What each expression comes to for each candidate, as :func:`harness.integration.mapping_trace.evaluate` says, all at once.

    Args:
        expressions: Expressions of the mapping.
        candidates: What they are asked of.

    Returns:
        For each candidate, a value for each expression; None where it failed.
    """
    items = [candidate.item for candidate in candidates]
    # Each in lines of its own, for it may end with a comment.
    asked = ", ".join(f"(try ([limit(1; (\n{as_jq(each)}\n))][0]) catch null)" for each in expressions)
    try:
        found: list[list[Any]] = jq.compile(f"map([{asked}])").input_value(items).first()
    except (ValueError, TypeError):  # one of them is not an expression: Ocean uses null for it
        return [[evaluate("", expression, item).value for expression in expressions] for item in items]
    return found


def _walk(call: int | None, value: Any, path: str, siblings: str, *, deep: bool) -> Iterator[Candidate]:
    if isinstance(value, dict):
        yield Candidate(call, path or ".", value, siblings)
        for key, each in value.items():
            if isinstance(each, dict | list):
                yield from _walk(call, each, f"{path}{_key(key)}", "", deep=deep)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            below = f"{path or '.'}[{number}]"
            if deep:
                yield from _walk(call, each, below, path or ".", deep=deep)
            elif isinstance(each, dict):
                yield Candidate(call, below, each, path or ".")


def _key(key: str) -> str:
    return f".{key}" if _WORD.match(key) else f'["{key}"]'


def _without(item: dict[str, Any], path: list[str]) -> dict[str, Any]:
    """The item without what stands at a path."""
    first, *rest = path
    if not rest:
        return {key: value for key, value in item.items() if key != first}
    below = item.get(first)
    return {**item, first: _without(below, rest)} if isinstance(below, dict) else item
