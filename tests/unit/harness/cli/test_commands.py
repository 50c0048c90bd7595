"""The ``ocean-sandbox`` command is whole: what all its commands have in common."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from harness import cli

EVERY = [*cli.main.list_commands(None)]  # type: ignore[arg-type]
LEAVES = [[name] for name in EVERY if name != "stubs"] + [
    ["stubs", name] for name in ("check", "convert", "recipes", "schema")
]
# What it prints is for a shell or for a debugger, or JSON already.
NO_JSON = [["completion"], ["debug"], ["stubs", "schema"]]


def run(*args: str, **env: str) -> click.testing.Result:
    return CliRunner().invoke(cli.main, args, env=env, terminal_width=80)


@pytest.mark.parametrize("command", LEAVES, ids=" ".join)
def test_the_help_of_each_fits_a_terminal_and_has_an_example_and_the_exit_codes(command: list[str]) -> None:
    done = run(*command, "--help")

    assert done.exit_code == 0, done.output
    assert f"Usage: ocean-sandbox {' '.join(command)}" in done.output
    assert "\nExample" in done.output
    assert f"\n  ocean-sandbox {' '.join(command)}" in done.output
    assert "\nExit codes:\n  0    " in done.output
    assert "\n  3    " in done.output
    assert ("--json" in done.output) == (command not in NO_JSON)
    assert "--verbose" in done.output
    assert [line for line in done.output.splitlines() if len(line) > 80 and "ocean-sandbox" not in line] == []


def test_the_help_of_all_has_a_line_for_each_in_the_order_of_use() -> None:
    output = run("--help").output

    lines = {line.split()[0]: number for number, line in enumerate(output.splitlines()) if line.startswith("  ")}
    assert [lines[name] for name in EVERY] == sorted(lines[name] for name in EVERY)
    assert {"images", "reap", "up", "down"} < set(EVERY)
    assert "\nMore:\n" not in output
    assert max(map(len, output.splitlines())) <= 80


def test_a_command_that_is_none_is_wrong_usage_and_the_one_that_is_meant_is_named() -> None:
    done = run("imges")

    assert done.exit_code == 2
    assert "There is no command 'imges'. Did you mean 'images'?" in done.stderr


def test_an_error_of_ours_is_a_message_and_3() -> None:
    done = run("images", "--tags", "tests", OCEAN_SANDBOX_RESYNC_TIMEOUT="soon")

    assert done.exit_code == 3
    assert done.stdout == ""
    assert done.stderr.startswith("ocean-sandbox: Invalid setting: resync_timeout")
    assert "Traceback" not in done.output
    assert "Traceback" in run("images", "--tags", "--verbose", OCEAN_SANDBOX_RESYNC_TIMEOUT="soon").stderr


@pytest.mark.parametrize(
    ("args", "code", "where", "what"),
    [
        (["down", "--json"], 3, "ocean-sandbox down", "The environment sets OCEAN_SANDBOX_NONE"),
        (["stubs", "check", "none", "--json"], 3, "ocean-sandbox stubs check", "There is no folder"),
        (["images", "--json", "none"], 2, "ocean-sandbox images", "'none' does not exist"),
        (["imges", "--json"], 2, "ocean-sandbox", "no command 'imges'"),
    ],
)
def test_an_error_is_json_where_that_is_asked_for(args: list[str], code: int, where: str, what: str) -> None:
    done = run(*args, **({"OCEAN_SANDBOX_NONE": "1"} if args[0] == "down" else {}))

    assert done.exit_code == code
    assert what in done.stderr
    error = json.loads(done.stdout)["error"]
    assert error["where"] == where
    assert what in error["what"]
    assert error["remedy"]


def test_what_there_is_to_tell_is_one_json_document(tmp_path: Path) -> None:
    tags = json.loads(run("images", "--tags", "--json").stdout)["images"]
    assert tags == run("images", "--tags").stdout.splitlines()
    assert json.loads(run("down", "--json", OCEAN_SANDBOX_CACHE=str(tmp_path)).stdout) == {"was_up": False}

    stub = tmp_path / "a.yaml"
    stub.write_text("- url: /a\n  response: {json: 1}\n")
    told = json.loads(run("stubs", "convert", str(stub), "--json").stdout)
    assert (told["source"], told["target"], told["stubs"]) == (str(stub), None, 1)
    assert json.loads(told["text"])["mappings"][0]["request"]["urlPath"] == "/a"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ocean-sandbox st", ["plain,stubs"]),
        ("ocean-sandbox stubs c", ["plain,check", "plain,convert"]),
        ("ocean-sandbox explain ", ["dir,"]),
        ("ocean-sandbox stubs check ", ["dir,"]),
        ("ocean-sandbox explain . --stubs oci", ["plain,oci-registry"]),
        ("ocean-sandbox compare --ag", ["plain,--against"]),
    ],
)
def test_a_shell_completes(line: str, expected: list[str]) -> None:
    words = line.split(" ")
    told = {"_OCEAN_SANDBOX_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [Path(sys.executable).with_name("ocean-sandbox")],
        env={**os.environ, **told},
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.split() == expected


def test_a_completion_waits_neither_for_dockers_client_nor_for_the_harness() -> None:
    code = (
        "import sys; from harness import cli as commands; commands.main.list_commands(None); "
        "[commands.main.get_command(None, name) for name in commands.main.list_commands(None)]; "
        "print(*{name.partition('.')[0] for name in sys.modules} & {'docker', 'httpx', 'pydantic', 'pytest', 'rich', 'yaml'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []
