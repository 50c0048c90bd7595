"""Has WireMock itself read stubs, and says which it refuses: only Java can tell of each regular expression."""

import itertools
import json
from collections.abc import Iterator, Sequence

from harness.stubs.json_places import Steps
from harness.stubs.mappings import Stub
from harness.stubs.wiremock_model import Problem
from sandbox.errors import ContainerDiedError, EngineError, EngineUnreachableError
from sandbox.services.wiremock import WireMock

# In one call, unless one of them is refused: then each is tried alone.
_TOGETHER = 200


def refused_by(wiremock: WireMock, stubs: Sequence[Stub]) -> Iterator[tuple[int, Problem]]:
    """The stubs that WireMock refuses, each by its number, with its own words.

    Args:
        wiremock: An empty one; it is left with stubs.
        stubs: As their files have them.

    Raises:
        EngineUnreachableError, ContainerDiedError: WireMock cannot be asked.
    """
    for start in range(0, len(stubs), _TOGETHER):
        some = stubs[start : start + _TOGETHER]
        if _refusal(wiremock, some) is None:
            continue
        for number, stub in enumerate(some, start):
            if problem := _refusal(wiremock, [stub]):
                yield number, problem


def _refusal(wiremock: WireMock, stubs: Sequence[Stub]) -> Problem | None:
    try:
        wiremock.stub(list(stubs))
    except (EngineUnreachableError, ContainerDiedError):
        raise
    except EngineError as error:
        return _problem(error.what)
    return None


def _problem(said: str) -> Problem:
    """What WireMock says, as ``422 {"errors": [{"source": {"pointer": …}, "title": …, "detail": …}]}``."""
    try:
        (first, *_) = json.loads(said[said.index("{") :])["errors"]
        words = first.get("detail") or first["title"]
        pointer = str((first.get("source") or {}).get("pointer") or "")
    except (ValueError, KeyError, TypeError):
        words, pointer = said, ""
    return Problem(_steps(pointer), f"WireMock rejects this: {' '.join(words.split())}".rstrip("."), "fix it.")


def _steps(pointer: str) -> Steps:
    """Of a pointer into an import, the part within its stub."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    inner = parts[2:] if parts[:1] == ["mappings"] else parts
    kept = itertools.takewhile(lambda part: part != "", inner)
    return tuple(int(part) if part.isdigit() else part for part in kept)
