"""``ocean-sandbox verify``: compare the real API with its recording."""

import json
import sys
from pathlib import Path

import click

from harness.commands._work import DIRECTORY, run, timeout_option, write
from sandbox.command import Command, json_option
from sandbox.endings import DONE, FOUND


@click.command(
    cls=Command,
    done="as recorded",
    found="something is otherwise than it was recorded",
    examples=["ocean-sandbox verify integrations/github", "ocean-sandbox verify --json --output drift.json ."],
)
@click.argument("directory", default=".", type=DIRECTORY)
@timeout_option
@json_option
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it there as JSON, too.")
def command(directory: Path, *, as_json: bool, output: Path | None, timeout: float) -> None:
    """Run a resync of the integration in DIRECTORY against the real API again, and compare with its recording.

    It calls the real API, as `ocean-sandbox discover` does. DIRECTORY is the working directory by default.
    """
    from harness.verification.verify import verify  # noqa: PLC0415 # see _work.run
    from sandbox import settings  # noqa: PLC0415

    done = run(verify(directory.resolve(), settings.load(resync_timeout=timeout)))
    text = json.dumps(done.to_json(), indent=2, ensure_ascii=False)
    if output is not None:
        write(output, f"{text}\n")
    click.echo(text if as_json else done.report())
    sys.exit(DONE if done.is_same else FOUND)
