"""Requests as they were sent: httpx's own would tidy up their URL and their method."""

import re

import httpx

_PARTS = re.compile(r"([^/]*//[^/?#]*)([^?]*)(?:\?(.*))?", re.DOTALL)
_NOT_IN_A_URL = re.compile(r"[^\x21-\x7e]")


class SentURL(httpx.URL):
    """A URL with path and query as they were sent: dot segments, ``#``, raw braces and half an escape stay what they are.

    What is not visible ASCII is percent-encoded, since httpx's URLs are text.

    Args:
        url: The whole URL; outside ASCII, a character stands for the byte with its number.

    Raises:
        httpx.InvalidURL: Its scheme, host or port is not one.
    """

    def __init__(self, url: str) -> None:
        found = _PARTS.fullmatch(url)
        if found is None:
            message = f"not an absolute URL: {url[:100]!r}"
            raise httpx.InvalidURL(message)
        origin, path, query = found.groups()
        super().__init__(origin)
        self._uri_reference = self._uri_reference._replace(
            path=_as_text(path) or "/", query=None if query is None else _as_text(query)
        )


def as_sent(request: httpx.Request, method: str, target: str | None = None) -> httpx.Request:
    """Give a request the method that was sent, and what its URL cannot hold.

    Args:
        request: With a :class:`SentURL`; it is changed.
        method: As it was sent; httpx writes it in capitals.
        target: Path and query, a character for each byte; None where the URL says it. It is the request's extension
            ``target``, httpx's own place for it, in bytes.
    """
    request.method = method
    request.extensions["target"] = request.url.raw_path if target is None else target.encode("latin-1")
    return request


def _as_text(sent: str) -> str:
    return _NOT_IN_A_URL.sub(lambda found: "".join(f"%{byte:02X}" for byte in _bytes(found[0])), sent)


def _bytes(character: str) -> bytes:
    return character.encode("latin-1" if character <= "\xff" else "utf-8")
