"""The causes of a failure, as a person wants to read them: what was wrong first, and no frame that is not the integration's."""

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx

from harness.diagnosis.mapping_findings import findings
from harness.execution.result import RejectedEntity, ResyncResult
from harness.integration.resync_warnings import ResyncWarning
from harness.routes.transport import UnmatchedRequestError
from harness.running.summary import Failure, failures_of
from harness.stubs.journal import ThirdPartyCall

_FRAMES = 3
_ERRORS = 10
_REFUSED = 20
_FOUND = 10
_FRAME = re.compile(r'  File "(?P<file>[^"]+)", line \d+')
_CARETS = re.compile(r" *[~^][~^ ]*")
_NO_HANDLER = "KindNotImplemented"
_VALUES = re.compile(r"'[^']*'")
_SKIPPED = re.compile(r"'(.*)' is not valid JQ")
_BEGINNING = 60
_UNKNOWN_KIND = re.compile(r"Kind (.+) is not supported in this integration")
_KIND = re.compile(r"\bkind:\s*[\"']?([\w./-]+)")
_MARGIN = re.compile(r"(?: *[|+](?: |-+ ?))*")  # of the details of an error, and of the parts of a group of errors
_LIBRARY = re.compile(r"/site-packages/|/usr/lib/|/lib/python3|/opt/ocean-sandbox/|<frozen ")


def causes(
    result: ResyncResult, resources: Sequence[dict[str, Any]], directory: Path, unmatched: Sequence[str]
) -> list[str]:
    """What was wrong with a resync, the likeliest cause first, in lines; nothing where all is well.

    Args:
        result: What it came to.
        resources: The mapping's.
        directory: The integration's.
        unmatched: What there is to say of each unmatched request.
    """
    return list(_causes(result, resources, directory, unmatched))


def folded(traceback: str) -> list[str]:
    """The lines of a traceback without markers, and with the frames of libraries counted instead of shown.

    Args:
        traceback: As Python prints it.
    """
    lines: list[str] = []
    skipped, is_library = 0, False
    for line in [*traceback.splitlines(), ""]:
        bare = line[margin.end() :] if (margin := _MARGIN.match(line)) else line
        if (bare.strip() and _CARETS.fullmatch(bare)) or (is_library and bare.startswith("    ")):
            continue
        frame = _FRAME.match(bare)
        is_library = frame is not None and _LIBRARY.search(frame["file"]) is not None
        if is_library:
            skipped += 1
            continue
        if skipped:
            lines.append(f"  … {skipped} frame{'' if skipped == 1 else 's'} of libraries")
            skipped = 0
        lines.append(line)
    return lines[:-1]


def _causes(
    result: ResyncResult, resources: Sequence[dict[str, Any]], directory: Path, unmatched: Sequence[str]
) -> Iterator[str]:
    failures = failures_of(
        [error for error in result.errors if not isinstance(error, UnmatchedRequestError)], directory
    )
    urls = {str(call.request.url) for call in result.unmatched}
    consequences = [each for each in failures if _is_about(each, urls)]
    for text in unmatched:
        yield from text.splitlines()
    for failure in consequences[:1]:
        yield from _lines(failure, "It was asked in" if len(consequences) == 1 else "The first was asked in")
    unknown = list(_unknown_kinds(result, directory))
    yield from unknown
    others = [each for each in failures if each not in consequences and not (unknown and _NO_HANDLER in each.type)]
    for failure in others[:_ERRORS]:
        kinds = f"{', '.join(failure.kinds)}: " if failure.kinds else ""
        yield f"{kinds}{failure}"
        yield from _lines(failure)
        if hint := _key_in_answers(failure, result.calls):
            yield f"    {hint}"
    if len(others) > _ERRORS:
        yield f"… and {len(others) - _ERRORS} more errors"
    yield from (f"It tried to reach {attempt}" for attempt in dict.fromkeys(result.egress_attempts))
    yield from _refused(result.rejected_entities)
    found = findings(resources, result, with_nulls=True)
    yield from found[:_FOUND]
    if len(found) > _FOUND:
        yield f"… and {len(found) - _FOUND} more of the mapping"
    said = " ".join(found)
    yield from (str(each) for each in result.warnings if not _is_said(each, said))


def _unknown_kinds(result: ResyncResult, directory: Path) -> Iterator[str]:
    """The kinds of the mapping that the integration has no handler for, which Ocean only logs."""
    for kind in dict.fromkeys(found[1] for line in result.logs if (found := _UNKNOWN_KIND.search(line))):
        spec = directory / ".port" / "spec.yaml"
        known = _KIND.findall(spec.read_text(encoding="utf-8", errors="replace")) if spec.is_file() else []
        close = difflib.get_close_matches(kind, known, n=1)
        meant = f"did you mean `{close[0]}`?" if close else f"its spec has: {', '.join(known)}" if known else ""
        yield f"{kind}: the integration has no handler for this kind{f'; {meant}' if meant else ''}"


def _refused(rejected: Sequence[RejectedEntity]) -> Iterator[str]:
    """What Port refused, each reason once."""
    first: dict[tuple[str, str], RejectedEntity] = {}
    times: Counter[tuple[str, str]] = Counter()
    for each in rejected:
        # Of a value in a message, another entity has another.
        key = each.blueprint, _VALUES.sub("", each.message)
        first.setdefault(key, each)
        times[key] += 1
    for key, each in list(first.items())[:_REFUSED]:
        yield f"Port: {each}" + (f" (and {times[key] - 1} more)" if times[key] > 1 else "")


def _is_said(warning: ResyncWarning, said: str) -> bool:
    """Whether a warning is about what was said of the items already."""
    if warning.subject == "items":
        return warning.place in said
    skipped = _SKIPPED.match(warning.message)
    return skipped is not None and f"`{skipped[1]}`" in said


def _is_about(failure: Failure, urls: set[str]) -> bool:
    """Whether an error is what came of the 404 that an unmatched request got."""
    return failure.type.endswith("HTTPStatusError") and any(f"for url '{url}'" in failure.message for url in urls)


def _lines(failure: Failure, title: str = "") -> Iterator[str]:
    if title and failure.lines:
        yield f"{title}:"
    yield from (f"    {line}" for line in failure.lines[-_FRAMES:])


def _key_in_answers(failure: Failure, calls: Sequence[ThirdPartyCall]) -> str:
    """For a KeyError, the latest answer that has almost this key; for an error in JSON, the latest that is none."""
    key = failure.message.strip("'\"")
    if failure.type.endswith("JSONDecodeError"):
        return next((_not_json(call) for call in reversed(calls) if _is_no_json(call.response)), "")
    if failure.type != "KeyError":
        return ""
    for call in reversed(calls):
        keys = _keys(call.response)
        if key not in keys and (close := difflib.get_close_matches(key, keys, n=1)):
            answered = f", from {call.stub}," if call.stub else ""
            return f"the answer to {call.request.method} {call.request.url}{answered} has `{close[0]}`, not `{key}`"
    return ""


def _not_json(call: ThirdPartyCall) -> str:
    answered = f", from {call.stub}," if call.stub else ""
    begins = call.response.text[:_BEGINNING]
    return f"the answer to {call.request.method} {call.request.url}{answered} is not JSON: it begins with {begins!r}"


def _is_no_json(response: httpx.Response) -> bool:
    """Whether an answer has a body that is no JSON."""
    return bool(response.content.strip()) and response.content.strip() != b"null" and _json(response) is None


def _json(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


def _keys(response: httpx.Response) -> list[str]:
    body = _json(response)
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return []
    return [*first, *(key for value in first.values() if isinstance(value, dict) for key in value)]
