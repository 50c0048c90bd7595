"""Reads a file of WireMock's own JSON: one stub, or several below ``mappings``."""

import difflib
import functools
from pathlib import Path
from typing import Any, NoReturn

from harness.stub_files.errors import StubFileError
from harness.stub_files.json_places import Steps, json_lines, read_json, read_text
from harness.stub_files.placed import PlacedStub

# WireMock 3.13's words (its JSON schema, wiremock-stub-mapping.json). One that is near none of them may be an
# extension's, of which WireMock itself has the last word.
_STUB = [
    "id",
    "uuid",
    "name",
    "request",
    "response",
    "persistent",
    "priority",
    "scenarioName",
    "requiredScenarioState",
    "newScenarioState",
    "postServeActions",
    "serveEventListeners",
    "metadata",
    "insertionIndex",
]
_REQUEST = [
    "scheme",
    "host",
    "port",
    "clientIp",
    "method",
    "url",
    "urlPath",
    "urlPathPattern",
    "urlPattern",
    "urlPathTemplate",
    "pathParameters",
    "queryParameters",
    "formParameters",
    "headers",
    "cookies",
    "basicAuthCredentials",
    "basicAuth",
    "bodyPatterns",
    "customMatcher",
    "multipartPatterns",
]
_RESPONSE = [
    "status",
    "statusMessage",
    "headers",
    "additionalProxyRequestHeaders",
    "removeProxyRequestHeaders",
    "body",
    "jsonBody",
    "base64Body",
    "bodyFileName",
    "fault",
    "fixedDelayMilliseconds",
    "delayDistribution",
    "chunkedDribbleDelay",
    "fromConfiguredStub",
    "proxyBaseUrl",
    "proxyUrlPrefixToRemove",
    "transformerParameters",
    "transformers",
]
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
    several = isinstance(content, dict) and "mappings" in content
    stubs = content["mappings"] if several else [content]
    if not isinstance(stubs, list):
        file.refuse(("mappings",), "mappings must be a list of stubs", "mend the file.")
    for number, stub in enumerate(stubs):
        file.check(stub, ("mappings", number) if several else (), f"stub {number + 1} of {len(stubs)}")
    is_small = len(text) <= _MOST
    return [
        PlacedStub(stub, file.line(("mappings", number) if several else ()) if is_small else 0)
        for number, stub in enumerate(stubs)
    ]


class _File:
    """One file, and its lines."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._text = path, text

    def check(self, stub: Any, steps: Steps, name: str) -> None:
        missing = [
            key for key in ("request", "response") if not isinstance(stub, dict) or not isinstance(stub.get(key), dict)
        ]
        if isinstance(stub, dict):
            self._see_keys(stub, _STUB, steps)
        if missing:
            self.refuse(
                steps,
                f"{name} has no object {' and no object '.join(map(repr, missing))}",
                'a stub is {"request": {…}, "response": {…}}; a file with several is {"mappings": [ … ]}.',
            )
        self._see_keys(stub["request"], _REQUEST, (*steps, "request"))
        self._see_keys(stub["response"], _RESPONSE, (*steps, "response"))
        wanted: list[tuple[Steps, Any, type]] = [
            (("metadata",), stub.get("metadata"), dict),
            (("priority",), stub.get("priority"), int),
            (("response", "bodyFileName"), stub["response"].get("bodyFileName"), str),
        ]
        for below, value, kind in wanted:
            if value is not None and not isinstance(value, kind):
                called = f"{'.'.join(map(str, below))} of {name.partition(' of ')[0]}"
                self.refuse((*steps, *below), f"{called} must be of type {kind.__name__}, and is {value!r}", "mend it.")

    def _see_keys(self, part: dict[str, Any], known: list[str], steps: Steps) -> None:
        for key in part:
            if key not in known and (close := difflib.get_close_matches(key, known, n=1, cutoff=0.75)):
                self.refuse((*steps, key), f"unknown key `{key}`", f"did you mean `{close[0]}`?")

    def refuse(self, steps: Steps, what: str, remedy: str) -> NoReturn:
        raise StubFileError(f"{self._path}:{self.line(steps)}: {what}.", remedy=remedy)

    def line(self, steps: Steps) -> int:
        """The line of the part, or of the nearest above it that has one."""
        while steps and steps not in self._lines:
            steps = steps[:-1]
        return self._lines.get(steps, 1)

    @functools.cached_property
    def _lines(self) -> dict[Steps, int]:
        return json_lines(self._text)
