"""The ``ocean-sandbox`` command is whole: each module of ``harness.commands`` is a subcommand of it."""

from click.testing import CliRunner

from harness import commands


def test_every_command_can_say_what_it_does() -> None:
    for name in commands.main.list_commands(None):  # type: ignore[arg-type]
        done = CliRunner().invoke(commands.main, [name, "--help"])
        assert done.exit_code == 0, done.output
        assert "Usage:" in done.output


def test_the_sandboxs_own_are_among_them() -> None:
    output = CliRunner().invoke(commands.main, ["--help"]).output

    for name in ("images", "reap", "up", "down"):
        assert f"\n  {name} " in output


def test_an_error_of_ours_is_a_message() -> None:
    done = CliRunner().invoke(commands.main, ["images", "--tags", "tests"], env={"OCEAN_SANDBOX_TIMEOUT": "soon"})

    assert done.exit_code == 1
    assert done.output.startswith("ocean-sandbox: ")
    assert "Traceback" not in done.output
