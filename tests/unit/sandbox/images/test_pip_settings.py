"""uv is told what pip is configured to do, as far as it has a word for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.images import pip_settings
from tests.unit.sandbox.factories import ROOT, make_files

PIP = [sys.executable, "-m", "pip"]
AS_PIP = {"UV_INDEX_STRATEGY": "unsafe-best-match"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, {}),
        ({"index-url": "https://nexus/simple"}, {"UV_DEFAULT_INDEX": "https://nexus/simple"}),
        ({"extra-index-url": "\nhttps://a/simple\nfile:///b"}, {"UV_INDEX": "https://a/simple file:///b"}),
        ({"find-links": f"{ROOT} /gone\nhttps://a/links"}, {"UV_FIND_LINKS": f"{ROOT},https://a/links"}),
        ({"find-links": "/gone"}, {}),
        ({"cert": "/ca.pem", "client-cert": "/me.pem"}, {"SSL_CERT_FILE": "/ca.pem", "SSL_CLIENT_CERT": "/me.pem"}),
        ({"proxy": "http://p:3128"}, {"HTTP_PROXY": "http://p:3128", "HTTPS_PROXY": "http://p:3128"}),
        ({"trusted-host": "a b:8080"}, {"UV_INSECURE_HOST": "a b:8080"}),
        ({"timeout": "180"}, {"UV_HTTP_TIMEOUT": "180"}),
        ({"disable-pip-version-check": "1", "constraint": "/c.txt"}, {}),
    ],
)
def test_each_setting_of_pip_is_one_of_uvs(settings: dict[str, str], told: dict[str, str]) -> None:
    assert pip_settings.for_uv(settings) == {**told, **AS_PIP}


def test_settings_come_from_pips_files_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_files(tmp_path, {"pip.conf": "[global]\nindex-url = https://a\ncert = /a.pem\n[install]\nno-index = true\n"})
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://b")

    settings = pip_settings.read(PIP)

    assert {name: settings[name] for name in ("index-url", "cert", "no-index")} == {
        "index-url": "https://b",
        "cert": "/a.pem",
        "no-index": "true",
    }


def test_the_set_up_can_import_it_before_anything_is_installed() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT)!r}); import sandbox.images.pip_settings",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
