"""What commands that resync have in common."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from sandbox import pool

_T = TypeVar("_T")


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Do ``work``, and remove the sandboxes that it leased, however it ends."""
    try:
        return asyncio.run(work)
    finally:
        pool.close_of_this_process()
