"""Describes the shape of JSON answers: their fields and types."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

# A field that is named by what it is about, such as an id, says nothing of the API.
_IDENTIFIER = re.compile(r"\d+|[0-9a-fA-F]{8,}|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|.*[:/@ ].*|redacted-\d+")
_MANY = 30
_DEPTH = 12
NULL = "null"


@dataclass
class Shape:
    """What values at one place are like.

    Args:
        types: The JSON types that were seen.
        fields: What is in objects, by name; ``*`` where names are data.
        items: What is in lists.
        seen: How many values there were.
    """

    types: set[str] = field(default_factory=set)
    fields: dict[str, "Shape"] = field(default_factory=dict)
    items: "Shape | None" = None
    seen: int = 0

    @classmethod
    def of(cls, values: Iterable[Any]) -> "Shape":
        """The shape that all of ``values`` have."""
        shape = cls()
        for value in values:
            shape.add(value)
        return shape

    def add(self, value: Any, depth: int = 0) -> None:
        """Take note of a value."""
        self.seen += 1
        self.types.add(type_of(value))
        if depth > _DEPTH:
            return
        if isinstance(value, dict):
            are_data = len(value) > _MANY or (bool(value) and all(_IDENTIFIER.fullmatch(name) for name in value))
            for name, each in value.items():
                self.fields.setdefault("*" if are_data else name, Shape()).add(each, depth + 1)
        elif isinstance(value, list):
            self.items = self.items or Shape()
            for each in value:
                self.items.add(each, depth + 1)

    def places(self, path: str = "") -> dict[str, "Shape"]:
        """Every place in it by its path, such as ``.items[].name``."""
        found = {path or ".": self}
        for name, shape in self.fields.items():
            found |= shape.places(f"{path}.{name}")
        if self.items is not None and self.items.seen:
            found |= self.items.places(f"{path}[]")
        return found


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "list" if isinstance(value, list) else "object"
