"""Reads pip's configuration on this machine and passes it on to uv, which does not read it.

Imports nothing but the standard library, since the set-up of this project runs it before any package is installed.
"""

import ast
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_VALUES = {
    "UV_DEFAULT_INDEX": "index-url",
    "SSL_CERT_FILE": "cert",
    "SSL_CLIENT_CERT": "client-cert",
    "HTTP_PROXY": "proxy",
    "HTTPS_PROXY": "proxy",
    "UV_HTTP_TIMEOUT": "timeout",
}
_LISTS = {"UV_INDEX": "extra-index-url", "UV_INSECURE_HOST": "trusted-host"}


def read(pip: Sequence[str]) -> dict[str, str]:
    """The settings of pip by their name, from all its files and the environment, which comes last and wins.

    Args:
        pip: The command that runs pip.
    """
    done = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=False)
    settings: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for line in done.stdout.splitlines():
            key, equals, value = line.partition("=")
            if equals and key.startswith(f"{section}."):
                settings[key.removeprefix(f"{section}.")] = str(ast.literal_eval(value))
    return settings


def for_uv(settings: Mapping[str, str]) -> dict[str, str]:
    """What makes uv fetch packages from where pip fetches them, as environment variables.

    Args:
        settings: What :func:`read` returned.
    """
    found = {variable: settings[name] for variable, name in _VALUES.items() if name in settings}
    found |= {variable: " ".join(settings[name].split()) for variable, name in _LISTS.items() if name in settings}
    # pip warns about a folder of wheels that is missing, uv fails.
    if links := [each for each in settings.get("find-links", "").split() if "://" in each or Path(each).exists()]:
        found["UV_FIND_LINKS"] = ",".join(links)
    # As pip does, uv is to take a package from any index that has the file. By default it asks no further than the
    # first that knows the package's name.
    return {**found, "UV_INDEX_STRATEGY": "unsafe-best-match"}
