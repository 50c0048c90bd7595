"""The pool of this process: its own sandboxes, or those of the pool daemon."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from sandbox.pool import pool_client
from sandbox.resync.sandbox import Sandbox
from sandbox.settings import Settings


class Pool(Protocol):
    """Leases sandboxes: each to one harness at a time, empty."""

    def lease(self, directory: Path, settings: Settings) -> Sandbox:
        """A sandbox that is up and empty, for the caller alone until it is released.

        Args:
            directory: The integration that its resync containers will run, so that one can warm at once.
            settings: How they run.
        """

    def release(self, sandbox: Any) -> None:
        """Take a leased sandbox back; one that cannot be emptied is thrown away."""

    def keep(self, sandbox: Any) -> None:
        """Let a leased sandbox outlive this process: for an hour at most, or until ``ocean-sandbox reap --kept``."""

    def close(self) -> None:
        """Remove, or give back, all sandboxes of this process."""


_pool: Pool | None = None
_lock = threading.Lock()


def of_this_process(settings: Settings) -> Pool:
    """The pool of this process, created with ``settings`` at first use: the pool daemon's, if one is running."""
    global _pool  # noqa: PLW0603 # one a process is the point
    with _lock:
        if _pool is None:
            _pool = pool_client.find(settings) or _own(settings)
        return _pool


def close_of_this_process() -> None:
    """Remove what the pool of this process has, if there is one."""
    global _pool
    with _lock:
        closing, _pool = _pool, None
    if closing is not None:
        closing.close()


# Docker's client takes 0.2 s to import, which a client of the pool daemon need not wait for.


def build(directories: Sequence[Path], settings: Settings) -> None:
    """Find or start the engine, and build the images of the sandbox and of integrations where they are missing.

    Raises:
        EngineError, ImageError: That cannot be done.
    """
    from sandbox.engine import engine  # noqa: PLC0415
    from sandbox.images import images  # noqa: PLC0415
    from sandbox.pool import local_pool  # noqa: PLC0415

    wanted = [local_pool.image_of(directory, settings) for directory in directories]
    images.ensure([images.wiremock(), images.port_mock(), images.front(), *wanted], settings, engine.ensure(settings))


def _own(settings: Settings) -> Pool:
    from sandbox.pool.local_pool import LocalPool  # noqa: PLC0415

    return LocalPool(settings)
