"""Runs a resync in a container of its own, between a WireMock and a Port mock. Knows nothing of tests."""

import typing

from sandbox.errors import (
    EngineError,
    ImageError,
    IntegrationError,
    ResyncCrashedError,
    ResyncTimeoutError,
    SandboxError,
)

if typing.TYPE_CHECKING:
    from sandbox.settings import Settings

__all__ = [
    "EngineError",
    "ImageError",
    "IntegrationError",
    "ResyncCrashedError",
    "ResyncTimeoutError",
    "SandboxError",
    "Settings",
]


def __getattr__(name: str) -> typing.Any:
    if name != "Settings":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # pydantic takes longer to import than all that a completion in a shell needs.
    from sandbox.settings import Settings  # noqa: PLC0415

    return Settings
