"""Reads the entries of a HAR file, as browsers and proxies write them; what is left out is named, with the reason."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx

from harness.recording.account import Account, without_user
from harness.recording.exchange import Exchange
from harness.redaction.redact import Pairs

# What a browser says that it asked for, for a page to look as it does.
_OF_A_PAGE = frozenset({"stylesheet", "image", "media", "font", "script", "texttrack", "manifest", "ping", "preflight"})
_NOT_MODIFIED, _FIRST_STATUS, _LAST_STATUS = 304, 200, 599
# The text of a HAR file is that of the decoded body.
_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_LONGEST_PLACE = 200
_NO_CONTENT = "the file does not have the answer's content: record it again, and export with content"


def exchanges(
    entries: list[Any], account: Account, unwanted: Callable[[str, str], str] = lambda _method, _url: ""
) -> Iterator[Exchange]:
    """What was asked and answered, with its secrets.

    Args:
        entries: The list at ``log.entries``.
        account: Is told what is left out, and what is not as it was.
        unwanted: Why a request, of which it is given method and URL, is not wanted; nothing where it is.
    """
    for number, entry in enumerate(entries):
        place = f"/log/entries/{number}"
        request, response = (entry.get(name) if isinstance(entry, dict) else None for name in ("request", "response"))
        if not isinstance(request, dict) or not isinstance(response, dict):
            account.leave_out(place, "the entry has no request or no response")
            continue
        method, url = str(request.get("method") or "").upper(), str(request.get("url") or "").partition("#")[0]
        place = f"{method} {without_user(url.partition('?')[0])[:_LONGEST_PLACE]} ({place})"
        reason = _why_not_a_request(method, url) or unwanted(method, url) or _why_not_replayed(entry, method, response)
        if reason:
            account.leave_out(place, reason)
            continue
        body = _body(response, place, account)
        if body is None:
            account.leave_out(place, _NO_CONTENT)
            continue
        yield Exchange(
            method,
            _as_sent(url),
            _headers(request),
            _sent(request, place, account),
            int(response["status"]),
            [pair for pair in _headers(response) if pair[0].lower() not in _OF_THE_WIRE],
            body,
        )


def _why_not_a_request(method: str, url: str) -> str:
    try:
        httpx.URL(url)
        parts = urlsplit(url)
        _ = parts.port
    except (httpx.InvalidURL, ValueError):
        return "its URL is not one"
    if parts.scheme not in ("http", "https"):
        return f"{parts.scheme}: is not HTTP" if parts.scheme else "its URL is not absolute"
    if not parts.hostname or re.search(r"[\s{}]", parts.netloc):
        return "its URL is not one"
    return "" if method else "it has no method"


def _why_not_replayed(entry: dict[str, Any], method: str, response: dict[str, Any]) -> str:
    status, kind = response.get("status"), str(entry.get("_resourceType") or "").lower()
    if not isinstance(status, int) or not _FIRST_STATUS <= status <= _LAST_STATUS:
        return "it was not answered"
    if status == _NOT_MODIFIED:
        return "the browser had the answer already (304)"
    if kind in _OF_A_PAGE or (method == "OPTIONS" and _is_preflight(entry["request"])):
        return f"a browser asked for it, to show a page ({kind or 'preflight'})"
    return ""


def _is_preflight(request: dict[str, Any]) -> bool:
    return any(name.lower() == "access-control-request-method" for name, _ in _headers(request))


def _as_sent(url: str) -> str:
    """The URL without user and password, which a client sends in a header."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url


def _headers(message: dict[str, Any]) -> Pairs:
    listed = message.get("headers")
    return [
        (str(each["name"]), line)
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and each.get("name") and not str(each["name"]).startswith(":")
        # Of one that is repeated, browsers write the values as lines.
        for line in _text(each.get("value")).split("\n")
    ]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _sent(request: dict[str, Any], place: str, account: Account) -> bytes:
    data = request.get("postData")
    if not isinstance(data, dict):
        return b""
    if isinstance(text := data.get("text"), str) and text:
        return _encoded(text, data, place, account)
    fields = data.get("params")
    pairs = [
        (_text(each.get("name")), _text(each.get("value")))
        for each in (fields if isinstance(fields, list) else [])
        if isinstance(each, dict)
    ]
    if "multipart" in str(data.get("mimeType")).lower():
        if pairs:
            account.note(place, "the file does not have the body of its multipart form: it is taken as empty")
        return b""
    return urlencode(pairs).encode("utf-8", "replace")


def _body(response: dict[str, Any], place: str, account: Account) -> bytes | None:
    """The answer's body; None where there was one and the file does not have it."""
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    text = content.get("text")
    if not isinstance(text, str):
        size = content.get("size")
        return None if isinstance(size, int) and size > 0 else b""
    return _encoded(text, content, place, account)


def _encoded(text: str, about: dict[str, Any], place: str, account: Account) -> bytes:
    """The bytes that a text stands for, which says its encoding and its media type beside it."""
    if str(about.get("encoding", "")).lower() == "base64":
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            account.note(place, "its content claims to be base64 and is not; it is taken as text")
    charset = str(about.get("mimeType", "")).lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    try:
        return text.encode(charset or "utf-8")
    except (LookupError, ValueError):  # no charset, or none that has these characters
        return text.encode("utf-8", "replace")
