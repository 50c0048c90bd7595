"""One request with its answer, as written to a ``discovery.json``."""

import base64
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from harness.redaction.redact import Pairs, Redactor
from harness.routes.transport import whole_url

BASE64 = "$base64"
Compare = Callable[[dict[str, Any], dict[str, Any]], None]
_CONTENT_TYPE = "content_type"
# What belongs to one connection, or says how long something was on the wire.
_NOT_WRITTEN = frozenset(
    {
        *(
            "connection",
            "keep-alive",
            "transfer-encoding",
            "content-length",
            "host",
            "proxy-connection",
            "te",
            "upgrade",
        ),
        "trailer",
    }
)


class _NoJsonError(ValueError):
    """It is no JSON, or none that comes out of Python as it went in."""


@dataclass
class Exchange:
    """A request and its answer, with secrets and all: it never leaves this process as it is.

    Args:
        method: The HTTP method.
        url: The whole URL.
        request_headers: Pairs, in order.
        request_content: The body, as it was sent.
        status: The answer's status; 0 until there is one.
        response_headers: Pairs, in order.
        response_content: The body, as it was on the wire.
    """

    method: str
    url: str
    request_headers: Pairs = field(default_factory=list)
    request_content: bytes = b""
    status: int = 0
    response_headers: Pairs = field(default_factory=list)
    response_content: bytes = b""

    @classmethod
    def of(cls, request: httpx.Request, response: httpx.Response, content: bytes) -> "Exchange":
        """What httpx says of one, with the body as it was on the wire."""
        return cls(
            request.method,
            whole_url(request),
            request.headers.multi_items(),
            request.content,
            response.status_code,
            response.headers.multi_items(),
            content,
        )

    def learn(self, redactor: Redactor) -> list[Any]:
        """Have ``redactor`` learn what is secret in it.

        Returns:
            The URL, the headers by name and both bodies, read, for whoever has something to learn from them, too.
        """
        bodies = [content for _, content in self._bodies()]
        redactor.learn(self.url)
        redactor.learn_headers(self.request_headers)
        redactor.learn_headers(self.response_headers)
        for body in bodies:
            redactor.learn(body)
        return [self.url, dict(self.request_headers), dict(self.response_headers), *bodies]

    def entry(self, redactor: Redactor, compare: Compare | None = None) -> dict[str, Any]:
        """The entry of the file, without a secret.

        Args:
            redactor: Replaces them.
            compare: Is given the entry as it would be with its secrets, and as it is.
        """
        (sent_headers, sent), (headers, body) = self._bodies()
        both = [list(pair) for pair in (*sent_headers, *headers)]
        with redactor.focus(self.url, both, *map(_as_text, (sent, body))):
            cleaned = {
                "method": self.method,
                "url": redactor.clean_text(self.url),
                "request_headers": _grouped(redactor.clean_headers(sent_headers)),
                "request_body": _clean(sent, redactor),
                "response_status": self.status,
                "response_headers": _grouped(redactor.clean_headers(headers)),
                "response_body": _clean(body, redactor),
            }
        if compare is not None:
            plain = {
                "url": self.url,
                "request_headers": _grouped(sent_headers),
                "request_body": sent,
                "response_headers": _grouped(headers),
                "response_body": body,
            }
            compare(plain, {name: cleaned[name] for name in plain})
        return cleaned

    def _bodies(self) -> list[tuple[Pairs, Any]]:
        return [
            _read(self.request_headers, self.request_content),
            _read(self.response_headers, self.response_content),
        ]


def content_of(body: Any) -> bytes:
    """The bytes that a body of a ``discovery.json`` stands for.

    Raises:
        ValueError: It is not such a body.
    """
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
    if isinstance(body, dict) and body.keys() == {BASE64, _CONTENT_TYPE}:
        return base64.b64decode(body[BASE64], validate=True)
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone half of a surrogate pair, which JSON may escape
        return json.dumps(body).encode()


def _read(headers: Pairs, content: bytes) -> tuple[Pairs, Any]:
    """The headers and the body that are written: decompressed, as JSON or text where that gives back the same."""
    kept = [(name.lower(), value) for name, value in headers if name.lower() not in _NOT_WRITTEN]
    if any(name == "content-encoding" for name, _ in kept):
        try:
            content = httpx.Response(200, headers=kept, content=content).content
        except httpx.DecodingError:  # what claims to be gzip but is not; it is kept as on the wire
            return kept, _binary(kept, content)
        if _is_decoded(kept):
            kept = [pair for pair in kept if pair[0] != "content-encoding"]
    if not content:
        return kept, None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return kept, _binary(kept, content)
    try:
        return kept, _json(text)
    except ValueError:
        return kept, text


def _is_decoded(headers: Pairs) -> bool:
    """Whether httpx knew all of the encodings; one that it does not know, it leaves alone."""
    named = {each.strip().lower() for name, value in headers if name == "content-encoding" for each in value.split(",")}
    return named <= _decodings()


@cache
def _decodings() -> set[str]:
    """What httpx decodes, which is what it asks for, and nothing at all."""
    with httpx.Client(verify=False) as client:  # noqa: S501 # it asks nobody
        return {each.strip() for each in client.headers["accept-encoding"].split(",")} | {"identity"}


def _binary(headers: Pairs, content: bytes) -> dict[str, Any]:
    kind = next((value for name, value in headers if name == "content-type"), None)
    return {BASE64: base64.b64encode(content).decode(), _CONTENT_TYPE: kind}


def _json(text: str) -> Any:
    """The object or array that a text is.

    Raises:
        ValueError: It is not one, or would change when written again.
    """
    if text.lstrip()[:1] not in ("{", "["):
        raise _NoJsonError
    try:
        read = json.loads(text, object_pairs_hook=_object, parse_float=_finite, parse_constant=_refuse)
    except RecursionError:
        raise _NoJsonError from None
    if isinstance(read, dict) and BASE64 in read:  # it would be taken for one of ours
        raise _NoJsonError
    return read


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise _NoJsonError
    return read


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise _NoJsonError
    return number


def _refuse(_: str) -> float:
    raise _NoJsonError


def _as_text(body: Any) -> Any:
    """A body, with bytes as the text that the redactor looks at."""
    if isinstance(body, dict) and body.keys() == {BASE64, _CONTENT_TYPE}:
        return base64.b64decode(body[BASE64]).decode("latin-1")
    return body


def _clean(body: Any, redactor: Redactor) -> Any:
    if isinstance(body, dict) and body.keys() == {BASE64, _CONTENT_TYPE}:
        content = base64.b64decode(body[BASE64])
        return {**body, BASE64: base64.b64encode(redactor.clean_bytes(content)).decode()}
    return redactor.clean(body)


def _grouped(pairs: Pairs) -> dict[str, str | list[str]]:
    """Headers by name; a list where one was repeated."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}
