"""``ocean-sandbox stubs try``: which stub answers a request, and with what."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli._common import DIRECTORY
from sandbox.cli import output
from sandbox.cli.command import Command, json_option
from sandbox.cli.exit_codes import DONE, FOUND
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    import httpx

    from harness.stubs.mappings import Stub
    from harness.stubs.single_request import Answer
    from sandbox.settings import Settings

_SHOWN = 5_000


@click.command(
    "try",
    cls=Command,
    short_help="Show which stub answers a request, and with what.",
    done="a stub answered",
    found="no stub answered, or WireMock failed to",
    examples=[
        "ocean-sandbox stubs try wiremock-mappings/github GET https://api.github.com/repos?page=2",
        "ocean-sandbox stubs try . POST /graphql --header 'Content-Type: application/json' --body @query.json",
    ],
)
@click.argument("directory", type=DIRECTORY)
@click.argument("method")
@click.argument("url")
@click.option(
    "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header of the request; repeatable."
)
@click.option("--body", metavar="TEXT", help="The body of the request; @FILE for what is in a file.")
@click.option("--over", multiple=True, type=DIRECTORY, help="A stub folder that DIRECTORY is laid over.")
@json_option
def command(
    directory: Path,
    method: str,
    url: str,
    headers: tuple[str, ...],
    body: str | None,
    over: tuple[Path, ...],
    *,
    as_json: bool,
) -> None:
    """Send one request to a WireMock that has the stubs of DIRECTORY, without a resync.

    DIRECTORY is a stub folder, or an integration's directory, which stands for its stub folder. URL may be just a path if
    the stubs name a host. The output is the stub that answered and the answer that an integration would get, with
    templates rendered; or the nearest stub and what differs. Scenarios are in their initial states.
    """
    from harness.options import settings_in_force  # noqa: PLC0415 # see _common.run
    from harness.stubs.single_request import answer_to  # noqa: PLC0415
    from sandbox.services.lone_wiremock import lone_wiremock  # noqa: PLC0415

    settings = settings_in_force()
    stubs = _stubs(directory.resolve(), over, settings)
    request = _request(method, url, headers, body, stubs)
    with output.busy("starting WireMock"), lone_wiremock(settings) as wiremock:
        answer = answer_to(request, stubs, wiremock)
    if as_json:
        output.show_json(answer.to_dict())
    else:
        _show(answer)
    sys.exit(FOUND if answer.failures or answer.unmatched else DONE)


def _stubs(directory: Path, over: tuple[Path, ...], settings: "Settings") -> "list[Stub]":
    from harness.running.defaults import stub_folders_of  # noqa: PLC0415
    from harness.stubs.check import folders  # noqa: PLC0415
    from harness.stubs.errors import StubFileError  # noqa: PLC0415
    from harness.stubs.folder import find_root, load  # noqa: PLC0415

    if (directory / ".port").is_dir() and (of_it := stub_folders_of(directory, settings.mappings)):
        return load(of_it, directory, find_root(directory, settings.mappings), are_templated=settings.global_templating)
    found = folders(directory)
    if len(found) > 1:
        names = ", ".join(str(each) for each in found)
        raise StubFileError(f"{directory} holds several stub folders.", remedy=f"name one of {names}.")
    named = [str(each) for each in (*(each.resolve() for each in over), *found)]
    return load(named, directory, directory, are_templated=settings.global_templating)


def _request(method: str, url: str, headers: tuple[str, ...], body: str | None, stubs: "list[Stub]") -> "httpx.Request":
    import httpx  # noqa: PLC0415

    from harness.running.defaults import address_of  # noqa: PLC0415

    pairs = []
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon:
            raise click.BadParameter(f"{header!r} has no colon: write 'Name: value'.", param_hint="--header")
        pairs.append((name.strip(), value.strip()))
    content = (body or "").encode()
    if body and body.startswith("@"):
        try:
            content = Path(body[1:]).read_bytes()
        except OSError as error:
            raise SandboxError(f"{body[1:]} cannot be read: {error.strerror}.", remedy="name another file.") from error
    if url.startswith("/"):
        url = f"{address_of(stubs) or 'https://localhost'}{url}"
    try:
        request = httpx.Request(method.upper(), url, headers=pairs, content=content)
    except (httpx.InvalidURL, ValueError) as error:
        raise click.BadParameter(f"{url!r} is not a URL: {error}", param_hint="URL") from error
    if request.url.scheme not in ("http", "https") or not request.url.host:
        raise click.BadParameter(f"{url!r} is not a URL: write https://host/path, or /path", param_hint="URL")
    return request


def _show(answer: "Answer") -> None:
    for failure in answer.failures:
        click.echo(failure)
    if answer.unmatched:
        click.echo(str(answer.unmatched))
        return
    click.echo(f"{answer.request.method} {answer.request.url}")
    click.echo(f"answered by {answer.stub} in {answer.seconds * 1000:.0f} ms")
    if answer.response is None:
        click.echo(f"\nThe stub breaks the connection: {answer.fault}")
        return
    click.echo(f"\n{answer.response.status_code} {answer.response.reason_phrase}".rstrip())
    for name, value in answer.response.headers.multi_items():
        click.echo(f"{name}: {value}")
    text = answer.response.text
    click.echo(f"\n{text[:_SHOWN]}" if text else "")
    if len(text) > _SHOWN:
        click.echo(f"… {len(text) - _SHOWN:,} more characters; --json has all of it")
