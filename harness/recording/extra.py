"""Sees that the packages are there that redacting takes: they are an extra, which not everybody installs."""

import importlib.util

from sandbox.errors import SandboxError

_PACKAGES = ("brotli", "detect_secrets", "faker", "zstandard")


def check(doing: str) -> None:
    """See that the extra ``discover`` is installed.

    Args:
        doing: What needs it, as a sentence begins: ``Recording a real API``.

    Raises:
        SandboxError: It is not.
    """
    if missing := [name for name in _PACKAGES if importlib.util.find_spec(name) is None]:
        raise SandboxError(
            f"{doing} needs packages that are not installed: {', '.join(missing)}.",
            remedy="pip install 'ocean-sandbox[discover]'",
        )
