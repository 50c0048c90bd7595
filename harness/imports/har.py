"""Reads HAR files, as browsers and proxies write them: what was asked, and answered, as a recording of it is replayed."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from harness.imports.errors import SourceError
from harness.imports.imported import Account, Imported, Options
from harness.imports.redacted import redacted
from harness.imports.requests import is_wanted
from harness.recording.exchange import Exchange
from harness.redaction.redact import Pairs
from harness.replay import replay_plan, stub_source
from harness.replay.answers import Answer
from harness.replay.truncate import Cut

KIND = "HAR file"
# What a browser says that it asked for, for a page to look as it does.
_OF_A_PAGE = frozenset({"stylesheet", "image", "media", "font", "script", "texttrack", "manifest", "ping", "preflight"})
_NOT_MODIFIED, _FIRST_STATUS, _LAST_STATUS = 304, 200, 599
# The text of a HAR file is that of the decoded body.
_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def read(path: Path, content: dict[str, Any], options: Options) -> Imported:
    """The stubs that replay a HAR file.

    Args:
        path: Where it is.
        content: What is in it, with the key ``log``.
        options: What of it is wanted.

    Raises:
        SourceError: It has no entries.
    """
    entries = content["log"].get("entries") if isinstance(content["log"], dict) else None
    if not isinstance(entries, list) or not entries:
        raise SourceError(f"{path}: /log/entries: the HAR file has no requests.", remedy="record it again.")
    account = Account()
    exchanges = list(_exchanges(entries, options, account))
    recorded = redacted(exchanges, options, account)
    # Without headers that say nothing, such as a server's name, as where a recording is made into a test.
    said = [replace(each, headers=Answer.of(each, whole=False).headers) for each in recorded]
    texts, bodies = stub_source.write(replay_plan.plan(said, Cut.NOTHING)) if said else ({}, {})
    stubs = {name.removesuffix(".json"): json.loads(text)["mappings"] for name, text in texts.items()}
    return Imported(KIND, "requests", len(entries), len(exchanges), account, stubs, bodies)


def _exchanges(entries: list[Any], options: Options, account: Account) -> Iterator[Exchange]:
    for number, entry in enumerate(entries):
        place = f"/log/entries/{number}"
        request, response = (entry.get(name) if isinstance(entry, dict) else None for name in ("request", "response"))
        if not isinstance(request, dict) or not isinstance(response, dict):
            account.leave_out(place, "the entry has no request or no response")
            continue
        method, url = str(request.get("method") or "").upper(), str(request.get("url") or "")
        place = f"{method} {url.partition('?')[0][:200]} ({place})"
        if reason := _reason(entry, method, url, response, options):
            account.leave_out(place, reason)
            continue
        body = _body(response, place, account)
        if body is None:
            account.leave_out(
                place, "the file does not have the answer's content: record it again, and export with content"
            )
            continue
        yield Exchange(
            method,
            url,
            _headers(request),
            _sent(request),
            int(response["status"]),
            [pair for pair in _headers(response) if pair[0].lower() not in _OF_THE_WIRE],
            body,
        )


def _reason(entry: dict[str, Any], method: str, url: str, response: dict[str, Any], options: Options) -> str:
    """Why an entry is left out; nothing where it is not."""
    if reason := _why_not_a_request(method, url):
        return reason
    status, kind = response.get("status"), str(entry.get("_resourceType") or "").lower()
    if not is_wanted(options.only, method, url):
        return "--only leaves it out"
    if not isinstance(status, int) or not _FIRST_STATUS <= status <= _LAST_STATUS:
        return "it was not answered"
    if status == _NOT_MODIFIED:
        return "the browser had the answer already (304)"
    if kind in _OF_A_PAGE or (method == "OPTIONS" and _is_preflight(entry["request"])):
        return f"a browser asked for it, to show a page ({kind or 'preflight'})"
    return ""


def _why_not_a_request(method: str, url: str) -> str:
    try:
        httpx.URL(url)
        parts = urlsplit(url)
    except (httpx.InvalidURL, ValueError):
        return "its URL is not one"
    if parts.scheme not in ("http", "https"):
        return f"{parts.scheme}: is not HTTP" if parts.scheme else "its URL is not one"
    if not parts.hostname or re.search(r"[\s{}]", parts.netloc):
        return "its URL is not one"
    return "" if method else "it has no method"


def _is_preflight(request: dict[str, Any]) -> bool:
    return any(name.lower() == "access-control-request-method" for name, _ in _headers(request))


def _headers(message: dict[str, Any]) -> Pairs:
    listed = message.get("headers")
    return [
        (str(each["name"]), str(each.get("value", "")))
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and each.get("name") and not str(each["name"]).startswith(":")
    ]


def _sent(request: dict[str, Any]) -> bytes:
    data = request.get("postData")
    if not isinstance(data, dict):
        return b""
    if isinstance(text := data.get("text"), str) and text:
        return text.encode("utf-8", "replace")
    fields = data.get("params")
    pairs = [(str(each.get("name", "")), str(each.get("value", ""))) for each in fields or [] if isinstance(each, dict)]
    is_form = "urlencoded" in str(data.get("mimeType")).lower()
    return urlencode(pairs).encode() if is_form else b""


def _body(response: dict[str, Any], place: str, account: Account) -> bytes | None:
    """The answer's body; None where there was one and the file does not have it."""
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    text = content.get("text")
    if not isinstance(text, str):
        size = content.get("size")
        return None if isinstance(size, int) and size > 0 else b""
    if str(content.get("encoding", "")).lower() == "base64":
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            account.note(place, "its content claims to be base64 and is not; it is taken as text")
    charset = str(content.get("mimeType", "")).lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    try:
        return text.encode(charset or "utf-8")
    except (LookupError, UnicodeEncodeError):
        return text.encode("utf-8", "replace")
