"""``ocean-sandbox stubs import``: stub files from what others have."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import _stubs_findings
from sandbox.cli import output
from sandbox.cli.command import Command, json_option
from sandbox.cli.exit_codes import DONE, FOUND
from sandbox.sizes import count

if TYPE_CHECKING:
    from harness.imports.imported import Imported
    from harness.imports.writing import Written
    from harness.stubs.finding import Finding

_SHOWN = 3


@click.command(
    "import",
    cls=Command,
    short_help="Generate stub files from WireMock folders, HAR, OpenAPI or Postman files.",
    done="imported, and the stub folder has no problems",
    found="imported; the stub folder has problems to fix",
    examples=[
        "ocean-sandbox stubs import ../wiremock -o wiremock-mappings/github",
        "ocean-sandbox stubs import openapi.yaml -o wiremock-mappings/github --only '/repos/*'",
        "ocean-sandbox stubs import collection.json --environment staging.json -o wiremock-mappings/github",
    ],
)
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output", "-o", "target", required=True, type=click.Path(file_okay=False, path_type=Path), help="The stub folder."
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="The short form, or WireMock's own JSON. A WireMock folder stays JSON.",
)
@click.option("--force", is_flag=True, help="Overwrite files of the same names.")
@click.option(
    "--only",
    metavar="GLOB",
    multiple=True,
    help="Only requests whose path or URL matches: '/v2/*', 'https://api.example.com/*', 'GET *'. Repeatable.",
)
@click.option("--server", metavar="URL", help="Where the API of an OpenAPI document is, instead of where it says.")
@click.option(
    "--environment",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An environment exported from Postman, with values of variables.",
)
@click.option("--keep-personal-data", is_flag=True, help="Keep e-mail addresses and people's names.")
@click.option(
    "--allow",
    "allowed",
    metavar="PLACE",
    multiple=True,
    help="A place that the leak scan took for a secret by mistake; [*] matches any index. Repeatable.",
)
@json_option
def command(
    source: Path,
    target: Path,
    form: Any,
    only: tuple[str, ...],
    server: str | None,
    environment: Path | None,
    allowed: tuple[str, ...],
    *,
    force: bool,
    keep_personal_data: bool,
    as_json: bool,
) -> None:
    """Generate stub files from SOURCE, and check the stub folder.

    SOURCE is a WireMock folder (mappings and __files), a HAR file, an OpenAPI 3 document or a Postman collection
    (v2.1). Secrets and personal data are replaced as in a recording, except those of a WireMock folder, whose stubs
    answer as they did. What is left out is listed with the reason.
    """
    from harness.imports import source as sources  # noqa: PLC0415 # see _common.run
    from harness.imports.imported import Options  # noqa: PLC0415
    from harness.imports.writing import write  # noqa: PLC0415
    from harness.options import settings_in_force  # noqa: PLC0415
    from harness.stubs.check import checked  # noqa: PLC0415

    options = Options(only, server, {}, keep_personal_data, allowed)
    with output.busy(f"reading {source}"):
        imported = sources.read(source, options, environment)
        written = write(imported, target, form, force=force)
    with output.busy(f"checking {target}"):
        seen = checked(target, are_templated=settings_in_force().global_templating)
    if as_json:
        output.show_json(_told(imported, written, seen.found))
    else:
        _show(imported, written)
        _stubs_findings.show(seen.found, len(seen.ignored), each=False)
    sys.exit(FOUND if any(not finding.is_warning for finding in seen.found) else DONE)


def _told(imported: "Imported", written: "Written", found: "list[Finding]") -> dict[str, Any]:
    return {
        "kind": imported.kind,
        "written": written.written,
        "same": written.same,
        "found": imported.found,
        "taken": imported.taken,
        "left_out": imported.account.left_out,
        "notes": imported.account.notes,
        "findings": [finding.to_dict() for finding in found],
    }


def _show(imported: "Imported", written: "Written") -> None:
    for path in written.written:
        click.echo(f"{path}: written")
    if written.same:
        click.echo(f"{count(len(written.same), 'file')} unchanged")
    for what, places in imported.account.notes.items():
        click.echo(f"note: {what}: {_listed(places)}", err=True)
    for reason, places in imported.account.left_out.items():
        click.echo(f"left out: {reason}: {_listed(places)}", err=True)
    click.echo(f"{imported.kind}: {imported.taken} of {imported.counted} taken")


def _listed(places: list[str]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return f"{', '.join(places[:_SHOWN])}{more}"
