"""Third parties that a configuration says are on this very machine: ``http://localhost:9000``."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_URL = re.compile(
    r"\b(https?)://(?:[^@/\s\"']*@)?(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::(\d{1,5}))?(?![\w.:-])", re.IGNORECASE
)
_DEFAULT = {"http": 80, "https": 443}
# Ocean's own (port_ocean 0.55, config/settings.py), which serves there itself.
OWN_PORT = 8000
_LAST_PORT = 65535


def ports(config: Mapping[str, Any], source: Path) -> set[int]:
    """The ports of the loopback that the integration takes for third parties, as its configuration and its spec say.

    Args:
        config: What the integration is configured with.
        source: Its directory; the defaults of its configuration are in ``.port/spec.*``.
    """
    texts = [json.dumps(config, default=str)]
    texts += [path.read_text(encoding="utf-8", errors="replace") for path in sorted(source.glob(".port/spec.*"))]
    found = {int(port) if port else _DEFAULT[scheme.lower()] for text in texts for scheme, port in _URL.findall(text)}
    return {port for port in found if 0 < port <= _LAST_PORT and port != OWN_PORT}
