"""``ocean sail`` in a process of its own: started, waited for, asked for its stacks. Here, any program is called ocean."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.unit.sandbox.factories import ROOT

WITH_STACKS = "import sys; from runner.stacks import print_on_signal; print_on_signal()"


def run(folder: Path, ocean: str, code: str, environment: str = "{}") -> subprocess.CompletedProcess[str]:
    """Run ``code``, which has a ``sail``, beside a program ``ocean``."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "ocean"
    program.write_text(f"#!{sys.executable}\nimport os, sys\n{textwrap.dedent(ocean)}\n")
    program.chmod(0o755)
    sail = "import sys\nfrom pathlib import Path\nfrom runner.sail import Sail\n"
    sail += f"ocean = Path({str(program)!r})\nsail = Sail(Path({str(folder)!r}), {environment}, ocean)\n"
    return subprocess.run(
        [sys.executable, "-c", sail + textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "sandbox"), "INHERITED": "yes"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_it_gets_its_environment_its_directory_and_no_argument_but_the_command(tmp_path: Path) -> None:
    ocean = "print(sys.argv[1:], os.getcwd(), os.environ['OCEAN__A'], os.environ['INHERITED'], sys.stdin.read())"

    done = run(tmp_path, ocean, "sail.start()\nsys.exit(sail.wait())", "{'OCEAN__A': 'b'}")

    assert (done.stdout.strip(), done.returncode) == (f"['sail'] {tmp_path} b yes", 0)


def test_its_port_is_the_one_that_ocean_reads(tmp_path: Path) -> None:
    code = """
        import os
        print(Sail(Path(), {}).port)
        os.environ["application__port"] = "9001"
        print(Sail(Path(), {}).port, Sail(Path(), {"APPLICATION__PORT": "9002"}).port)
        os.environ["application__port"] = "none"
        print(Sail(Path(), {}).port)
    """
    done = run(tmp_path, "", code)

    assert done.stdout.split() == ["8000", "9001", "9002", "8000"], done.stderr


def test_its_exit_code_is_told(tmp_path: Path) -> None:
    done = run(tmp_path, "sys.exit(3)", "sail.start()\nprint(sail.wait())")

    assert done.stdout.strip() == "3"


def test_a_signal_that_killed_it_kills_who_waits_too(tmp_path: Path) -> None:
    for number in (signal.SIGKILL, signal.SIGABRT):
        folder = tmp_path / number.name
        folder.mkdir()
        done = run(folder, f"os.kill(os.getpid(), {number})", "sail.start()\nprint(sail.wait())")

        assert (done.returncode, done.stdout) == (-number, "")


def test_it_can_be_started_once_and_must_be_before_anyone_waits(tmp_path: Path) -> None:
    code = """
        for call in (sail.wait, sail.start, sail.start):
            try:
                call()
            except RuntimeError as error:
                print(error)
    """
    done = run(tmp_path, "", code)

    assert done.stdout.splitlines() == ["the integration is not running", "the integration is already running"]


def test_without_the_command_it_says_so(tmp_path: Path) -> None:
    code = "ocean.unlink()\nsail.start()"

    assert "FileNotFoundError" in run(tmp_path, "", code).stderr


def test_its_threads_and_tasks_are_printed_when_asked_for(tmp_path: Path) -> None:
    ocean = f"""
        sys.path.insert(0, {str(ROOT / "sandbox")!r})
        {WITH_STACKS}
        import asyncio

        async def waits_here():
            print("ready", flush=True)
            await asyncio.sleep(30)

        asyncio.run(waits_here())
    """
    code = """
        import os, threading, time
        read, write = os.pipe()
        os.dup2(write, 1)
        sail.start()
        os.read(read, 5)
        sail.print_stacks()
        time.sleep(0.5)
        os.killpg(sail._process.pid, 9)
    """
    said = run(tmp_path, ocean, code).stderr

    assert "Current thread" in said
    assert "waits at (most recent call last)" in said
    assert str(tmp_path / "bin" / "ocean") in said


def test_asking_for_the_stacks_of_what_has_ended_does_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, "", "sail.print_stacks()\nsail.start()\nsail.wait()\nsail.print_stacks()")

    assert (done.returncode, done.stderr) == (0, "")
