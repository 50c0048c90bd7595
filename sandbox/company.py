"""What a build must know of the company network it runs in: its CA bundle, its proxies, its package indexes."""

import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

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
    index, extra = _pip("index-url"), _pip("extra-index-url")
    if index:
        found |= {"PIP_INDEX_URL": index, "UV_DEFAULT_INDEX": os.environ.get("UV_DEFAULT_INDEX", index)}
    if extra:
        found |= {"PIP_EXTRA_INDEX_URL": extra, "UV_INDEX": os.environ.get("UV_INDEX", extra)}
    if registry := os.environ.get("NPM_CONFIG_REGISTRY") or os.environ.get("npm_config_registry"):  # noqa: SIM112 # npm's own spelling
        found["NPM_CONFIG_REGISTRY"] = registry
    return found


@lru_cache
def _pip(option: str) -> str:
    """Pip's setting, from the environment or its files; indexes in local folders are of no use to a container."""
    value = os.environ.get(f"PIP_{option.replace('-', '_').upper()}")
    if value is None:
        command = [sys.executable, "-m", "pip", "config", "get", f"global.{option}"]
        value = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return " ".join(url for url in value.split() if not url.startswith("file:"))
