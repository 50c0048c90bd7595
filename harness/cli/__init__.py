"""The whole ``ocean-sandbox`` command: the part that runs things (:mod:`sandbox.cli.main`) and the part that tests.

Each module here, but for those of packages, is one subcommand, under the module's name, as its attribute ``command``; the first line of its docstring
is the command's line in the help. It is imported on demand, so that no command pays for the imports of another.
"""

import ast
import importlib
import pkgutil
from pathlib import Path

import click

from sandbox.cli import main as cli
from sandbox.cli.command import VERBOSE, Group, told_to_be_verbose

# In the order in which a user needs them.
_SECTIONS = {
    "Get started": ("doctor", "init"),
    "Work on an integration": ("run", "watch", "debug", "explain", "report", "stubs"),
    "Record a real API": ("discover", "generate", "verify"),
    "Before a release": ("compare", "ci-matrix"),
    "This machine": ("images", "up", "down", "reap", "completion"),
}


class _Commands(Group):
    """Finds the modules of this package."""

    def names(self, ctx: click.Context) -> list[str]:
        return sorted([*super().names(ctx), *_modules()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _modules():
            return super().get_command(ctx, cmd_name)
        return told_to_be_verbose(importlib.import_module(f"{__name__}.{cmd_name}").command)

    def summary(self, name: str) -> str:
        return _summary(name) if name in _modules() else super().summary(name)


def _modules() -> list[str]:
    return [
        module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg and not module.name.startswith("_")
    ]


def _summary(name: str) -> str:
    """The module's docstring after the command's name, read without importing the module."""
    text = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    line = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    said = line.partition(": ")[2] or line
    return said[:1].upper() + said[1:]


_MORE = f"{cli.main.help}\n\nEvery command has its own --help. Errors say what to do; {VERBOSE}=1 shows tracebacks."

main = _Commands(
    "ocean-sandbox",
    cli.main.commands,
    help=_MORE,
    params=cli.main.params,
    sections=_SECTIONS,
    examples=["ocean-sandbox doctor", "ocean-sandbox init integrations/github", "ocean-sandbox COMMAND --help"],
)
