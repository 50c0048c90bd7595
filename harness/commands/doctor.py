"""``ocean-sandbox doctor``: what is wrong here, and the remedy."""

import sys
from pathlib import Path

import click

from harness import output

_SIGNS = {"ok": "ok", "note": "note", "wrong": "WRONG"}


@click.command()
@click.argument("integrations", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(integrations: tuple[Path, ...], *, as_json: bool) -> None:
    """Look at what the sandbox needs (versions, settings, engine, images, disk, network), and change nothing.

    With INTEGRATIONS, also at their images. Exit codes: 0 it works, perhaps with a note; 1 something is wrong; 2 wrong
    usage.
    """
    from sandbox import doctor  # noqa: PLC0415 # Docker's client takes its time to import

    checks = doctor.examine(integrations)
    is_wrong = any(check.state == "wrong" for check in checks)
    if as_json:
        output.show_json({"ok": not is_wrong, "checks": [check.to_dict() for check in checks]})
    else:
        rows = [[_SIGNS[check.state], check.subject, check.says, check.remedy] for check in checks]
        output.show_table(["", "What", "Found", "What to do"], rows)
    sys.exit(int(is_wrong))
