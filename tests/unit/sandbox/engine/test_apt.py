"""Installing packages, with programs of these names that install nothing."""

import os
import signal
import sys
from pathlib import Path

import pytest
from pytest import CaptureFixture, MonkeyPatch  # noqa: PT013

from sandbox.engine.apt import _run_to_its_end, debian_installs, install
from sandbox.errors import EngineError
from tests.unit.sandbox.factories import ROOT, eventually, make_program, make_settings, running

RECORD = 'echo "$(basename "$0") $*" >> "$RECORD"'


def put_on_path(monkeypatch: MonkeyPatch, folder: Path, record: Path) -> None:
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("RECORD", str(record))


def test_only_root_on_a_debian_installs(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(make_program(tmp_path / "bin", "apt-get", "true")))

    assert debian_installs() is (os.geteuid() == 0)


def test_without_apt_get_nobody_does(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(make_program(tmp_path / "bin", "dnf", "true")))

    assert debian_installs() is False


def test_it_mends_updates_and_installs_and_says_so(
    tmp_path: Path, monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    make_program(tmp_path / "bin", "dpkg", RECORD)
    make_program(tmp_path / "bin", "apt-get", f"{RECORD}; echo $DEBIAN_FRONTEND >> $RECORD")
    put_on_path(monkeypatch, tmp_path / "bin", tmp_path / "record")

    install(["docker.io", "mmdebstrap"], make_settings(tmp_path))

    assert (tmp_path / "record").read_text().splitlines() == [
        "dpkg --configure -a",
        "apt-get update",
        "noninteractive",
        "apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=120 docker.io mmdebstrap",
        "noninteractive",
    ]
    assert capsys.readouterr().err.count(" packages: ") == 3


def test_a_step_that_fails_is_explained_and_the_last(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    make_program(tmp_path / "bin", "dpkg", RECORD)
    make_program(tmp_path / "bin", "apt-get", f"{RECORD}; seq 1 20; echo 'E: no mirror answers' >&2; exit 100")
    put_on_path(monkeypatch, tmp_path / "bin", tmp_path / "record")

    with pytest.raises(EngineError, match="`apt-get update` failed with code 100") as raised:
        install(["docker.io"], make_settings(tmp_path))

    assert raised.value.detail.splitlines()[-2:] == ["20", "E: no mirror answers"]
    assert len(raised.value.detail.splitlines()) == 15
    assert (tmp_path / "record").read_text().splitlines() == ["dpkg --configure -a", "apt-get update"]


def test_a_step_has_no_stdin_to_wait_for(tmp_path: Path) -> None:
    _run_to_its_end(["sh", "-c", f"cat > {tmp_path}/read"])

    assert (tmp_path / "read").read_text() == ""


@pytest.mark.slow
def test_ctrl_c_is_obeyed_only_after_the_step_has_ended(tmp_path: Path) -> None:
    step = f"touch {tmp_path}/started; sleep 1; touch {tmp_path}/ended"
    code = f"from sandbox.engine.apt import _run_to_its_end; _run_to_its_end(['sh', '-c', {step!r}])"
    with running(sys.executable, "-c", code, cwd=ROOT, stderr=-1, start_new_session=True) as process:
        assert eventually((tmp_path / "started").exists)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of the group
        error = process.communicate(timeout=20)[1].decode()

    assert (tmp_path / "ended").exists()
    assert process.returncode == -signal.SIGINT
    assert "interrupted: waiting for the installation to finish cleanly" in error
