"""Names a test's callable and its place, so that the reader of an error need not search."""

import functools
import inspect
import tokenize
from typing import Any

from sandbox.errors import SandboxError

_SOURCE = 160


class AnswerError(SandboxError, TypeError):
    """What a callable or predicate of a route returned is of no use; the message names the route and the callable."""


def place_of(function: Any) -> str:
    """The name of something that can be called, with the file and line where it is written, as far as Python knows."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    name = getattr(function, "__qualname__", type(function).__qualname__).rpartition("<locals>.")[2]
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    return f"{name}, {code.co_filename}:{code.co_firstlineno}" if code else name


def source_of(function: Any) -> str:
    """A callable's source where that is one line, as far as Python knows it; otherwise its name and place."""
    try:
        return _source_of(function)
    except TypeError:  # it has no hash
        return place_of(function)


@functools.lru_cache(maxsize=1_000)
def _source_of(function: Any) -> str:
    try:
        lines, _ = inspect.getsourcelines(function)
    # The file may have been edited since it was imported: then, what stands there now need not even be Python.
    except (OSError, TypeError, SyntaxError, tokenize.TokenError, IndexError):
        return place_of(function)
    if len(lines) > 1:
        return place_of(function)
    text = " ".join(lines[0].split())
    if (start := text.find("lambda")) >= 0:
        text = _up_to_its_end(text[start:])
    return text if len(text) <= _SOURCE else f"{text[:_SOURCE]}…"


def _up_to_its_end(source: str) -> str:
    """What of a line is the lambda that it begins with: up to the comma or the parenthesis after it."""
    depth = 0
    for place, character in enumerate(source):
        depth += (character in "([{") - (character in ")]}")
        if depth < 0 or (character == "," and not depth and ":" in source[:place]):
            return source[:place]
    return source


def see_that_it_answers_at_once(what: str, function: Any) -> None:
    """See that calling ``function`` gives its answer, not something that has yet to run.

    Args:
        what: What to call it in the message.
        function: A callable of a route.

    Raises:
        TypeError: It is an ``async def`` or a generator.
    """
    __tracebackhide__ = True
    if inspect.iscoroutinefunction(function):
        message = f"{what} is an async def, which cannot be awaited here; make it a plain def: {place_of(function)}"
        raise TypeError(message)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        message = f"{what} is a generator; let it return its answer rather than yield it: {place_of(function)}"
        raise TypeError(message)
