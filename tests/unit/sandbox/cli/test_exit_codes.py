"""Whatever goes wrong in a command ends it with a message and one of five codes."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

COMMANDS = """
import sys, time
import click
from sandbox.cli.command import Group, json_option
from sandbox.errors import EngineError

@click.group(cls=Group)
def main():
    pass

@main.command()
@json_option
@click.argument("what")
def do(what, as_json):
    if what == "sandbox":
        raise EngineError("No engine.", remedy="start one.", detail="a\\nb")
    if what == "found":
        sys.exit(1)
    if what == "wait":
        print("waits", flush=True)
        time.sleep(30)
    if what == "much":
        for _ in range(100_000):
            click.echo("x" * 100)
    if what == "pipe":
        raise BrokenPipeError(32, "the engine hung up")
    if what == "full":
        print("x", file=open("/dev/full", "w"), flush=True)
    if what == "usage":
        raise click.UsageError("not so")
    {}[what]

main(prog_name="it")
"""
ROOT = Path(__file__).parents[4]


def start(folder: Path, *args: str, **env: str) -> subprocess.Popen[str]:
    (folder / "it.py").write_text(textwrap.dedent(COMMANDS))
    return subprocess.Popen(
        [sys.executable, str(folder / "it.py"), *args],
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache"), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *args: str, **env: str) -> tuple[int, str, str]:
    process = start(folder, *args, **env)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["found"], 1, ""),
        (["usage"], 2, "Error: not so"),
        ([], 2, "Missing argument 'WHAT'"),
        (["sandbox"], 3, "ocean-sandbox: No engine.\nWhat to do: start one.\n  | a\n  | b\n"),
        (["other"], 3, "ocean-sandbox: Unexpected error in `it do`, at "),
        (
            ["full"],
            3,
            "ocean-sandbox: This machine's disk is full: No space left on device.\nWhat to do: free some space ",
        ),
        (["pipe"], 3, "BrokenPipeError: [Errno 32] the engine hung up"),
    ],
)
def test_the_code_and_what_is_said(tmp_path: Path, args: list[str], code: int, said: str) -> None:
    got, out, err = run(tmp_path, "do", *args)

    assert (got, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


def test_the_traceback_of_what_nobody_foresaw_is_in_a_file_of_this_user_alone(tmp_path: Path) -> None:
    _, _, err = run(tmp_path, "do", "s3cret")

    (log,) = (tmp_path / "cache" / "ocean-sandbox" / "log").iterdir()
    assert str(log) in err
    assert log.stat().st_mode & 0o077 == 0
    text = log.read_text()
    assert text.endswith("KeyError: 's3cret'\n")
    assert "it do" in text.splitlines()[0]
    assert "s3cret" not in text.splitlines()[0]


def test_where_it_cannot_be_written_it_says_how_to_see_it(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")

    code, _, err = run(tmp_path, "do", "x")

    assert code == 3
    assert "that --verbose shows" in err


@pytest.mark.parametrize(("args", "env"), [(["--verbose"], {}), ([], {"OCEAN_SANDBOX_VERBOSE": "1"})])
def test_it_is_shown_where_that_is_asked_for(tmp_path: Path, args: list[str], env: dict[str, str]) -> None:
    for what in ("x", "sandbox"):
        code, _, err = run(tmp_path, "do", what, *args, **env)

        assert code == 3
        assert err.startswith("Traceback (most recent call last):")


def test_as_json_it_says_where_the_traceback_is(tmp_path: Path) -> None:
    code, out, err = run(tmp_path, "do", "x", "--json")

    error = json.loads(out)["error"]
    assert (code, "Traceback" in err) == (3, False)
    assert Path(error["traceback"]).is_file()
    assert "KeyError: 'x'" in error["what"]
    code, out, _ = run(tmp_path, "do", "sandbox", "--json")
    assert json.loads(out) == {
        "error": {"what": "No engine.", "where": "it do", "remedy": "start one.", "detail": "a\nb"}
    }


def test_only_the_last_tracebacks_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "ocean-sandbox" / "log"
    folder.mkdir(parents=True)
    for number in range(30):
        (folder / f"2020-01-{number + 1:02}.txt").touch()

    run(tmp_path, "do", "x")

    assert len(list(folder.iterdir())) == 20
    assert not (folder / "2020-01-01.txt").exists()


def test_ctrl_c_is_130(tmp_path: Path) -> None:
    process = start(tmp_path, "do", "wait")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (130, "ocean-sandbox: stopped.\n")


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    process = start(tmp_path, "do", "much")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()

    assert (process.wait(timeout=30), err) == (141, "")
