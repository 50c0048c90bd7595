"""Makes runs of a directory, as `ocean-sandbox run` and `watch` show them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from harness import KindCounts, RejectedEntity, ResyncResult, ResyncWarning
from harness.running.directory_run import Read, Run
from harness.stubs.journal import ThirdPartyCall
from harness.stubs.unmatched_requests import unanswered

from .factories import make_mapping, make_rebuilt, make_request

DIRECTORY = Path("/home/someone/things")
ROOT = Path("/home/someone/wiremock-mappings")


class ThingsError(Exception):
    """What an integration raises."""


def make_entity(identifier: str = "a", blueprint: str = "service", **properties: Any) -> dict[str, Any]:
    return {"identifier": identifier, "blueprint": blueprint, "properties": properties, "relations": {}}


def make_rejected(identifier: str = "r", message: str = "size must be a number") -> RejectedEntity:
    return RejectedEntity(identifier, "service", make_entity(identifier), 422, "invalid_request", message)


def make_third_party_call(
    path: str = "/v2/items", status: int = 200, stub: str | None = "a.json:3", method: str = "GET"
) -> ThirdPartyCall:
    place = f"{ROOT}/things/{stub}" if stub else None
    return ThirdPartyCall(make_request(f"https://api.example.com{path}", method), httpx.Response(status), 1.0, place)


DROPPED = ResyncWarning("items", "service (resources[0])", "2 items produced no entity: there is no [identifier]")
SKIPPED = ResyncWarning("mapping", "resources[0].port.entity.mappings.title", "'.a ||' is not valid JQ")
UNCHECKED = ResyncWarning("blueprint", "blueprints.b.schema.properties.a", "'enum' is not valid; any value is accepted")


def make_error(message: str = "no such thing", kind: str | None = "service") -> Exception:
    """An error as the integration's own code raises it, and Ocean wraps it."""
    error = make_rebuilt(ThingsError(message))
    error.remote_traceback = (  # type: ignore[attr-defined]
        "Traceback (most recent call last):\n"
        '  File "/opt/site-packages/port_ocean/utils.py", line 286, in resync\n    yield\n'
        '  File "/app/main.py", line 33, in on_things\n    async for page in pages():\n        yield page\n'
        '  File "/app/client.py", line 255, in pages\n    response.raise_for_status()\n    ~~~~~~~~^^\n'
        f"main.ThingsError: {message}\n"
    )
    wrapped = make_rebuilt(RuntimeError(f"Failed to execute resync function, error: {message}"))
    wrapped.kind = kind  # type: ignore[attr-defined]
    wrapped.__cause__ = error
    return wrapped


def make_run(
    *entities: dict[str, Any],
    calls: list[ThirdPartyCall] | None = None,
    kinds: list[KindCounts] | None = None,
    **result: Any,
) -> Run:
    """A run that upserted some entities."""
    made = calls if calls is not None else [make_third_party_call()]
    without = [call for call in made if call.stub is None]
    kinds = kinds if kinds is not None else [KindCounts("service", raw=1, upserted=1, state="completed", seconds=0.25)]
    return Run(
        DIRECTORY,
        Read(DIRECTORY / "port-app-config.yml", make_mapping(), ["things"], [], {}, "strict"),
        ResyncResult(list(entities), unmatched=list(without), kinds=kinds, **result),
        stubs_root=ROOT,
        calls=made,
        unanswered=unanswered(without, []),
        began=1_700_000_000.0,
        seconds=1.25,
    )


def make_console(width: int = 80, *, is_terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=is_terminal, highlight=False, color_system=None)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
