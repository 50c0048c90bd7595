"""``ocean-sandbox verify``: compare the real API with its recording."""

import json
import sys
from pathlib import Path

import click

from harness.cli._common import DIRECTORY, run, timeout_option, write
from sandbox.cli.command import Command, json_option
from sandbox.cli.exit_codes import DONE, FOUND


@click.command(
    cls=Command,
    done="as recorded",
    found="something has changed since the recording",
    examples=["ocean-sandbox verify integrations/github", "ocean-sandbox verify --json --output drift.json ."],
)
@click.argument("directory", default=".", type=DIRECTORY)
@timeout_option
@json_option
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Also write the result to this file, as JSON."
)
def command(directory: Path, *, as_json: bool, output: Path | None, timeout: float) -> None:
    """Resync the integration in DIRECTORY against the real API again, and compare the result with its recording.

    Calls the real API, as `ocean-sandbox discover` does. DIRECTORY defaults to the working directory.
    """
    from harness.replay.verify import verify  # noqa: PLC0415 # see _work.run
    from sandbox import settings  # noqa: PLC0415

    done = run(verify(directory.resolve(), settings.load(resync_timeout=timeout)))
    text = json.dumps(done.to_json(), indent=2, ensure_ascii=False)
    if output is not None:
        write(output, f"{text}\n")
    click.echo(text if as_json else done.report())
    sys.exit(DONE if done.is_same else FOUND)
