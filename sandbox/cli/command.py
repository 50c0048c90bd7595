"""What the commands of ``ocean-sandbox`` have in common: exit codes, the layout of their help, ``--json``."""

import difflib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from sandbox.cli import exit_codes

VERBOSE = "OCEAN_SANDBOX_VERBOSE"
_OUTPUT = {"--json", "--output", "--verbose", "--help"}
_OUTPUT_TITLE = "Output"
_CODES = {
    exit_codes.DONE: "success; a comparison or check found nothing",
    exit_codes.FOUND: "a comparison or check found something",
    exit_codes.USAGE: "wrong usage",
    exit_codes.FAILED: "failed; stderr says why",
    exit_codes.STOPPED: "stopped with Ctrl-C",
}

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on stdout; everything else goes to stderr."
)


def _note_verbose(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 # click calls it
    if value:
        _asked(ctx).is_verbose = True


_VERBOSE = click.Option(
    ["--verbose"],
    is_flag=True,
    envvar=VERBOSE,
    expose_value=False,
    callback=_note_verbose,
    help="On error, show the traceback too.",
)


class Command(click.Command):
    """A command whose help has its options in groups, examples, and its exit codes.

    Args:
        examples: Whole command lines, as a person types them.
        found: What exit code 1 means; empty where it never ends with that.
        done: What exit code 0 means.
        stopped: What exit code 130 means; empty where Ctrl-C is the way to end it.
        sections: Options by their group's title, each by the name of its parameter; the others come before.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[str] = (),
        found: str = "",
        done: str = "done",
        stopped: str = "stopped with Ctrl-C",
        sections: Mapping[str, Sequence[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._examples = examples
        self._codes = {exit_codes.DONE: done, exit_codes.FOUND: found, exit_codes.STOPPED: stopped}
        self._sections = {**(sections or {}), _OUTPUT_TITLE: ()}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, a group after the other."""
        of_section = {name: title for title, names in self._sections.items() for name in names}
        shown: dict[str, list[tuple[str, str]]] = {title: [] for title in ("Options", *self._sections)}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)) is not None:
                title = (
                    _OUTPUT_TITLE if _OUTPUT.intersection(param.opts) else of_section.get(param.name or "", "Options")
                )
                shown[title].append(record)
        for title, records in shown.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples and the exit codes."""
        super().format_epilog(ctx, formatter)
        _write_examples(self._examples, formatter)
        _write_codes(self._codes, formatter)


class Group(click.Group):
    """Commands, in the order in which one uses them; whatever goes wrong in one is a message and an exit code.

    Args:
        sections: Names of commands by their section's title; others come last, under ``More``.
        examples: As for :class:`Command`.
    """

    command_class = Command

    def __init__(
        self,
        *args: Any,
        sections: Mapping[str, Sequence[str]] | None = None,
        examples: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._sections = sections or {}
        self._examples = examples

    def summary(self, name: str) -> str:
        """What a command does, in a line."""
        command = super().get_command(click.Context(self), name)
        return command.get_short_help_str(60) if command is not None else ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order of the sections."""
        there = self.names(ctx)
        known = [name for names in self._sections.values() for name in names if name in there]
        return known + [name for name in there if name not in known]

    def names(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in whatever order."""
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, which can be told to be ``--verbose``."""
        found = super().get_command(ctx, cmd_name)
        return None if found is None else told_to_be_verbose(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See :class:`click.Group`; for an unknown command, the error suggests similar ones."""
        there = self.list_commands(ctx)
        _asked(ctx).where = f"{ctx.command_path} {args[0]}" if args[0] in there else ctx.command_path
        if args[0] not in there and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], there, n=1)
            ctx.fail(
                f"There is no command {args[0]!r}. "
                + (f"Did you mean {close[0]!r}?" if close else f"Available commands: {', '.join(there)}.")
            )
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of commands without importing one of them."""
        if not incomplete or incomplete[0].isalnum():
            return [
                CompletionItem(name, help=self.summary(name))
                for name in self.list_commands(ctx)
                if name.startswith(incomplete)
            ]
        return super().shell_complete(ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, one per line."""
        there = self.list_commands(ctx)
        sections = {title: [name for name in names if name in there] for title, names in self._sections.items()}
        known = [name for names in sections.values() for name in names]
        sections["More" if known else "Commands"] = [name for name in there if name not in known]
        width = max(map(len, there))
        for title, names in sections.items():
            if names:
                with formatter.section(title):
                    formatter.write_dl([(name.ljust(width), self.summary(name)) for name in names])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, and the exit codes of all commands."""
        super().format_epilog(ctx, formatter)
        _write_examples(self._examples, formatter)
        if ctx.parent is None:
            _write_codes({}, formatter)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; see :class:`click.Group`."""
        with exit_codes.of(_asked(ctx)):
            return super().invoke(ctx)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 # click's own signature
        **extra: Any,
    ) -> Any:
        """Run a command line, and end this process; see :class:`click.Group`."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        given = list(sys.argv[1:] if args is None else args)
        asked = exit_codes.Asked(prog_name or self.name or "", as_json="--json" in given)
        with exit_codes.of(asked):
            try:
                code = super().main(given, prog_name, complete_var, standalone_mode=False, obj=asked, **extra)
            except click.ClickException as error:
                exit_codes.of_wrong_usage(asked, error)
        sys.exit(code if isinstance(code, int) else exit_codes.DONE)


def told_to_be_verbose(command: click.Command) -> click.Command:
    """The same command, which takes ``--verbose``."""
    if not isinstance(command, click.Group) and _VERBOSE not in command.params:
        command.params.append(_VERBOSE)
    return command


def _asked(ctx: click.Context) -> exit_codes.Asked:
    """What is known of the command line; a group that is run without :meth:`Group.main` knows no more than its name."""
    return ctx.obj if isinstance(ctx.obj, exit_codes.Asked) else exit_codes.Asked(ctx.command_path)


def _write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    if examples:
        with formatter.section("Examples" if len(examples) > 1 else "Example"):
            for example in examples:
                formatter.write(f"{'':{formatter.current_indent}}{example}\n")


def _write_codes(of_its_own: Mapping[int, str], formatter: click.HelpFormatter) -> None:
    codes = {**_CODES, **of_its_own}
    with formatter.section("Exit codes"):
        formatter.write_dl([(f"{code:<3}", says) for code, says in sorted(codes.items()) if says])
