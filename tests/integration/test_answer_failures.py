"""Every request that reached the sandbox is in the call log, and an answer that WireMock made of a failure is an error."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness import ResyncResult

from .factories import API, integration, started

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

TEMPLATE = {"transformers": ["response-template"]}
# By the last part of the URL: the stub's answer, the status that the integration gets, and WireMock's words in the error.
FAILURES: dict[str, tuple[dict[str, Any], int, str]] = {
    "state": (
        {"body": "{{state context=1}}", **TEMPLATE},
        500,
        "could not find helper: 'state'. Fix the helper's name",
    ),
    "block": ({"body": "{{#nope x}}a{{/nope}}", **TEMPLATE}, 500, "could not find helper: 'nope'"),
    "header": ({"headers": {"X-A": "{{nope 1}}"}, **TEMPLATE}, 500, "could not find helper: 'nope'"),
    "json": ({"jsonBody": {"a": "{{nope 1}}"}, **TEMPLATE}, 500, "could not find helper: 'nope'"),
    "unclosed": ({"body": "{{#if a}}", **TEMPLATE}, 500, "line 1, column 9: found: '<EOF>'"),
    "partial": ({"body": "{{> nope}}", **TEMPLATE}, 500, "could not be found. Fix the template."),
    "date": ({"body": "{{now format='QQQQ'}}", **TEMPLATE}, 500, "column 2: Illegal pattern character 'Q'"),
    "math": ({"body": "{{math 1 '/' 0}}", **TEMPLATE}, 500, "column 2: / by zero"),
    "jsonpath": ({"body": "{{jsonPath '{}' '$['}}", **TEMPLATE}, 200, "[ERROR: $[ is not a valid JSONPath expression]"),
    "regex": ({"body": "{{regexExtract 'x' '('}}", **TEMPLATE}, 200, "[ERROR: Invalid regex string (]"),
    "proxy": (
        {"proxyBaseUrl": "ht!tp://"},
        500,
        "Illegal character in scheme name at index 2: ht!tp://. Fix proxyBaseUrl.",
    ),
    "away": ({"proxyBaseUrl": "http://localhost:1"}, 500, "nothing outside the sandbox can be reached."),
    "large": ({"headers": {"X-A": "b" * 40_000}}, 500, "Response header too large"),
    "length": ({"body": "abc", "headers": {"Content-Length": "x"}}, 500, 'For input string: "x"'),
    "delay": ({"delayDistribution": {"type": "uniform", "lower": 5, "upper": 1}}, 500, "Fix delayDistribution."),
}
ASKS = """
    import httpx
    for path in os.environ["PATHS"].split():
        async with httpx.AsyncClient() as client:
            await client.get("https://api.things.example/" + path)
    yield []
"""
FILE = "wiremock-mappings/things/answers.json"


def write(directory: Path, answers: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Write a stub file with an answer for each path; gives the line of each stub."""
    stubs = [
        json.dumps({"request": {"method": "GET", "urlPath": f"/{path}"}, "response": answer})
        for path, answer in answers.items()
    ]
    (directory / FILE).parent.mkdir(parents=True)
    (directory / FILE).write_text('{"mappings": [\n' + ",\n".join(stubs) + "\n]}")
    return {path: number for number, path in enumerate(answers, 2)}


async def ask(directory: Path, paths: list[str], times: int = 1) -> tuple[list[ResyncResult], list[tuple[str, int]]]:
    """The results of so many resyncs that ask for these paths, and each call of the log: its URL, and its status."""
    integration(directory, ASKS, head=f"os.environ['PATHS'] = {' '.join(paths)!r}")
    async with started(directory, stubs="things") as harness:
        results = [await harness.trigger_resync() for _ in range(times)]
        calls = harness.third_party_transport.calls
        return results, [(str(call.request.url).removeprefix(API), call.response.status_code) for call in calls]


async def test_an_answer_that_fails_is_in_the_log_and_an_error_with_the_line_of_its_stub(tmp_path: Path) -> None:
    lines = write(tmp_path, {"fine": {"body": "[ERROR: none]", **TEMPLATE}, **{p: f[0] for p, f in FAILURES.items()}})
    (result,), calls = await ask(tmp_path, ["fine", *FAILURES])

    assert calls == [("/fine", 200), *((f"/{path}", status) for path, (_, status, _) in FAILURES.items())]
    assert result.unused_stubs == []
    assert result.unmatched == []
    assert {type(error).__name__ for error in result.errors} == {"AnswerFailedError"}
    for (path, (_, _, words)), error in zip(FAILURES.items(), result.errors, strict=True):
        assert str(error).startswith(f"{tmp_path / FILE}:{lines[path]}: WireMock failed to answer GET {API}/{path}: ")
        assert words in str(error)


async def test_a_request_that_wiremock_cannot_read_is_in_the_log_and_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"fine": {"status": 200}})
    (result,), calls = await ask(tmp_path, ["fine?a=%zz", "%zz", "fine"])

    assert [status for _, status in calls] == [500, 400, 200]
    assert calls[0][0] == "/fine?a=%zz"
    assert result.unmatched == []
    first, second = map(str, result.errors)
    assert first.startswith(f"WireMock failed to answer GET {API}/fine?a=%zz: URLDecoder: Illegal hex characters")
    assert "refuses the request with 400. Correct how the integration builds this request." in second


async def test_each_resync_has_its_own_failures(tmp_path: Path) -> None:
    write(tmp_path, {"math": FAILURES["math"][0]})
    results, calls = await ask(tmp_path, ["math", "math"], times=2)

    assert len(calls) == 4
    assert [len(result.errors) for result in results] == [1, 1]
