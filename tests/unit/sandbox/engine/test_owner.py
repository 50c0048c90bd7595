"""The owner: labels that tell, after the process has ended, whose a thing was."""

import os
import platform
import sys
import time
from pathlib import Path

import pytest

from sandbox.engine.owner import HOST, OWNER, PROCESS, ROLE, Owner, _host, is_gone, process_name
from tests.unit.sandbox.factories import make_dead_process, running

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells when a process began")


def make_labels(process: str, host: str | None = None) -> dict[str, str]:
    return {**Owner().labels("resync"), PROCESS: process, HOST: host or _host()}


def test_the_labels_say_who_where_and_what_for() -> None:
    labels = Owner("abc").labels("wiremock")

    assert labels == {
        OWNER: "abc",
        HOST: _host(),
        PROCESS: process_name(os.getpid()),
        ROLE: "wiremock",
    }
    assert labels[PROCESS].startswith(f"{os.getpid()}:")


@LINUX
def test_the_host_is_this_machine_and_the_namespace_its_pids_count_in() -> None:
    """Two containers may have one name, as jobs of a CI, and each has a process of the same pid."""
    namespace = Path("/proc/self/ns/pid").stat().st_ino

    assert Owner().labels("resync")[HOST] == f"{platform.node()} pid:[{namespace}]"


def test_each_owner_has_an_identifier_of_its_own_and_a_process_has_one_owner() -> None:
    assert Owner().identifier != Owner().identifier
    assert Owner().identifier != Owner().identifier


def test_this_process_is_not_gone() -> None:
    assert not is_gone(Owner().labels("resync"))


def test_a_live_process_is_not_gone_and_is_once_it_ended() -> None:
    with running("sleep", "30") as process:
        labels = make_labels(process_name(process.pid))
        assert not is_gone(labels)
        process.kill()
        process.wait(10)

        assert is_gone(labels)


@LINUX
def test_a_later_process_with_the_same_pid_is_another() -> None:
    began = process_name(os.getpid()).partition(":")[2]

    assert is_gone(make_labels(f"{os.getpid()}:{int(began) - 1}"))


@LINUX
def test_two_processes_that_began_apart_have_names_apart_beside_the_pid() -> None:
    with running("sleep", "30") as first:
        time.sleep(0.05)  # the system counts in hundredths of a second
        with running("sleep", "30") as second:
            names = [process_name(process.pid).partition(":")[2] for process in (first, second)]

    assert int(names[0]) < int(names[1])


@LINUX
def test_a_program_whose_name_has_brackets_and_blanks_has_a_name_too(tmp_path: Path) -> None:
    program = tmp_path / "a) R (b"
    program.symlink_to("/bin/sleep")
    with running(str(program), "30") as process:
        began = process_name(process.pid).partition(":")[2]

    assert abs(int(began) - int(process_name(os.getpid()).partition(":")[2])) < 100 * 3600 * 24
    assert int(began) > 100


@pytest.mark.parametrize("host", [f"not-{_host()}", f"{platform.node()} pid:[1]"], ids=["machine", "namespace"])
def test_what_another_host_made_is_not_ours_to_judge(host: str) -> None:
    process = f"{make_dead_process()}:1"
    assert is_gone(make_labels(process))

    assert not is_gone(make_labels(process, host))


@pytest.mark.parametrize("missing", [HOST, PROCESS])
def test_what_does_not_say_who_made_it_is_not_ours_to_judge(missing: str) -> None:
    labels = make_labels(f"{make_dead_process()}:1")
    del labels[missing]

    assert not is_gone(labels)


def test_without_a_beginning_the_pid_alone_tells() -> None:
    assert is_gone(make_labels(f"{make_dead_process()}:"))
    assert not is_gone(make_labels(f"{os.getpid()}:"))
    assert not is_gone(make_labels("1:"))  # another user's, where this is not root


def test_of_a_pid_that_is_free_no_beginning_is_known() -> None:
    pid = make_dead_process()

    assert process_name(pid) == f"{pid}:"


@LINUX
def test_a_process_that_ended_and_was_not_waited_for_is_gone() -> None:
    with running("sleep", "30") as process:
        labels = make_labels(process_name(process.pid))
        assert not is_gone(labels)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

        assert is_gone(labels)
