"""Reads and writes HAR 1.2, the HTTP archives of browsers and proxies (http://www.softwareishard.com/blog/har-12-spec/)."""

import base64
import json
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from harness.atomic_write import replacing
from harness.recording import har_entries
from harness.recording.account import Account
from harness.recording.exchange import Exchange, content_of
from sandbox.errors import SandboxError

# Whatever else begins so is removed: nobody else's files do.
_TEMPORARY = ".ocean-sandbox-har-"
_REMEDY = "export it again, as HAR with content."
_UNKNOWN = -1


class HarError(SandboxError):
    """A file is not a HAR that can be used."""


def read(path: Path, account: Account) -> list[Exchange]:
    """The exchanges of an archive, with their secrets.

    Args:
        path: The archive.
        account: Is told what is left out.

    Raises:
        HarError: It is not there, not a HAR, or has no request that can be replayed.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise HarError(f"{path} does not exist.", remedy="check the name.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise HarError(f"{path} cannot be read: {error}", remedy=_REMEDY) from error
    except (ValueError, RecursionError) as error:
        raise HarError(f"{path} is not valid JSON: {error}", remedy=_REMEDY) from None
    log = content.get("log") if isinstance(content, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise HarError(f"{path} is not a HAR: it has no list at log.entries.", remedy=_REMEDY)
    found = list(har_entries.exchanges(entries, account))
    if not found:
        raise HarError(
            f"{path} has no request to an API that was answered.",
            remedy=_REMEDY,
            detail="\n".join(f"{reason}: {len(places)}" for reason, places in account.left_out.items()),
        )
    return found


def see_that_it_is_new(path: Path) -> None:
    """See that an archive would not be written over something.

    Raises:
        HarError: There is something.
    """
    if path.exists() or path.is_symlink():
        raise HarError(
            f"{path} is there already.", remedy="name another file with --har, or overwrite it with --force."
        )


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
            temporary.write_bytes(_written({"log": log}))
    except OSError as error:
        raise SandboxError(
            f"{path} cannot be written: {error}", remedy="make sure that the folder is writable."
        ) from error


def _written(content: dict[str, Any]) -> bytes:
    try:
        return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # a lone half of a surrogate pair, which JSON may escape
        return (json.dumps(content, indent=2) + "\n").encode()


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
