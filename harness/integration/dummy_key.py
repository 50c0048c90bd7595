"""A private key that opens nothing: anyone can derive it.

An integration that signs a token with its key (github's, as a GitHub App) does so before its first request, and fails on a
text that is not a key. From its two primes, the key needs no cryptographic library, and no scanner takes it for a leak.
"""

import base64
import textwrap
from itertools import chain

# The two largest primes below 2 ** 1024 (openssl prime): two that lie so close open nothing.
_P, _Q = 2**1024 - 105, 2**1024 - 179
_E = 65537
_INTEGER, _SEQUENCE = 0x02, 0x30
_SHORT = 128  # from that length on, DER says how many bytes the length has


def private_key() -> str:
    """An RSA key of 2048 bits as PEM (PKCS #1, RFC 8017, appendix A.1.2)."""
    d = pow(_E, -1, (_P - 1) * (_Q - 1))
    numbers = (0, _P * _Q, _E, d, _P, _Q, d % (_P - 1), d % (_Q - 1), pow(_Q, -1, _P))
    content = bytes(chain.from_iterable(_der(_INTEGER, _bytes(number)) for number in numbers))
    body = "\n".join(textwrap.wrap(base64.b64encode(_der(_SEQUENCE, content)).decode(), 64))
    kind = "RSA PRIVATE KEY"
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n"


def _bytes(number: int) -> bytes:
    # One bit more: the first says whether it is negative.
    return number.to_bytes(number.bit_length() // 8 + 1)


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < _SHORT:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(size)]) + size + content
