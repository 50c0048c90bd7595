"""A failing program explains itself, and our modules are found from any directory."""

import os
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from sandbox.errors import EngineError, ImageError, SandboxError
from sandbox.process import output_of, program_of

from .factories import make_files


def run(script: str, error: type[SandboxError] = ImageError, limit_seconds: float = 30) -> str:
    return output_of(["sh", "-c", script], error=error, remedy="fix it.", limit_seconds=limit_seconds)


def test_its_output_is_both_streams() -> None:
    assert run("echo out; echo err >&2") == "out\nerr\n"


def test_it_has_no_stdin_to_wait_for() -> None:
    assert run("cat; echo end") == "end\n"


@pytest.mark.parametrize("error", [ImageError, EngineError])
def test_a_failure_is_an_error_of_that_type_with_the_end_of_the_output(error: type[SandboxError]) -> None:
    with pytest.raises(error, match="failed with code 3") as raised:
        run("seq 1 20; echo broken >&2; exit 3", error)

    assert "seq 1 20" in raised.value.what
    assert raised.value.remedy == "fix it."
    assert raised.value.detail.splitlines() == [*(str(number) for number in range(7, 21)), "broken"]


def test_one_that_takes_too_long_is_ended() -> None:
    started = time.monotonic()

    with pytest.raises(ImageError, match="did not finish within 0 s") as raised:
        run("sleep 30", limit_seconds=0.2)

    assert time.monotonic() - started < 5
    assert raised.value.remedy == "fix it."


def test_one_that_takes_too_long_shows_what_it_said() -> None:
    with pytest.raises(ImageError) as raised:
        run("echo waiting for the mirror; sleep 30", limit_seconds=0.5)

    assert raised.value.detail == "waiting for the mirror"


def test_one_that_is_not_there_is_an_error_of_that_type() -> None:
    with pytest.raises(ImageError, match="no-such-program"):
        output_of(["no-such-program"], error=ImageError, remedy="install it.")


def test_output_that_is_no_utf8_does_not_hide_the_failure() -> None:
    with pytest.raises(ImageError, match="failed with code 3"):
        run(r"printf '\377 broken\n'; exit 3")


@pytest.mark.parametrize("path", [None, "", ".", ":/nowhere", "{here}"])
def test_our_module_is_run_where_others_have_its_name(path: str | None, tmp_path: Path) -> None:
    """An empty part of PYTHONPATH is the working directory, too."""
    make_files(
        tmp_path, dict.fromkeys(("sandbox/__init__.py", "sandbox/engine/owner.py"), "raise SystemExit('theirs')")
    )
    if path is None:
        make_files(tmp_path, {"runpy.py": "raise SystemExit('theirs')"})
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONSAFEPATH")}
    environment |= {} if path is None else {"PYTHONPATH": path.format(here=tmp_path)}

    done = subprocess.run(
        program_of("sandbox.engine.owner", "x"), cwd=tmp_path, env=environment, capture_output=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_our_module_is_run_where_the_working_directory_is_gone(tmp_path: Path) -> None:
    command = shlex.join(program_of("sandbox.engine.owner"))

    assert run(f"mkdir {tmp_path}/gone && cd {tmp_path}/gone && rmdir {tmp_path}/gone && {command}") == ""


def test_our_module_sees_its_arguments_as_if_run_by_name(tmp_path: Path) -> None:
    done = subprocess.run(
        program_of("sandbox.engine.keep_alive", str(tmp_path)), capture_output=True, text=True, check=False
    )

    assert "main() missing 1 required positional argument: 'things'" in done.stderr
