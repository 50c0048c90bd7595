"""``ocean-sandbox doctor``: say what is wrong on this machine, and the remedy."""

import sys
from pathlib import Path

import click

from sandbox import output
from sandbox.command import Command, json_option
from sandbox.endings import DONE, FOUND

_SIGNS = {"ok": "ok", "note": "note", "wrong": "WRONG"}


@click.command(
    cls=Command,
    done="it works, perhaps with a note",
    found="something is wrong",
    examples=["ocean-sandbox doctor", "ocean-sandbox doctor integrations/github"],
)
@click.argument("integrations", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def command(integrations: tuple[Path, ...], *, as_json: bool) -> None:
    """Look at what the sandbox needs (versions, settings, engine, images, disk, network), and change nothing.

    With INTEGRATIONS, also at their images.
    """
    from sandbox import doctor  # noqa: PLC0415 # Docker's client takes its time to import

    checks = doctor.examine(integrations)
    is_wrong = any(check.state == "wrong" for check in checks)
    if as_json:
        output.show_json({"ok": not is_wrong, "checks": [check.to_dict() for check in checks]})
    else:
        rows = [[_SIGNS[check.state], check.subject, check.says, check.remedy] for check in checks]
        output.show_table(["", "What", "Found", "What to do"], rows)
    sys.exit(FOUND if is_wrong else DONE)
