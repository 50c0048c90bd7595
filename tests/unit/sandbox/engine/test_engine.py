"""Finding and starting the engine, as far as it goes without one: with servers and programs that stand in for it."""

import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest import MonkeyPatch  # noqa: PT013

import docker
from sandbox.engine import connection, engine
from sandbox.errors import EngineError, EngineUnreachableError
from tests.unit.sandbox.factories import (
    closed_port,
    engine_at,
    eventually,
    fake_engine,
    hanging_server,
    make_dead_process,
    make_files,
    make_program,
    make_python_program,
    make_settings,
    running,
    zombie,
)

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts an engine, and removes its stale pid files")
# What dockerd does as far as its caller sees: answer on its socket.
DOCKERD = """
import http.server, os, socketserver
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"OK" if self.path.endswith("_ping") else b'{"ApiVersion": "1.47"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
open(os.environ["PID_FILE"], "w").write(str(os.getpid()))
socketserver.UnixStreamServer(os.environ["DOCKER_HOST"].removeprefix("unix://"), Handler).serve_forever()
"""


@contextmanager
def pid_file(path: Path, pid: object) -> Iterator[Path]:
    path.write_text(f"{pid}\n")
    yield path


def seconds_since(started: float) -> float:
    return time.monotonic() - started


def wait_for_its_name(pid: int, name: str) -> None:
    """The kernel gives a process the name of its program a moment after Popen has returned."""
    assert eventually(lambda: Path(f"/proc/{pid}/comm").read_text() == f"{name}\n")


# Pid files ---------------------------------------------------------------------------------------------------------


def test_the_pid_file_of_the_live_engine_stays(tmp_path: Path) -> None:
    with running("sleep", "30") as process, pid_file(tmp_path / "pid", process.pid) as file:
        wait_for_its_name(process.pid, "sleep")
        engine.remove_stale_pid_files({file: "sleep"})

        assert file.read_text() == f"{process.pid}\n"


def test_a_pid_that_another_live_program_got_is_stale(tmp_path: Path) -> None:
    with running("sleep", "30") as process, pid_file(tmp_path / "pid", process.pid) as file:
        engine.remove_stale_pid_files({file: "dockerd"})

        assert not file.exists()


def test_the_pid_of_a_zombie_is_stale_be_its_name_right(tmp_path: Path) -> None:
    with zombie("true") as pid, pid_file(tmp_path / "pid", pid) as file:
        assert "Name:\ttrue\n" in Path(f"/proc/{pid}/status").read_text()

        engine.remove_stale_pid_files({file: "true"})

        assert not file.exists()


def test_a_dead_pid_is_stale(tmp_path: Path) -> None:
    with pid_file(tmp_path / "pid", make_dead_process()) as file:
        engine.remove_stale_pid_files({file: "true"})

        assert not file.exists()


@pytest.mark.parametrize("content", ["", "no pid", "-1", "../self"])
def test_what_is_no_pid_is_stale(content: str, tmp_path: Path) -> None:
    with pid_file(tmp_path / "pid", content) as file:
        engine.remove_stale_pid_files({file: "dockerd"})

        assert not file.exists()


@pytest.mark.parametrize("content", [b"\0\0\0\0", b"\xff\xfe"])
def test_a_file_that_a_power_cut_left_is_stale(content: bytes, tmp_path: Path) -> None:
    make_files(tmp_path, {"pid": content})

    engine.remove_stale_pid_files({tmp_path / "pid": "dockerd"})

    assert not (tmp_path / "pid").exists()


def test_each_file_is_judged_by_itself(tmp_path: Path) -> None:
    with (
        running("sleep", "30") as process,
        pid_file(tmp_path / "live", process.pid) as live,
        pid_file(tmp_path / "stale", make_dead_process()) as stale,
    ):
        wait_for_its_name(process.pid, "sleep")
        engine.remove_stale_pid_files({tmp_path / "missing": "dockerd", stale: "sleep", live: "sleep"})

        assert (stale.exists(), live.exists()) == (False, True)


# Does one answer? --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unix", [False, True])
def test_one_that_answers_answers(unix: bool) -> None:  # noqa: FBT001 # a parameter
    with fake_engine(unix=unix) as stand_in, engine_at(stand_in.address):
        assert engine.answers()

    assert stand_in.calls == ["GET /version", "GET /_ping"]


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:9"])
def test_an_address_at_which_nothing_can_be_does_not_answer(host: str) -> None:
    with engine_at(host):
        assert not engine.answers()


def test_a_closed_port_does_not_answer_at_once() -> None:
    started = time.monotonic()

    with engine_at(f"tcp://127.0.0.1:{closed_port()}"):
        assert not engine.answers()

    assert seconds_since(started) < 2


@pytest.mark.parametrize("call", ["GET /version", "GET /_ping"])
def test_one_that_is_broken_does_not_answer(call: str) -> None:
    with fake_engine({call: (500, {"message": "broken"})}) as stand_in, engine_at(stand_in.address):
        assert not engine.answers()


@pytest.mark.slow
def test_one_that_hangs_does_not_answer_within_its_time() -> None:
    started = time.monotonic()

    with hanging_server() as address, engine_at(address):
        assert not engine.answers()

    assert 4 < seconds_since(started) < 8


def make_certificate(folder: Path) -> None:
    """A certificate of 127.0.0.1 that is its own CA and its own client's, as DOCKER_CERT_PATH has them."""
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem "
        "-subj /CN=engine -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    (folder / "ca.pem").write_bytes((folder / "cert.pem").read_bytes())


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl to make a certificate")
def test_one_that_wants_tls_answers(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with fake_engine(tls=context) as stand_in, engine_at(stand_in.address):
        for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # requests would take these instead
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
        monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
        assert docker.from_env().ping()  # the client that is used once one answers has no trouble

        assert engine.answers()


def test_a_connection_is_to_the_same_engine_with_a_time_limit_of_its_own() -> None:
    with fake_engine() as stand_in, engine_at(stand_in.address):
        first, second = connection.connect(timeout=7), connection.connect(timeout=8)

        assert first.ping()
        assert (first.api.timeout, second.api.timeout) == (7, 8)
        assert first.api.base_url == engine.client().client.api.base_url


def test_a_call_to_one_that_hangs_ends_within_its_time() -> None:
    started = time.monotonic()

    with (
        hanging_server() as address,
        engine_at(address),
        pytest.raises(EngineUnreachableError, match="it took too long"),
    ):
        connection.connect(timeout=1).ping()

    assert 0.9 < seconds_since(started) < 4


# The client --------------------------------------------------------------------------------------------------------


def test_the_client_is_that_of_the_engine_and_there_is_one(tmp_path: Path) -> None:
    with fake_engine() as stand_in, engine_at(stand_in.address):
        client = engine.ensure(make_settings(tmp_path))

        assert client.client.ping()
        assert engine.client() is client
    assert not (tmp_path / "cache").exists()


def test_no_engine_at_docker_host_is_an_error_that_names_it(tmp_path: Path) -> None:
    host = f"tcp://127.0.0.1:{closed_port()}"

    with engine_at(host), pytest.raises(EngineError, match=f"No engine answers at {host}") as raised:
        engine.ensure(make_settings(tmp_path))

    assert "unset DOCKER_HOST" in raised.value.remedy
    assert not (tmp_path / "cache").exists()  # nothing was started: the user named another engine


@pytest.mark.parametrize(
    ("host", "shown"), [("nonsense://engine", "nonsense://engine, from DOCKER_HOST"), ("tcp://127.0.0.1:9",) * 2]
)
def test_an_address_that_makes_no_sense_is_explained(host: str, shown: str) -> None:
    with engine_at(host), pytest.raises(EngineError, match=f"cannot be addressed \\({shown}\\)") as raised:
        engine.client()

    assert "DOCKER_HOST" in raised.value.remedy


def test_what_ssh_needs_and_is_not_installed_is_named(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "paramiko", None)  # as where only ocean-sandbox itself is installed
    with (
        engine_at("ssh://root@engine.invalid"),
        pytest.raises(EngineError, match="engine is at ssh://root@eng") as raised,
    ):
        engine.ensure(make_settings(tmp_path))

    assert raised.value.remedy == "`pip install ocean-sandbox[ssh]`."


# Starting one ------------------------------------------------------------------------------------------------------


@ROOT_ONLY
def test_one_that_starts_is_waited_for_and_lives_on(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_python_program(tmp_path / "bin", "dockerd", DOCKERD)
    settings = make_settings(tmp_path)
    settings.cache.mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    monkeypatch.setenv("PID_FILE", f"{tmp_path}/pid")
    with fake_engine(unix=True) as short_name, engine_at(f"{short_name.address}2"):
        engine._start_dockerd(settings)
        pid = int((tmp_path / "pid").read_text())

        assert engine.answers()
        assert os.getsid(pid) == pid  # Ctrl-C here does not reach it

        os.kill(pid, 15)
        assert eventually(lambda: not engine.answers())


@ROOT_ONLY
def test_one_that_ends_at_once_is_explained_by_the_end_of_its_log(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_program(
        tmp_path / "bin", "dockerd", """seq 1 20; echo '{"level": "fatal", "msg": "no cgroups"}' >&2; exit 1"""
    )
    settings = make_settings(tmp_path)
    settings.cache.mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")

    with (
        engine_at("unix:///nowhere/docker.sock"),
        pytest.raises(EngineError, match="was started and ended with code 1") as raised,
    ):
        engine._start_dockerd(settings)

    assert raised.value.detail.splitlines()[-2:] == ["20", "no cgroups"]
    assert str(settings.cache / "dockerd.log") in raised.value.remedy


@ROOT_ONLY
def test_one_that_never_answers_is_ended(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_program(tmp_path / "bin", "dockerd", f"echo $$ > {tmp_path}/pid; exec sleep 60")
    settings = make_settings(tmp_path, engine_timeout=0.5)
    settings.cache.mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")

    with engine_at("unix:///nowhere/docker.sock"), pytest.raises(EngineError, match="does not answer"):
        engine._start_dockerd(settings)

    pid = int((tmp_path / "pid").read_text())
    assert eventually(lambda: not engine._runs(str(pid), "sleep"))


@contextmanager
def stand_ins_for_a_debian(tmp_path: Path, monkeypatch: MonkeyPatch, **programs: str) -> Iterator[None]:
    """No engine answers, and on PATH are but these programs: nothing here reaches a real engine or installs one."""
    make_python_program(tmp_path / "elsewhere", "dockerd", DOCKERD)
    for name, code in programs.items():
        make_program(tmp_path / "bin", name.replace("_", "-"), code)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PID_FILE", f"{tmp_path}/pid")
    with fake_engine(unix=True) as short_name, engine_at(f"{short_name.address}2"):
        try:
            yield
        finally:
            if (tmp_path / "pid").exists():
                os.kill(int((tmp_path / "pid").read_text()), 15)


@ROOT_ONLY
def test_one_that_is_installed_is_started_by_systemd_or_else_by_us(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    dockerd = f"exec {tmp_path}/elsewhere/dockerd"
    settings = make_settings(tmp_path)
    settings.cache.mkdir()
    with stand_ins_for_a_debian(tmp_path, monkeypatch, dockerd=dockerd, systemctl=f"({dockerd}) > /dev/null 2>&1 &"):
        engine._start(settings)

        assert engine.answers()


@ROOT_ONLY
def test_one_that_its_installation_started_is_not_started_again(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    apt_get = f'[ "$1" = update ] || {tmp_path}/elsewhere/dockerd > /dev/null 2>&1 &'
    with stand_ins_for_a_debian(tmp_path, monkeypatch, dpkg="true", apt_get=apt_get, systemctl="exit 1"):
        engine._start(make_settings(tmp_path))

        assert engine.answers()
    assert not (tmp_path / "cache" / "dockerd.log").exists()


def test_its_log_is_shown_in_words(tmp_path: Path) -> None:
    make_files(tmp_path, {"log": '{"level": "info", "msg": "starting"}\n{"no": "message"}\nlevel=error msg=broken\n'})

    assert engine._readable_end(tmp_path / "log") == 'starting\n{"no": "message"}\nlevel=error msg=broken'
    assert engine._readable_end(tmp_path / "log", lines=1) == "level=error msg=broken"


def test_a_half_written_line_of_its_log_is_shown_as_it_is(tmp_path: Path) -> None:
    make_files(tmp_path, {"log": '{"level": "fatal", "ms'})

    assert engine._readable_end(tmp_path / "log") == '{"level": "fatal", "ms'


def test_waiting_ends_when_it_is_so_or_when_the_time_is_up() -> None:
    moments = iter([False, False, True])
    assert engine._wait(lambda: next(moments), seconds=10)

    started = time.monotonic()
    assert not engine._wait(lambda: False, seconds=0.1)
    assert 0.1 <= seconds_since(started) < 2


# Installing one ----------------------------------------------------------------------------------------------------


def test_it_is_not_installed_where_that_is_forbidden(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="OCEAN_SANDBOX_INSTALL_ENGINE=0 forbids"):
        engine._install(make_settings(tmp_path, install_engine=False))


def test_it_is_not_installed_where_it_cannot_be(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(make_program(tmp_path / "bin", "dnf", "true")))

    with pytest.raises(EngineError, match="neither Debian nor Ubuntu") as raised:
        engine._install(make_settings(tmp_path))

    assert "package manager" in raised.value.remedy


@ROOT_ONLY
def test_it_is_installed_with_debians_own_tools(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_program(tmp_path / "bin", "dpkg", "true")
    make_program(tmp_path / "bin", "apt-get", f'echo "$*" >> {tmp_path}/record')
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")

    engine._install(make_settings(tmp_path))

    assert (tmp_path / "record").read_text().splitlines()[-1].endswith(" docker.io")
