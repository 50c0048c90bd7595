"""What an integration creates in Port besides entities, before its first resync in production."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class DefaultResources:
    """The resources of an integration's ``.port/resources``, as Port got them.

    Ocean makes them where Port has none of its blueprints yet, and takes them back if one of them is refused
    (port-ocean 0.55, core/defaults/initialization/default_origin_setup.py).

    Args:
        blueprints: Those that are in Port and that no test put there, by identifier.
        actions: Actions.
        scorecards: Scorecards, each with its ``blueprint``.
        pages: Pages.
        mapping: The mapping that is in force in the end: the test's, or the one that the integration ships.
    """

    blueprints: dict[str, dict[str, Any]] = field(default_factory=dict)
    actions: list[dict[str, Any]] = field(default_factory=list)
    scorecards: list[dict[str, Any]] = field(default_factory=list)
    pages: list[dict[str, Any]] = field(default_factory=list)
    mapping: dict[str, Any] = field(default_factory=dict)


def made_in(state: Mapping[str, Any], seeded: Mapping[str, Any]) -> DefaultResources:
    """Those in Port's ``state``.

    Args:
        state: What the Port mock keeps.
        seeded: The blueprints that the test put there.
    """
    blueprints = {name: each for name, each in state["blueprints"].items() if name not in seeded}
    mapping = (state["integration"] or {}).get("config") or {}
    return DefaultResources(blueprints, state["actions"], state["scorecards"], state["pages"], mapping)
