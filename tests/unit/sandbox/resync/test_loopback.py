"""Which ports of the loopback a configuration takes for third parties."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.resync.loopback import ports

CONFIGS: dict[str, tuple[dict[str, Any], set[int]]] = {
    "a port": ({"url": "http://localhost:9000/api"}, {9000}),
    "an address": ({"url": "https://127.0.0.1:8443"}, {8443}),
    "IPv6": ({"url": "http://[::1]:9090/x"}, {9090}),
    "the default ports": ({"a": "http://localhost/", "b": "https://localhost"}, {80, 443}),
    "in capitals, with a login": ({"url": "HTTP://me:test@LOCALHOST:81"}, {81}),
    "several, deep down": ({"a": [{"b": "http://localhost:1,http://127.8.9.7:2"}]}, {1, 2}),
    "Ocean's own port": ({"app_host": "http://localhost:8000"}, set()),
    "another host": ({"a": "http://localhost.example:9000", "b": "http://10.0.0.1:9000"}, set()),
    "no port": ({"a": "http://localhost:0", "b": "http://localhost:99999"}, set()),
    "no URL": ({"a": "localhost", "b": None, "c": Path("/x")}, set()),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_a_configuration_names_them(tmp_path: Path, case: str) -> None:
    config, expected = CONFIGS[case]

    assert ports(config, tmp_path) == expected


def test_so_do_the_defaults_of_the_spec(tmp_path: Path) -> None:
    (tmp_path / ".port").mkdir()
    (tmp_path / ".port" / "spec.yaml").write_text(
        "configurations:\n  - name: url\n    default: http://localhost:9000\n", encoding="utf-8"
    )

    assert ports({}, tmp_path) == {9000}
