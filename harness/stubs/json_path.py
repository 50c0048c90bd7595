"""Tells why WireMock cannot read a JSONPath, where that is certain: it refuses a stub that has such a one."""

import re
from collections.abc import Iterator

_TEXTS = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|/(?:[^/\\]|\\.)*/(?=\s*[)&|]|[imsuxd]+\s*[)&|])")
_FILTER = re.compile(r"\[\?\(([^\[\]]*)\)\]")
_OPERATOR = re.compile(r"(?<![=!<>~])=(?![=~])")


def refusal(path: str) -> tuple[str, str] | None:
    """Why WireMock cannot read a JSONPath, and what to do; None where it can, or where that is not certain.

    Args:
        path: The path.
    """
    return next(_wrong_with(path.strip()), None)


def _wrong_with(path: str) -> Iterator[tuple[str, str]]:
    if not path:
        yield "it is empty", "write $ for all of the body"
    if path.endswith("."):
        yield "it ends in a dot", "name the field, or leave out the dot"
    if path.startswith("$") and path[1:2] not in ("", ".", "["):
        yield "$ must be followed by . or [", "write $.name"
    bare = _TEXTS.sub("''", path)
    # One that ends in a bracket it takes, and takes for the path before it, unless that is $ itself.
    if "[" in bare and (bare == "$[" or not bare.endswith("[")) and bare.count("[") > bare.count("]"):
        yield "a [ is never closed", "close it: $.items[0]"
    if re.search(r"\['(?!')", bare):
        yield "a quote is never closed", "close it: $['name']"
    if found := re.search(r"\[\?\s*(?!\()", bare):
        yield f"{found[0].strip()} must be followed by (", "write a filter in parentheses: [?(@.a == 1)]"
    _, filters, within = bare.partition("[?(")
    if filters and ")" not in within:
        yield "a ( is never closed", "close it: [?(@.a == 1)]"
    if any(_OPERATOR.search(each) for each in _FILTER.findall(bare)):
        yield "a filter compares with =", "write =="
    if found := re.search(r"\[([A-Za-z_]\w*)\]", bare):
        yield f"the name in [{found[1]}] is not quoted", f"write ['{found[1]}']"
