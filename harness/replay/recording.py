"""Reads a ``discovery.json``, and says why one cannot be used."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from harness.recording.discovery_file import PLACE, VERSION
from harness.redaction.credential_names import is_credential_setting
from harness.redaction.places import says_none
from sandbox.errors import SandboxError

TEST_VALUE = "test-value"
_PLACEHOLDER = re.compile(r"redacted-\d{5}")
_UPSERT = re.compile(r"/v1/blueprints/([^/?]+)/entities(/bulk)?(?:\?|$)")
_REMEDY = "record it again: ocean-sandbox discover DIR (make test/integration/discover)."
_OK, _REDIRECT, _CONFLICTING = 200, 300, 400
Headers = dict[str, str | list[str]]


class RecordingError(SandboxError):
    """A ``discovery.json`` is not there, or cannot be used."""


@dataclass(frozen=True, eq=False)
class Recorded:
    """One recorded request with its answer.

    Args:
        method: The HTTP method.
        url: The whole URL, as on the wire.
        request_headers: By lower-case name; a list where a header was repeated.
        request_body: None, parsed JSON, text, or ``{"$base64": …, "content_type": …}``.
        status: The answer's status.
        headers: The answer's headers.
        body: The answer's body, likewise.
    """

    method: str
    url: str
    request_headers: Headers = field(default_factory=dict)
    request_body: Any = None
    status: int = 200
    headers: Headers = field(default_factory=dict)
    body: Any = None

    @cached_property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """What is between the slashes of the path."""
        return tuple((urlsplit(self.url).path or "/").split("/")[1:])

    @cached_property
    def query(self) -> str:
        """What is after the question mark."""
        return urlsplit(self.url).query

    @property
    def is_fine(self) -> bool:
        """Whether its status is 2xx."""
        return _OK <= self.status < _REDIRECT


@dataclass(frozen=True)
class Recording:
    """What a discovery wrote down.

    Args:
        kind: The integration's type.
        recorded_at: When, in ISO 8601; empty where it does not say.
        config: The integration's configuration, sensitive values as ``test-value``.
        mapping: The mapping that Port had.
        blueprints: The blueprints that Port had.
        requests: What the third party was asked, in order.
        entities: The entities that Port took, in order; None where the recording does not have all of them.
        source: What it was read from, for people.
    """

    kind: str
    recorded_at: str
    config: dict[str, Any]
    mapping: dict[str, Any]
    blueprints: list[dict[str, Any]]
    requests: list[Recorded]
    entities: list[dict[str, Any]] | None
    source: str = PLACE.as_posix()


def read(directory: Path) -> Recording:
    """The recording of the integration in ``directory``.

    Raises:
        RecordingError: There is none, or it is cut off, empty, or of another version.
    """
    return read_file(directory / PLACE)


def read_file(file: Path) -> Recording:
    """The recording in ``file``.

    Raises:
        RecordingError: See :func:`read`.
    """
    content = _content(file)
    content = _parse(_with_test_values(json.dumps(content, ensure_ascii=False), content), file)
    metadata = _field(content, "metadata", dict, file)
    requests = list(_requests(_field(content, "third_party_requests", list, file), file))
    if not requests:
        raise RecordingError(f"{file} has no third-party request: there is nothing to replay.", remedy=_REMEDY)
    return Recording(
        kind=str(metadata.get("integration_type") or file.parents[2].name),
        recorded_at=str(metadata.get("generated_at") or ""),
        config={
            key: _test_value(key, value) for key, value in _field(content, "integration_config", dict, file).items()
        },
        mapping=_field(content, "mapping_config", dict, file),
        blueprints=[each for each in content.get("blueprints") or [] if isinstance(each, dict)],
        requests=requests,
        entities=_entities(content.get("port_requests")),
    )


def _content(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecordingError(
            f"There is no recording: {file} does not exist.", remedy=_REMEDY.replace("it again", "one")
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{file} cannot be read: {error}", remedy=_REMEDY) from error
    if not text.strip():
        raise RecordingError(f"{file} is empty.", remedy=_REMEDY)
    content = _parse(text, file)
    if not isinstance(content, dict):
        raise RecordingError(f"{file} is not a recording: it does not hold a JSON object.", remedy=_REMEDY)
    metadata = content.get("metadata")
    version = metadata.get("version", VERSION) if isinstance(metadata, dict) else VERSION
    if version != VERSION:
        raise RecordingError(
            f"{file} has version {version!r}; this ocean-sandbox reads version {VERSION}.",
            remedy="record it again with this ocean-sandbox, or use the one that wrote it.",
        )
    return content


def _parse(text: str, file: Path) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        is_cut_off = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        what = "is cut off: the file ends in the middle" if is_cut_off else f"is not valid JSON: {error.msg}"
        raise RecordingError(f"{file}:{error.lineno}:{error.colno}: the recording {what}.", remedy=_REMEDY) from None
    except RecursionError:
        raise RecordingError(f"{file} is nested too deeply to be read.", remedy=_REMEDY) from None


def _field(content: dict[str, Any], name: str, kind: type, file: Path) -> Any:
    value = content.get(name)
    if not isinstance(value, kind):
        wanted = "list" if kind is list else "object"
        said = f"has no {name!r}" if name not in content else f"has no {wanted} as {name!r}, but {str(value)[:80]!r}"
        raise RecordingError(f"{file} is not a recording: it {said}.", remedy=_REMEDY)
    return value


def _requests(entries: list[Any], file: Path) -> Iterator[Recorded]:
    for number, entry in enumerate(entries):
        place = f"{file}: third_party_requests[{number}]"
        if not isinstance(entry, dict):
            raise RecordingError(f"{place} is not an object.", remedy=_REMEDY)
        wanted: dict[str, type] = {"method": str, "url": str, "response_status": int}
        for name, kind in wanted.items():
            if not isinstance(entry.get(name), kind):
                raise RecordingError(
                    f"{place} has no {name} of type {kind.__name__}, but {entry.get(name)!r:.80}.", remedy=_REMEDY
                )
        yield Recorded(
            method=entry["method"].upper(),
            url=_on_the_wire(entry["url"], place),
            request_headers=_headers(entry.get("request_headers")),
            request_body=entry.get("request_body"),
            status=entry["response_status"],
            headers=_headers(entry.get("response_headers")),
            body=entry.get("response_body"),
        )


def _on_the_wire(url: str, place: str) -> str:
    try:
        if not urlsplit(url).netloc:
            raise ValueError  # noqa: TRY301 # one message for all
        if url.isascii():
            return url.partition("#")[0]
        read = httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        raise RecordingError(f"{place}: {url!r:.200} is not a complete URL.", remedy=_REMEDY) from None
    return f"{read.scheme}://{read.netloc.decode()}{read.raw_path.decode()}"


def _headers(headers: Any) -> Headers:
    if not isinstance(headers, dict):
        return {}
    return {
        str(name).lower(): [str(each) for each in value] if isinstance(value, list) else str(value)
        for name, value in headers.items()
    }


def _with_test_values(text: str, content: dict[str, Any]) -> str:
    """The recording with the placeholders of configuration values replaced, wherever they are.

    They all become the documented value, unless requests are told apart by two of them.
    """
    config = content.get("integration_config")
    found = list(dict.fromkeys(_PLACEHOLDER.findall(json.dumps(config)))) if isinstance(config, dict) else []
    if not found:
        return text
    asked = " ".join(
        f"{each.get('url')} {json.dumps(each.get('request_body'))}"
        for each in content.get("third_party_requests") or []
        if isinstance(each, dict)
    )
    told_apart = [each for each in found if each in asked]
    values = dict.fromkeys(found, TEST_VALUE)
    values |= {each: f"{TEST_VALUE}-{number}" for number, each in enumerate(told_apart[1:], 2)}
    return _PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), text)


def _test_value(name: str, value: Any) -> Any:
    is_replaced = isinstance(value, str) and TEST_VALUE in value
    # One that was recorded without credentials is a dummy already; what is not a secret says how to authenticate.
    is_secret = isinstance(value, str) and is_credential_setting(name) and not says_none(value)
    return TEST_VALUE if is_secret and not is_replaced else value


def _entities(calls: Any) -> list[dict[str, Any]] | None:
    """The entities that Port took, by the calls that upserted them."""
    if not isinstance(calls, list) or not calls:
        return None
    taken: list[dict[str, Any]] = []
    for call in calls:
        if not isinstance(call, dict) or call.get("method") != "POST":
            continue
        if (found := _UPSERT.search(str(call.get("url")))) is None or int(
            call.get("response_status") or 0
        ) >= _CONFLICTING:
            continue
        body, answer = call.get("request_body"), call.get("response_body")
        if not isinstance(body, dict):  # the in-process harness wrote only the beginning of long ones
            return None
        entities = body.get("entities", []) if found[2] else [body]
        errors = answer.get("errors", []) if isinstance(answer, dict) else []
        refused = {each.get("index") for each in errors}
        taken += [{"blueprint": found[1], **each} for index, each in enumerate(entities) if index not in refused]
    return taken
