"""Names a test's callable and its place, so that the reader of an error need not search."""

import functools
import inspect
from typing import Any

from sandbox.errors import SandboxError


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
