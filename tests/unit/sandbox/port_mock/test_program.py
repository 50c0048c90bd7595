"""The program, run for real: it listens, answers on its ports, and ends with its lifeline."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import sandbox.port_mock
from sandbox.port_mock.__main__ import main

from .factories import TOKEN, body_of, make_entity, make_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest import CaptureFixture, MonkeyPatch  # noqa: PT013

AUTHORIZATION = {"authorization": f"Bearer {TOKEN}"}
PACKAGE = Path(sandbox.port_mock.__file__).parent


@contextmanager
def run_program(
    module: str = "sandbox.port_mock", root: Path = PACKAGE.parent.parent
) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """Run the program on free ports; gives the process and the addresses of the Port API and the control API."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(root),
        "PORT_MOCK_TOKEN": TOKEN,
        "PORT_MOCK_API_PORT": "0",
        "PORT_MOCK_CONTROL_PORT": "0",
        "PORT_MOCK_RELAY_PORT": "0",
    }
    with subprocess.Popen(
        [sys.executable, "-m", module], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ports = json.loads(process.stdout.readline())
            yield process, f"http://127.0.0.1:{ports['api']}", f"http://127.0.0.1:{ports['control']}"
        finally:
            process.kill()


def seconds_to_end(process: subprocess.Popen[bytes]) -> float:
    started = time.monotonic()
    assert process.wait(10) == 0
    return time.monotonic() - started


def test_it_runs_copied_alone_and_serves_both_apps_around_one_state(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "port_mock")

    with run_program("port_mock", tmp_path) as (_process, api, control), httpx.Client(trust_env=False) as client:
        body_of(client.put(f"{control}/seed", json={"mapping": make_mapping()}, headers=AUTHORIZATION))
        integration = body_of(client.get(f"{api}/v1/integration/i"))["integration"]
        body_of(client.post(integration["logAttributes"]["ingestUrl"], json={"logs": [{"message": "hello"}]}))
        body_of(client.post(f"{api}/v1/blueprints/service/entities/bulk", json={"entities": [make_entity()]}))
        body_of(client.delete(f"{api}/v1/blueprints/service/entities/a%2Fb+c"))

        captures = body_of(client.get(f"{control}/captures", headers=AUTHORIZATION))
        state = body_of(client.get(f"{control}/state", headers=AUTHORIZATION))

    assert captures == {
        "upserted_entities": [make_entity()],
        "deleted_entities": [{"identifier": "a/b c", "blueprint": "service"}],
        "rejected_entities": [],
    }
    assert state["logs"] == [{"message": "hello"}]


def test_closing_stdin_ends_it_within_a_second_even_with_clients_connected() -> None:
    with run_program() as (process, api, control), httpx.Client(trust_env=False) as client:
        body_of(client.get(f"{control}/health"))
        body_of(client.get(f"{api}/v1/organization"))
        with closing(socket.create_connection(("127.0.0.1", httpx.URL(api).port or 0))) as half_a_request:
            half_a_request.sendall(b"POST /v1/entities/search HTTP/1.1\r\nHost: port\r\nContent-Length: 99\r\n\r\n{")
            assert process.stdin is not None
            process.stdin.close()

            assert seconds_to_end(process) < 1


def test_a_signal_ends_it_too() -> None:
    with run_program() as (process, _api, control):
        body_of(httpx.get(f"{control}/health", trust_env=False))
        process.send_signal(signal.SIGTERM)

        assert seconds_to_end(process) < 1


def test_a_lifeline_that_ended_before_ends_it_at_once(monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]) -> None:
    for variable in ("PORT_MOCK_API_PORT", "PORT_MOCK_CONTROL_PORT", "PORT_MOCK_RELAY_PORT"):
        monkeypatch.setenv(variable, "0")
    monkeypatch.setenv("PORT_MOCK_TOKEN", TOKEN)
    reader, writer = os.pipe()
    os.close(writer)

    assert main(lifeline=reader) == 0

    os.close(reader)
    ports = json.loads(capsys.readouterr().out)
    assert sorted(ports) == ["api", "control", "relay"]
    assert len(set(ports.values())) == 3


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "set PORT_MOCK_TOKEN"),
        (
            {"PORT_MOCK_TOKEN": TOKEN, "PORT_MOCK_API_PORT": "http"},
            "PORT_MOCK_API_PORT must be a port number, not 'http'",
        ),
        (
            {"PORT_MOCK_TOKEN": TOKEN, "PORT_MOCK_API_PORT": "70000"},
            "PORT_MOCK_API_PORT must be a port number, not '70000'",
        ),
        (
            {
                "PORT_MOCK_TOKEN": TOKEN,
                "PORT_MOCK_API_PORT": "0",
                "PORT_MOCK_CONTROL_PORT": "0",
                "PORT_MOCK_RELAY_PORT": "-1",
            },
            "PORT_MOCK_RELAY_PORT must be a port number, not '-1'",
        ),
    ],
)
def test_a_wrong_environment_is_explained(
    environment: dict[str, str], message: str, monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PORT_MOCK_TOKEN", raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    assert main() == 2

    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", ["API", "CONTROL", "RELAY"])
def test_a_port_that_is_taken_is_explained(name: str, monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]) -> None:
    with closing(socket.create_server(("0.0.0.0", 0))) as taken:  # noqa: S104
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT_MOCK_TOKEN", TOKEN)
        for each in ("API", "CONTROL", "RELAY"):
            monkeypatch.setenv(f"PORT_MOCK_{each}_PORT", str(port) if each == name else "0")

        assert main() == 2

    complaint = capsys.readouterr().err
    assert f"PORT_MOCK_{name}_PORT={port}" in complaint
    assert "in use" in complaint
