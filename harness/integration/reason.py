"""Explains in words why an expression of the mapping gave nothing, and why an item became no entity."""

import difflib
import json
import re

from harness.integration.mapping_trace import ItemTrace, Step

_PATH = re.compile(r"(?<![\w$\])\"?.])\.[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"')
# From there on a path may start elsewhere than at the item.
_ELSEWHERE = re.compile(r"\||\w\(|\bas\b|\$")
_SHOWN = 8
_LONG = 60


def why_empty(step: Step, item: object) -> str:
    """Why an expression gave null, or failed.

    Args:
        step: The expression and what it came to.
        item: The item that it was asked of.
    """
    if step.error:
        return f"it failed: {step.error}{_hint(step)}"
    if step.expression in ("None", "null"):
        return "the mapping sets it to null"
    for path in _paths(step.expression):
        if missing := _missing(path, item):
            return missing
    if step.reads_environment:
        return "it reads the integration's environment, which is not known here"
    return "it gave null" if step.value is None else ""


def why_no_entity(trace: ItemTrace) -> str:
    """Why an item became no entity; nothing where it did."""
    if trace.outcome == "mapped":
        return ""
    selector = trace.selector
    if trace.outcome == "filtered":
        return f"the selector `{selector.expression}` is false{_of_paths(selector, trace.item)}"
    if trace.outcome == "failed":
        if selector.error:
            return f"the selector `{selector.expression}` failed: {selector.error}{_hint(selector)}"
        said = shown(selector.value)
        why = f": {why_empty(selector, trace.item)}" if selector.value is None else ""
        return f"the selector `{selector.expression}` must give true or false, but gives {said}{why}"
    entity = trace.entity or {}
    reasons = []
    for part in ("identifier", "blueprint"):
        if entity.get(part):
            continue
        steps = [step for step in trace.steps if step.path.partition(".")[0] == part]
        if not steps:
            reasons.append(f"the mapping has no {part}")
        for step in steps:
            why = why_empty(step, trace.item) if step.value is None else f"it gave {shown(step.value)}"
            reasons.append(f"there is no {part}: `{step.expression}`: {why}")
    return "; ".join(reasons)


def shown(value: object) -> str:
    """A value in one short line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


def _paths(expression: str) -> list[str]:
    """The paths into the item that an expression surely takes, in their order."""
    return list(dict.fromkeys(_PATH.findall(_ELSEWHERE.split(_TEXT.sub('""', expression))[0])))


def _missing(path: str, item: object) -> str:
    """Which part of a path is not in the item."""
    here, so_far = item, ""
    for key in path[1:].split("."):
        place = f"`{so_far}`" if so_far else "the item"
        if here is None:
            return f"{place} is null"
        if not isinstance(here, dict):
            return f"{place} is {shown(here)}, which has no keys"
        if key not in here:
            # Of another case, or with an underline: the names that APIs and people differ in.
            plain = {name.lower().replace("_", ""): name for name in map(str, here)}
            close = difflib.get_close_matches(key.lower().replace("_", ""), plain, n=1)
            there = ", ".join(list(map(str, here))[:_SHOWN]) + ("…" if len(here) > _SHOWN else "")
            return f"{place} has no `{key}`; " + (f"did you mean `{plain[close[0]]}`?" if close else f"it has: {there}")
        here, so_far = here[key], f"{so_far}.{key}"
    return f"`{so_far}` is null" if here is None else ""


def _of_paths(step: Step, item: object) -> str:
    """What the paths of a selector are in the item."""
    found = []
    for path in _paths(step.expression):
        value = item
        for key in path[1:].split("."):
            value = value.get(key) if isinstance(value, dict) else None
        found.append(_missing(path, item) or f"`{path}` is {shown(value)}")
    return f": {'; '.join(found)}" if found else ""


def _hint(step: Step) -> str:
    if re.fullmatch(r"[A-Za-z_][\w-]*", step.expression) and step.expression not in ("true", "false", "null"):
        if step.expression in ("True", "False"):
            return f". In YAML write it in quotes: '{step.expression.lower()}'"
        return f". A string needs quotes of its own: '\"{step.expression}\"'"
    return ""
