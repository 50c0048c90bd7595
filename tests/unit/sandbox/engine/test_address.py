"""Which engine is meant: what Docker's own settings say, and an error where they make no sense."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pytest import MonkeyPatch  # noqa: PT013

from sandbox.engine.address import engine_address, host_of
from sandbox.errors import EngineError
from tests.unit.sandbox.factories import make_files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: MonkeyPatch) -> Path:
    """The user's Docker settings, of which there are none yet."""
    for variable in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path


def make_context(folder: Path, name: str, content: Any) -> None:
    meta = f"contexts/meta/{hashlib.sha256(name.encode()).hexdigest()}/meta.json"
    make_files(folder, {meta: content if isinstance(content, str) else json.dumps({"Name": name, **content})})


def at(host: Any) -> dict[str, Any]:
    return {"Endpoints": {"docker": {"Host": host}}}


def test_without_settings_it_is_the_local_one(folder: Path) -> None:
    assert engine_address() is None

    make_files(folder, {"config.json": '{"auths": {}}'})
    assert engine_address() is None


def test_the_order_is_dockers_own(folder: Path, monkeypatch: MonkeyPatch) -> None:
    make_context(folder, "current", at("tcp://198.51.100.1:2375"))
    make_context(folder, "named", at("ssh://ci@198.51.100.2"))
    make_files(folder, {"config.json": '{"currentContext": "current"}'})
    assert engine_address() == "tcp://198.51.100.1:2375"

    monkeypatch.setenv("DOCKER_CONTEXT", "named")
    assert engine_address() == "ssh://ci@198.51.100.2"

    monkeypatch.setenv("DOCKER_HOST", "unix:///run/other.sock")
    assert engine_address() == "unix:///run/other.sock"

    monkeypatch.setenv("DOCKER_HOST", "")
    monkeypatch.setenv("DOCKER_CONTEXT", "default")
    assert engine_address() is None


def test_contexts_are_found_without_a_config_file(folder: Path, monkeypatch: MonkeyPatch) -> None:
    make_context(folder, "named", at("unix:///run/named.sock"))
    monkeypatch.setenv("DOCKER_CONTEXT", "named")

    assert engine_address() == "unix:///run/named.sock"


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_context_that_does_not_exist_is_named_with_those_that_do(
    by_variable: bool,  # noqa: FBT001
    folder: Path,
    monkeypatch: MonkeyPatch,
) -> None:
    make_context(folder, "staging", at("unix:///run/named.sock"))
    make_context(folder, "broken", "{")
    if by_variable:
        monkeypatch.setenv("DOCKER_CONTEXT", "stagign")
    else:
        make_files(folder, {"config.json": '{"currentContext": "stagign"}'})

    with pytest.raises(EngineError, match="The docker context 'stagign' does not exist") as raised:
        engine_address()

    assert ("DOCKER_CONTEXT" if by_variable else f"currentContext in {folder / 'config.json'}") in raised.value.what
    assert raised.value.remedy.endswith("known contexts: default, staging.")


@pytest.mark.parametrize("content", ["", "{", "[]", '"desktop-linux"', "\0\0"])
def test_a_config_file_that_cannot_be_read_is_named(content: str, folder: Path) -> None:
    make_files(folder, {"config.json": content})

    with pytest.raises(EngineError, match=f"{folder / 'config.json'} cannot be read"):
        engine_address()


@pytest.mark.parametrize("content", ["{", "[]", {}, {"Endpoints": None}, {"Endpoints": {"kubernetes": {}}}])
def test_a_context_that_cannot_be_read_is_named(content: Any, folder: Path, monkeypatch: MonkeyPatch) -> None:
    make_context(folder, "half", content)
    monkeypatch.setenv("DOCKER_CONTEXT", "half")

    with pytest.raises(EngineError, match=r"The docker context 'half' \(DOCKER_CONTEXT\) cannot be read from"):
        engine_address()


@pytest.mark.parametrize(
    "address",
    ["nonsense", "docker:2375", "tcp://", "tcp://docker", "tcp://a:b", "/var/run/docker.sock", "fd://", "x://y:1"],
)
def test_what_is_no_address_is_named_with_where_it_came_from(
    address: str, folder: Path, monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EngineError, match=r"The engine cannot be addressed \(.*, from DOCKER_HOST\)") as raised:
        engine_address()
    assert "unix:///PATH" in raised.value.remedy

    monkeypatch.delenv("DOCKER_HOST")
    make_context(folder, "odd", at(address))
    make_files(folder, {"config.json": '{"currentContext": "odd"}'})
    with pytest.raises(EngineError, match="from the docker context 'odd'"):
        engine_address()


@pytest.mark.parametrize(
    ("address", "host"),
    [
        (None, None),
        ("unix:///var/run/docker.sock", None),
        ("tcp://docker:2375", "docker"),
        ("https://docker:2376/path", "docker"),
        ("ssh://ci@build.example.com:22", "build.example.com"),
        ("tcp://[2001:db8::1]:2375", "2001:db8::1"),
    ],
)
def test_the_host_of_an_address(address: str | None, host: str | None) -> None:
    assert host_of(address) == host
