"""Header values as bytes: HTTP has no encoding for what is not ASCII, so what is sent is what arrives.

JSON has no bytes: what goes to a container, or comes from one, has a character for each.
"""

import re

_NO_VALUE = re.compile(rb"[\x00\r\n]")


def to_bytes(text: str) -> bytes:
    """The bytes of a header's name or value that a container has said, a character for each."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:  # it is from a program that knows what encoding it was
        return text.encode()


def to_text(value: bytes) -> str:
    """The same, the other way round."""
    return value.decode("latin-1")


def header_name(name: object) -> bytes:
    """The name of a header as a test writes it.

    Raises:
        ValueError: It is not ASCII.
    """
    return (name if isinstance(name, bytes) else str(name).encode("ascii")).decode("ascii").encode()


def header_value(value: object) -> bytes:
    """The value of a header as a test writes it: bytes as they are, text in UTF-8, as most servers send it.

    Raises:
        ValueError: It has a line break, or NUL.
    """
    found = value if isinstance(value, bytes) else str(value).encode()
    if _NO_VALUE.search(found):
        message = f"a header cannot have the value {found!r}"
        raise ValueError(message)
    return found
