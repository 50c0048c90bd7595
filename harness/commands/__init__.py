"""The ``ocean-sandbox`` command, whole: what runs things (:mod:`sandbox.cli`), and what tests with them.

Each module here is one subcommand, under the module's name, as its attribute ``command``. It is imported when it is
asked for, so that none costs the others its imports.
"""

import importlib
import pkgutil

import click

from sandbox import cli


class _Commands(cli.Group):
    """Finds the modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_modules()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _modules():
            return super().get_command(ctx, cmd_name)
        found: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return found


def _modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]


main = _Commands("ocean-sandbox", cli.main.commands, help=cli.main.help, params=cli.main.params)
