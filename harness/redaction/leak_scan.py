"""Searches what was written for secrets, as anyone who found the file would.

It takes the bytes, and takes off whatever wraps a text: JSON's escapes, URL encoding, HTML's entities, base64 of either
alphabet at whatever place it begins, hex, gzip, UTF-16; and again what is inside of that. It shares nothing with what
replaces secrets (:mod:`harness.redaction.redact`), so it is not blind to what that is blind to.
"""

import base64
import binascii
import codecs
import html
import itertools
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import unquote_to_bytes

# JSON in JSON in base64, URL-encoded, compressed, in base64: nothing is wrapped more often.
_DEEPEST = 6
_SHORT = 8
# So many bytes that can be read are worth to be looked into, of those that came out of base64.
_WORTH = 8
_LARGEST = 50_000_000
_PLACEHOLDER = re.compile(rb"redacted-\d{5,}")
_ESCAPE = re.compile(rb"((?:\\u[0-9a-fA-F]{4})+)|\\(.)", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
# Of a URL or a form, what stands together; which of it is encoded is asked afterwards, since a pattern for both takes
# time by the square of a long word.
_TOGETHER = re.compile(rb"[^\s\"'<>\\]+")
_QUOTED = re.compile(rb"%[0-9a-fA-F]{2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){4,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_LINE_END = re.compile(rb"(?<=[A-Za-z0-9+/_-])(?:\\r)?(?:\\n|\r?\n)[ \t]*(?=[A-Za-z0-9+/_-])")
_READABLE = re.compile(rb"[\x20-\x7e\r\n\t]{%d,}" % _WORTH)
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")


def left_in(content: bytes, secrets: Mapping[str, str]) -> dict[str, str]:
    """Which secrets somebody finds who looks.

    Args:
        content: All that was written.
        secrets: Each with a name for it, which may be said. One below eight characters is found only where it stands
            alone, and not in base64: it would be found in anything.

    Returns:
        The names of those that are there, with what they were wrapped in: ``base64 in JSON``; nothing for "as it is".
    """
    open_ = {secret: name for secret, name in secrets.items() if secret}
    found: dict[str, str] = {}
    seen: set[bytes] = set()
    # Pieces, with what they were wrapped in: each is looked at once, however often it is there.
    level = dict.fromkeys((line.strip() for line in content.split(b"\n")), "")
    for _ in range(_DEEPEST):
        for secret, wrapped in _found(level, open_):
            found[open_.pop(secret)] = wrapped
        seen |= level.keys()
        level = {piece: wrapped for piece, wrapped in unwrapped(level) if piece not in seen}
        if not (level and open_):
            break
    return found


def _found(level: Mapping[bytes, str], secrets: Mapping[str, str]) -> list[tuple[str, str]]:
    together = b"\0".join(_PLACEHOLDER.sub(b"\0", piece) for piece in level)
    texts = b"\0".join(_PLACEHOLDER.sub(b"\0", piece) for piece, wrapped in level.items() if not _is_coded(wrapped))
    found = []
    for secret in secrets:
        is_there = _short if len(secret) < _SHORT else bytes.__contains__
        for form in _as_bytes(secret):
            if is_there(texts if len(secret) < _SHORT else together, form):
                place = next((wrapped for piece, wrapped in level.items() if is_there(piece, form)), "")
                found.append((secret, place))
                break
    return found


def _short(text: bytes, secret: bytes) -> bool:
    return secret in text and bool(re.search(rb"(?<![A-Za-z0-9])%b(?![A-Za-z0-9])" % re.escape(secret), text))


def _as_bytes(secret: str) -> Iterator[bytes]:
    yield secret.encode(errors="surrogatepass")
    if not secret.isascii():
        try:
            yield secret.encode("latin-1")
        except UnicodeEncodeError:
            return


def _is_coded(wrapped: str) -> bool:
    return "base64" in wrapped or "hex" in wrapped


def unwrapped(level: Mapping[bytes, str]) -> Iterator[tuple[bytes, str]]:
    """What is inside of pieces, with what it was wrapped in."""
    for piece, around in level.items():
        for part in _worthy(piece) if _is_coded(around) else (piece,):
            for name, unwrap in _WRAPPINGS.items():
                for inside in unwrap(part):
                    if len(inside) >= _SHORT // 2:
                        yield inside, f"{name} in {around}" if around else name


def _worthy(content: bytes) -> Iterable[bytes]:
    """What of decoded bytes can be read, or is compressed: of most words, base64 makes nothing like that."""
    if _COMPRESSED.search(content) or _is_utf16(content):
        yield content
    try:
        content.decode()
    except UnicodeDecodeError:
        yield from _READABLE.findall(content)
    else:
        yield content


def _json(piece: bytes) -> Iterable[bytes]:
    if b"\\" in piece:
        yield _ESCAPE.sub(_unescaped, piece)


def _unescaped(found: re.Match[bytes]) -> bytes:
    if found[1]:
        return bytes.fromhex(found[1].replace(rb"\u", b"").decode()).decode("utf-16-be", "replace").encode()
    return _CONTROLS.get(found[2], found[2])


def _url(piece: bytes) -> Iterable[bytes]:
    for found in _TOGETHER.findall(piece) if b"%" in piece else ():
        if not _QUOTED.search(found):
            continue
        yield unquote_to_bytes(found)
        if b"+" in found:
            yield unquote_to_bytes(found.replace(b"+", b" "))


def _html(piece: bytes) -> Iterable[bytes]:
    if b"&" in piece and b";" in piece:
        yield html.unescape(piece.decode(errors="surrogateescape")).encode(errors="surrogateescape")


def _hex(piece: bytes) -> Iterable[bytes]:
    for found in _HEX.findall(piece):
        yield binascii.unhexlify(found)


def _base64(piece: bytes) -> Iterable[bytes]:
    for found in _BASE64.findall(_LINE_END.sub(b"", piece)):
        digits = found.translate(bytes.maketrans(b"-_", b"+/"))
        for start in range(4):  # it may begin anywhere in what looks like it
            some = digits[start:]
            some = some[:-1] if len(some) % 4 == 1 else some
            yield base64.b64decode(some + b"=" * (-len(some) % 4))


def _compressed(piece: bytes) -> Iterable[bytes]:
    for found in _COMPRESSED.finditer(piece):
        try:
            yield zlib.decompressobj(wbits=47).decompress(piece[found.start() :], _LARGEST)
        except zlib.error:
            continue


def _utf16(piece: bytes) -> Iterable[bytes]:
    if _is_utf16(piece):
        for start, codec in itertools.product((0, 1), ("utf-16-le", "utf-16-be")):
            yield piece[start:].decode(codec, "ignore").encode(errors="ignore")


def _is_utf16(piece: bytes) -> bool:
    return piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or piece.count(0) * 4 > len(piece)


_WRAPPINGS: dict[str, Callable[[bytes], Iterable[bytes]]] = {
    "JSON": _json,
    "URL encoding": _url,
    "HTML": _html,
    "gzip": _compressed,
    "UTF-16": _utf16,
    "hex": _hex,
    "base64": _base64,
}
