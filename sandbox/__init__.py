"""Runs a resync in a container of its own, between a WireMock and a Port mock. Knows nothing of tests."""

from sandbox.errors import (
    EngineError,
    ImageError,
    IntegrationError,
    ResyncCrashedError,
    ResyncTimeoutError,
    SandboxError,
)
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
