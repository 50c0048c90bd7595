"""``ocean-sandbox verify``: compares the real API with its recording."""

import json
import sys
from pathlib import Path

import click

from harness.commands._work import run
from harness.verification.verify import SECONDS, verify
from sandbox import settings
from sandbox.errors import SandboxError

SAME, DRIFT, NOT_VERIFIED = 0, 1, 3


@click.command()
@click.argument("directory", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it there as JSON, too.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=SECONDS,
    show_default=True,
    help="Seconds that the resync may take.",
)
def command(directory: Path, *, as_json: bool, output: Path | None, timeout: float) -> None:
    """Run a resync of the integration in DIRECTORY against the real API again, and compare with its recording.

    It calls the real API, as `ocean-sandbox discover` does. Exit codes: 0 as recorded, 1 something is otherwise, 2 wrong
    usage, 3 it could not be compared.
    """
    try:
        done = run(verify(directory.resolve(), settings.load(resync_timeout=timeout)))
    except SandboxError as error:
        click.echo(f"ocean-sandbox: {error}", err=True)
        sys.exit(NOT_VERIFIED)
    text = json.dumps(done.to_json(), indent=2, ensure_ascii=False)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text + "\n", encoding="utf-8")
    click.echo(text if as_json else done.report())
    sys.exit(SAME if done.is_same else DRIFT)
