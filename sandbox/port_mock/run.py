"""One run of an action, or of a workflow's node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from .shapes import Json

Kind: TypeAlias = Literal["action", "workflow"]


@dataclass
class Run:
    """A run of an action or of a workflow's node.

    Attributes:
        kind: Which of them.
        run: It, as Port answers it and clients patch it.
        claimed: Whether it was handed out.
        acknowledged: Whether who claimed it said so.
        logs: What was logged about it.
    """

    kind: Kind
    run: Json
    claimed: bool = False
    acknowledged: bool = False
    logs: list[Json] = field(default_factory=list)

    @property
    def identifier(self) -> str:
        """Its identifier."""
        return str(self.run["id" if self.kind == "action" else "identifier"])

    def is_excluded(self, excluded: list[object]) -> bool:
        """Whether a claim excludes it: by its action's identifier, or its node's."""
        action = self.run.get("action")
        own = (
            self.run.get("nodeUid")
            if self.kind == "workflow"
            else isinstance(action, dict) and action.get("identifier")
        )
        return own in excluded
