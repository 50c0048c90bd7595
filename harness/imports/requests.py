"""What the readers of documents have in common: which requests are wanted, and stubs for them."""

import fnmatch
import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from harness.imports.errors import SourceError

_PARAMETER = re.compile(r"\{[^{}]*\}")
_PORTS = {"http": 80, "https": 443}
# What may stand in a path as it is; everything else is escaped as it is on the wire.
_SAFE = "/%!$&'()*+,;=:@-._~{}"
ANY_HOST = "host.invalid"
_LONGEST_NAME = 200  # of a file, which may have 255 bytes


class Server(NamedTuple):
    """Where an API is.

    Args:
        scheme: ``https`` or ``http``; None for either.
        host: Its host; None for any.
        port: Its port, where that is named.
        path: What its paths begin with, without a slash at the end.
    """

    scheme: str | None
    host: str | None
    port: int | None
    path: str

    @classmethod
    def of(cls, url: str) -> "Server":
        """The server of a URL, which may be a path alone.

        Raises:
            ValueError: It is no URL.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("", "http", "https") or (parts.scheme and not parts.hostname):
            raise ValueError(url)
        port = parts.port
        return cls(
            parts.scheme or None,
            parts.hostname or None,
            None if port == _PORTS.get(parts.scheme) else port,
            quote(parts.path, safe=_SAFE).rstrip("/"),
        )

    def url(self, path: str) -> str:
        """The URL of a path, with a host that there is not where it may be any."""
        host = self.host or ANY_HOST
        where = f"[{host}]" if ":" in host else host
        return f"{self.scheme or 'https'}://{where}{f':{self.port}' if self.port else ''}{path}"

    def request(self) -> dict[str, Any]:
        """What a stub says of it."""
        said: dict[str, Any] = {"scheme": self.scheme, "host": self.host and {"equalTo": self.host}, "port": self.port}
        return {name: value for name, value in said.items() if value}

    @property
    def name(self) -> str:
        """What a file of its stubs is called, without an ending."""
        host = (self.host or "any-host")[:_LONGEST_NAME]
        return re.sub(r"[^\w.-]", "-", f"{host}{f'-{self.port}' if self.port else ''}")


def server_of_option(url: str) -> Server:
    """The server that a person names.

    Raises:
        SourceError: It is no URL.
    """
    try:
        if (found := Server.of(url)).host:
            return found
    except ValueError:
        pass
    raise SourceError(f"--server {url!r} is not a URL.", remedy="write https://api.example.com/v2.")


def is_wanted(only: Sequence[str], method: str, url: str) -> bool:
    """Whether a request is one of those that a person names.

    Args:
        only: Globs of paths, of URLs, or of either after a method; all are wanted if there are none.
        method: The request's method.
        url: Its whole URL.
    """
    path = urlsplit(url).path
    forms = (path, url.partition("?")[0], url, f"{method} {path}", f"{method} {url}")
    return not only or any(fnmatch.fnmatchcase(form, glob) for glob in only for form in forms)


def path_matcher(path: str) -> dict[str, str]:
    """What a stub says of a path with ``{parameters}``.

    Args:
        path: From its first slash on, without a query.
    """
    if not _PARAMETER.search(path):
        return {"urlPath": quote(path, safe=_SAFE)}
    segments = path.split("/")
    if all(_PARAMETER.fullmatch(each) or "{" not in each for each in segments) and "%" not in path:
        named = (re.sub(r"[^A-Za-z0-9_{}]", "_", each) if "{" in each else quote(each, safe=_SAFE) for each in segments)
        return {"urlPathTemplate": "/".join("{id}" if each == "{}" else each for each in named)}
    parts = re.split(r"(\{[^{}]*\})", path)
    return {"urlPathPattern": "".join("[^/]+" if "{" in part else re.escape(quote(part, safe=_SAFE)) for part in parts)}


def generality(path: str) -> tuple[int, ...]:
    """Sorts a path before those that take more than it does: of two that take the same request, it has its turn first.

    Args:
        path: With ``{parameters}``.
    """
    return tuple(2 if _PARAMETER.fullmatch(each) else 1 if "{" in each else 0 for each in path.split("/"))


def shape(path: str) -> str:
    """A path without the names of its parameters: two of one shape take the same requests."""
    return _PARAMETER.sub("{}", path)
