"""What a build must know about its company network: its CA bundle, its proxies, its package indexes."""

import os
import sys
from functools import lru_cache
from pathlib import Path

from sandbox.images import pip_settings

_CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def ca_bundle() -> bytes:
    """The first CA bundle that the environment names, or nothing."""
    for variable in _CA_VARIABLES:
        if (path := os.environ.get(variable)) and Path(path).is_file():
            return Path(path).read_bytes() + b"\n"
    return b""


def build_arguments() -> dict[str, str]:
    """Proxies and indexes as build arguments, each only where it is set.

    Docker knows the proxy arguments without an ARG, and keeps them out of the image's history.
    """
    found: dict[str, str] = {}
    for variable in _PROXY_VARIABLES:
        if value := os.environ.get(variable) or os.environ.get(variable.lower()):
            found |= {variable: value, variable.lower(): value}
    pip = _pip_settings()
    settings = {
        "PIP_INDEX_URL": pip.get("index-url", ""),
        "PIP_EXTRA_INDEX_URL": pip.get("extra-index-url", ""),
        "UV_DEFAULT_INDEX": os.environ.get("UV_DEFAULT_INDEX") or pip.get("index-url", ""),
        "UV_INDEX": os.environ.get("UV_INDEX") or pip.get("extra-index-url", ""),
    }
    # Indexes in local folders are of no use to a container.
    without_folders = {
        name: " ".join(url for url in value.split() if not url.startswith("file:")) for name, value in settings.items()
    }
    found |= {name: value for name, value in without_folders.items() if value}
    if registry := os.environ.get("NPM_CONFIG_REGISTRY") or os.environ.get("npm_config_registry"):  # noqa: SIM112 # npm's own spelling
        found["NPM_CONFIG_REGISTRY"] = registry
    return found


@lru_cache
def _pip_settings() -> dict[str, str]:
    return pip_settings.read([sys.executable, "-P", "-m", "pip"])  # -P: not a pip of the working directory
