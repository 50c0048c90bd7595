"""Where in a test a method of ours is called."""

import inspect


def caller() -> tuple[str, int]:
    """The file and line that call the function which asks.

    Raises:
        RuntimeError: This Python does not know; CPython does.
    """
    frame = inspect.currentframe()
    asks = frame.f_back if frame else None
    calls = asks.f_back if asks else None
    if calls is None:
        raise RuntimeError("This Python does not tell who calls a function.")
    return calls.f_code.co_filename, calls.f_lineno
