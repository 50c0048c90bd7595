"""Reads and writes HAR 1.2, the HTTP archives of browsers and proxies (http://www.softwareishard.com/blog/har-12-spec/)."""

import base64
import binascii
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from harness.atomic_write import replacing
from harness.recording.exchange import Exchange, content_of
from sandbox.errors import SandboxError

# What a browser loads for its page, beside what the page asks an API.
_OF_A_PAGE = frozenset({"document", "stylesheet", "script", "image", "font", "media", "manifest", "texttrack", "ping"})
_TEMPORARY = ".har-"
_REMEDY = "export it again, as HAR with content."
_UNKNOWN = -1


class HarError(SandboxError):
    """A file is not a HAR that can be used."""


def read(path: Path) -> list[Exchange]:
    """The exchanges of an archive, with their secrets; without those that got no answer, and what a page is made of.

    Raises:
        HarError: It is not there, not a HAR, or has no request.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise HarError(f"{path} does not exist.", remedy="check the name.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HarError(f"{path} cannot be read: {error}", remedy=_REMEDY) from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise HarError(f"{path} is not valid JSON: {error}", remedy=_REMEDY) from None
    entries = content.get("log", {}).get("entries") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise HarError(f"{path} is not a HAR: it has no list at log.entries.", remedy=_REMEDY)
    found = []
    for number, entry in enumerate(entries):
        try:
            if entry["response"]["status"] > 0 and entry.get("_resourceType") not in _OF_A_PAGE:
                found.append(_exchange(entry))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise HarError(
                f"{path}: log.entries[{number}] is not an entry of a HAR: {type(error).__name__}: {error}",
                remedy=_REMEDY,
            ) from None
    if not found:
        raise HarError(f"{path} has no request to an API that was answered.", remedy=_REMEDY)
    return found


def _exchange(entry: dict[str, Any]) -> Exchange:
    request, response = entry["request"], entry["response"]
    if not urlsplit(request["url"]).netloc:
        raise ValueError(request["url"])
    return Exchange(
        str(request["method"]).upper(),
        request["url"].partition("#")[0],
        list(_headers(request)),
        _sent(request.get("postData") or {}),
        int(response["status"]),
        # What is in the archive is decoded already.
        [pair for pair in _headers(response) if pair[0].lower() not in ("content-encoding", "content-length")],
        _content(response.get("content") or {}),
    )


def _headers(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for each in message.get("headers", []):
        if not each["name"].startswith(":"):  # of HTTP/2, what the URL has
            for line in str(each["value"]).split("\n"):
                yield each["name"], line


def _sent(data: dict[str, Any]) -> bytes:
    if text := data.get("text"):
        return _decoded(text, data)
    pairs = [(each["name"], each.get("value", "")) for each in data.get("params") or []]
    return urlencode(pairs).encode()


def _content(content: dict[str, Any]) -> bytes:
    return _decoded(content.get("text") or "", content)


def _decoded(text: str, about: dict[str, Any]) -> bytes:
    if about.get("encoding") != "base64":
        return text.encode(errors="surrogatepass")
    try:
        return base64.b64decode(text)
    except binascii.Error as error:
        raise ValueError(f"its content is not base64: {error}") from None


def write(path: Path, recording: Path) -> None:
    """Write the third-party requests of a recording, which is redacted, as an archive.

    Args:
        path: Where to.
        recording: A ``discovery.json``.

    Raises:
        SandboxError: It cannot be written.
    """
    content = json.loads(recording.read_text(encoding="utf-8"))
    at = str(content.get("metadata", {}).get("generated_at") or datetime.now(UTC).isoformat())
    log = {
        "version": "1.2",
        "creator": {"name": "ocean-sandbox", "version": str(content.get("metadata", {}).get("version", ""))},
        "entries": [_entry(each, at) for each in content["third_party_requests"]],
    }
    try:
        with replacing(path, _TEMPORARY) as temporary:
            temporary.write_text(json.dumps({"log": log}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise SandboxError(
            f"{path} cannot be written: {error}", remedy="make sure that the folder is writable."
        ) from error


def _entry(entry: dict[str, Any], at: str) -> dict[str, Any]:
    status = entry["response_status"]
    sent, received = entry["request_body"], entry["response_body"]
    query = parse_qsl(urlsplit(entry["url"]).query, keep_blank_values=True)
    request: dict[str, Any] = {
        "method": entry["method"],
        "url": entry["url"],
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _named(entry["request_headers"]),
        "queryString": [{"name": name, "value": value} for name, value in query],
        "headersSize": _UNKNOWN,
        "bodySize": len(content_of(sent)),
    }
    if sent is not None:
        request["postData"] = {"mimeType": _kind(entry["request_headers"]), **_text(sent)}
    return {
        "startedDateTime": at,
        "time": 0,
        "request": request,
        "response": {
            "status": status,
            "statusText": HTTPStatus(status).phrase if status in set(HTTPStatus) else "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _named(entry["response_headers"]),
            "content": {
                "size": len(content_of(received)),
                "mimeType": _kind(entry["response_headers"]),
                **(_text(received) if received is not None else {}),
            },
            "redirectURL": "",
            "headersSize": _UNKNOWN,
            "bodySize": _UNKNOWN,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
    }


def _named(headers: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": name, "value": each}
        for name, value in headers.items()
        for each in (value if isinstance(value, list) else [value])
    ]


def _kind(headers: dict[str, Any]) -> str:
    value = headers.get("content-type", "")
    return str(value[0] if isinstance(value, list) else value)


def _text(body: Any) -> dict[str, str]:
    content = content_of(body)
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(content).decode(), "encoding": "base64"}
