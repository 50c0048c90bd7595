"""What a build is told of the company network: only what is set, and only what a container can use."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from pytest import MonkeyPatch  # noqa: PT013

from sandbox.images import build_environment
from sandbox.images.build_environment import build_arguments, ca_bundle
from tests.unit.sandbox.factories import make_files

CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")


def live_in(
    monkeypatch: MonkeyPatch, environment: Mapping[str, str] | None = None, pip_configuration: Path | str = os.devnull
) -> None:
    """Have that environment, and of all that a company network needs nothing else."""
    for variable in list(os.environ):
        if variable.upper().startswith(("PIP_", "UV_", "NPM_")) or variable.lower().endswith("_proxy"):
            monkeypatch.delenv(variable)
    for variable in CA_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(pip_configuration))  # devnull: pip reads no file at all
    for variable, value in (environment or {}).items():
        monkeypatch.setenv(variable, value)
    build_environment._pip_settings.cache_clear()


def test_without_a_company_there_is_nothing(monkeypatch: MonkeyPatch) -> None:
    live_in(monkeypatch)

    assert ca_bundle() == b""
    assert build_arguments() == {}


@pytest.mark.parametrize("variable", CA_VARIABLES)
def test_each_variable_may_name_the_ca_bundle(variable: str, tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_files(tmp_path, {"ca.pem": "-----BEGIN CERTIFICATE-----"})
    live_in(monkeypatch, {variable: str(tmp_path / "ca.pem")})

    assert ca_bundle() == b"-----BEGIN CERTIFICATE-----\n"


def test_the_first_bundle_that_is_there_counts(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_files(tmp_path, {"pip.pem": "pip", "curl.pem": "curl", "folder/x": ""})
    live_in(
        monkeypatch,
        {
            "SSL_CERT_FILE": str(tmp_path / "gone.pem"),
            "REQUESTS_CA_BUNDLE": str(tmp_path / "folder"),
            "PIP_CERT": str(tmp_path / "pip.pem"),
            "CURL_CA_BUNDLE": str(tmp_path / "curl.pem"),
        },
    )

    assert ca_bundle() == b"pip\n"


@pytest.mark.parametrize("spelling", [str.upper, str.lower])
def test_proxies_are_given_in_both_spellings(spelling: type[str], monkeypatch: MonkeyPatch) -> None:
    live_in(monkeypatch, {spelling("https_proxy"): "http://proxy:3128", spelling("no_proxy"): "10.0.0.0/8"})

    assert build_arguments() == {
        "HTTPS_PROXY": "http://proxy:3128",
        "https_proxy": "http://proxy:3128",
        "NO_PROXY": "10.0.0.0/8",
        "no_proxy": "10.0.0.0/8",
    }


def test_the_upper_spelling_of_a_proxy_wins(monkeypatch: MonkeyPatch) -> None:
    live_in(monkeypatch, {"HTTP_PROXY": "http://upper", "http_proxy": "http://lower"})

    assert set(build_arguments().values()) == {"http://upper"}


def test_indexes_come_from_pips_variables_and_are_uvs_too(monkeypatch: MonkeyPatch) -> None:
    live_in(
        monkeypatch,
        {"PIP_INDEX_URL": "https://nexus/simple", "PIP_EXTRA_INDEX_URL": "https://a/simple https://b/simple"},
    )

    assert build_arguments() == {
        "PIP_INDEX_URL": "https://nexus/simple",
        "UV_DEFAULT_INDEX": "https://nexus/simple",
        "PIP_EXTRA_INDEX_URL": "https://a/simple https://b/simple",
        "UV_INDEX": "https://a/simple https://b/simple",
    }


PIP_CONFIGURATION = """
[global]
index-url = https://nexus/simple
extra-index-url =
    https://a/simple
    https://b/simple
"""
FROM_PIP_CONFIGURATION = {
    "PIP_INDEX_URL": "https://nexus/simple",
    "UV_DEFAULT_INDEX": "https://nexus/simple",
    "PIP_EXTRA_INDEX_URL": "https://a/simple https://b/simple",
    "UV_INDEX": "https://a/simple https://b/simple",
}


def test_indexes_come_from_the_users_file_of_pip_too(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_files(tmp_path, {".config/pip/pip.conf": PIP_CONFIGURATION})
    live_in(monkeypatch, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / ".config")})
    monkeypatch.delenv("PIP_CONFIG_FILE")

    assert build_arguments() == FROM_PIP_CONFIGURATION


def test_indexes_come_from_the_other_files_of_pip_too(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_files(tmp_path, {"pip.conf": PIP_CONFIGURATION})
    live_in(monkeypatch, pip_configuration=tmp_path / "pip.conf")

    assert build_arguments() == FROM_PIP_CONFIGURATION


def test_an_index_in_a_local_folder_is_left_out(monkeypatch: MonkeyPatch) -> None:
    live_in(
        monkeypatch,
        {"PIP_INDEX_URL": "file:///opt/pypi", "PIP_EXTRA_INDEX_URL": "file:///opt/more https://a/simple file:///opt/x"},
    )

    assert build_arguments() == {"PIP_EXTRA_INDEX_URL": "https://a/simple", "UV_INDEX": "https://a/simple"}


def test_uvs_own_variables_win_for_uv(monkeypatch: MonkeyPatch) -> None:
    live_in(
        monkeypatch,
        {
            "PIP_INDEX_URL": "https://pip/simple",
            "UV_DEFAULT_INDEX": "https://uv/simple",
            "PIP_EXTRA_INDEX_URL": "https://pip/more",
            "UV_INDEX": "https://uv/more",
        },
    )

    arguments = build_arguments()

    assert (arguments["PIP_INDEX_URL"], arguments["UV_DEFAULT_INDEX"]) == ("https://pip/simple", "https://uv/simple")
    assert (arguments["PIP_EXTRA_INDEX_URL"], arguments["UV_INDEX"]) == ("https://pip/more", "https://uv/more")


def test_uvs_own_variables_count_alone_too(monkeypatch: MonkeyPatch) -> None:
    live_in(monkeypatch, {"UV_DEFAULT_INDEX": "https://uv/simple"})

    assert build_arguments() == {"UV_DEFAULT_INDEX": "https://uv/simple"}


@pytest.mark.parametrize("variable", ["NPM_CONFIG_REGISTRY", "npm_config_registry"])
def test_the_npm_registry_is_given(variable: str, monkeypatch: MonkeyPatch) -> None:
    live_in(monkeypatch, {variable: "https://nexus/npm"})

    assert build_arguments() == {"NPM_CONFIG_REGISTRY": "https://nexus/npm"}
