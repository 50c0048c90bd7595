"""Text that can be printed, sent to another process and written to a file, whatever it was made of."""


def printable(text: str) -> str:
    r"""``text`` with the halves of characters in it spelled out (``\ud800``): no encoding takes them, nor does xdist."""
    return text.encode("utf-8", "backslashreplace").decode()
