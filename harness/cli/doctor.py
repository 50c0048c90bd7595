"""``ocean-sandbox doctor``: find problems on this machine, and say how to fix them."""

import sys
from pathlib import Path

import click

from sandbox.cli import output
from sandbox.cli.command import Command, json_option
from sandbox.cli.exit_codes import DONE, FOUND

_SIGNS = {"ok": "ok", "note": "note", "wrong": "WRONG"}


@click.command(
    cls=Command,
    done="everything works, perhaps with notes",
    found="something is wrong",
    examples=["ocean-sandbox doctor", "ocean-sandbox doctor integrations/github"],
)
@click.argument("integrations", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def command(integrations: tuple[Path, ...], *, as_json: bool) -> None:
    """Check what the sandbox needs (versions, settings, engine, images, disk, network) without changing anything.

    With INTEGRATIONS, also check their images.
    """
    from sandbox.cli import doctor  # noqa: PLC0415 # Docker's client takes its time to import

    checks = doctor.examine(integrations)
    is_wrong = any(check.state == "wrong" for check in checks)
    if as_json:
        output.show_json({"ok": not is_wrong, "checks": [check.to_dict() for check in checks]})
    else:
        rows = [[_SIGNS[check.state], check.subject, check.says, check.remedy] for check in checks]
        output.show_table(["", "What", "Found", "What to do"], rows)
    sys.exit(FOUND if is_wrong else DONE)
