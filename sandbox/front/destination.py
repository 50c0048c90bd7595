"""Where a client believes it is."""

from __future__ import annotations

from dataclasses import dataclass

from .port_mock import Refusal

# A client that is silent for so long waits for the server to speak first. On the ports of HTTP, it may have connected
# ahead of need.
_FIRST_BYTES_SECONDS = 5.0
_OPENED_AHEAD = (80, 443)


@dataclass
class Destination:
    """Where a client believes it is.

    Args:
        host: The name that it asked for, or the address that it connected to.
        port: The port.
        is_tls: Whether it speaks TLS.
    """

    host: str
    port: int
    is_tls: bool = False

    @property
    def scheme(self) -> bytes:
        """``https`` or ``http``."""
        return b"https" if self.is_tls else b"http"

    @property
    def authority(self) -> bytes:
        """Host and port as a URL has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_default = self.port == (443 if self.is_tls else 80)
        return (host if is_default else f"{host}:{self.port}").encode()

    @property
    def patience(self) -> float | None:
        """Seconds that a client may be silent at first; None for any time, as it may have connected ahead of need."""
        return None if self.port in _OPENED_AHEAD else _FIRST_BYTES_SECONDS

    def refused(self, protocol: str, reason: str = "") -> Refusal:
        """A refusal of what was wanted there."""
        return Refusal(self.host, self.port, protocol, reason)
