"""One setting of an integration, as its spec has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PREFIX = "OCEAN__INTEGRATION__CONFIG__"


@dataclass(frozen=True)
class Setting:
    """One entry of ``configurations`` in the spec.

    Args:
        name: Its name, in Ocean's snake case.
        kind: ``string``, ``url``, ``integer``, ``boolean``, ``array``, ``object`` or whatever else the spec says.
        is_required: Whether it is required.
        is_sensitive: Whether the spec calls it so.
        is_plain: Whether the spec says that it is not: in so many words, by its type, or by the values that it may have.
        default: What it is by default; None for nothing.
        description: What the spec says of it.
        form: Its ``format``, such as ``email``; empty where it has none.
        choices: The values that it may have; none where it may have any.
        example: The spec's ``example``.
        conditions: What makes it required: another setting, and the values of that with which this one is.
    """

    name: str
    kind: str = "string"
    is_required: bool = False
    is_sensitive: bool = False
    is_plain: bool = False
    default: Any = None
    description: str = ""
    form: str = ""
    choices: Sequence[Any] = ()
    example: Any = None
    conditions: Sequence[tuple[str, Sequence[Any]]] = ()

    def is_required_with(self, values: Mapping[str, Any]) -> bool:
        """Whether it is required where the settings have these values."""
        return self.is_required or any(
            str(values.get(name)) in map(str, required) for name, required in self.conditions if name in values
        )

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name.upper()
