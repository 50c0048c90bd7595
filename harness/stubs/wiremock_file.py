"""Reads a file of WireMock's own JSON: one stub, or several below ``mappings``."""

import functools
from pathlib import Path
from typing import Any, NoReturn

from harness.stubs.errors import RefusedFileError, StubFileError, Wrong
from harness.stubs.json_places import Steps, json_lines, pointer, read_json, read_text
from harness.stubs.mappings import Stub
from harness.stubs.placed import PlacedStub
from harness.stubs.wiremock_model import Problem, as_wiremock_means

# Characters of a file in which stubs are told with their lines, which takes a second for five millions. Errors always are.
_MOST = 1_000_000


def read(path: Path) -> list[PlacedStub]:
    """The stubs of a file.

    Args:
        path: The file.

    Raises:
        StubFileError: Something in it is wrong; the message names file and line, and what was meant.
    """
    text = read_text(path)
    content = read_json(path, text)
    file = _File(path, text)
    several = isinstance(content, dict) and content.get("mappings") is not None
    stubs = content["mappings"] if several else [content]
    if not isinstance(stubs, list):
        file.refuse(("mappings",), "mappings must be a list of stubs", "write […].")
    if several and (others := [key for key in content if key not in ("mappings", "meta", "$schema")]):
        file.refuse((others[0],), f"unknown key `{others[0]}`", "beside `mappings` there is only `meta`.")
    made = [
        file.stub(stub, ("mappings", number) if several else (), f"stub {number + 1} of {len(stubs)}")
        for number, stub in enumerate(stubs)
    ]
    file.refuse_all()
    is_small = len(text) <= _MOST
    return [
        PlacedStub(stub, file.line(steps) if is_small else 0, functools.partial(file.place, steps))
        for number, stub in enumerate(made)
        for steps in [("mappings", number) if several else ()]
    ]


class _File:
    """One file, and its lines."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text
        self._wrong: list[tuple[Steps, Problem]] = []

    def stub(self, stub: Any, steps: Steps, name: str) -> Stub:
        """The stub as WireMock reads it; what it would refuse is kept for :meth:`refuse_all`."""
        if not isinstance(stub, dict):
            self.refuse(
                steps,
                f"{name} is not an object",
                'a stub is {"request": {…}, "response": {…}}; a file with several is {"mappings": [ … ]}.',
            )
        made, problems = as_wiremock_means(stub)
        self._wrong += [(steps, problem) for problem in problems]
        return made

    def refuse_all(self) -> None:
        """Refuse what is wrong with the stubs, if anything is: all of it in one message."""
        if not self._wrong:
            return
        told = [
            Wrong(self.line((*steps, *each.steps)), each.what, each.remedy, pointer((*steps, *each.steps)))
            for steps, each in self._wrong
        ]
        raise RefusedFileError(self._path, told)

    def refuse(self, steps: Steps, what: str, remedy: str) -> NoReturn:
        raise StubFileError(f"{self._path}:{self.line(steps)}: {what}.", remedy=remedy)

    def place(self, within: Steps, steps: Steps) -> tuple[int, str]:
        """The line and the JSON pointer of a part of a stub, which itself is ``within`` the file."""
        return self.line((*within, *steps)), pointer((*within, *steps))

    def line(self, steps: Steps) -> int:
        """The line of the part, or of the nearest above it that has one."""
        while steps and steps not in self._lines:
            steps = steps[:-1]
        return self._lines.get(steps, 1)

    @functools.cached_property
    def _lines(self) -> dict[Steps, int]:
        return json_lines(self._text)
