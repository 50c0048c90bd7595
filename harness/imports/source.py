"""Tells what kind of document something is, and has it read."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.imports import document, har, openapi, postman, wiremock_folder
from harness.imports.errors import SourceError
from harness.imports.imported import Imported, Options

KINDS = "a WireMock folder, a HAR file, an OpenAPI 3 document or a Postman collection (v2.1)"


def read(source: Path, options: Options, environment: Path | None = None) -> Imported:
    """The stubs of a folder or a file.

    Args:
        source: The folder or file.
        options: What of it is wanted.
        environment: An environment exported from Postman, for a collection.

    Raises:
        SourceError: It is of no kind that can be imported, or nothing of it can be.
        SandboxError: Something in it is wrong; the message names the place.
    """
    content = None if source.is_dir() else _content(source)
    kind = wiremock_folder.KIND if content is None else _kind(source, content)
    _see_that_they_apply(source, kind, options, environment)
    if environment is not None:
        values = postman.variables_of(environment, document.read(environment))
        options = replace(options, variables={**values, **options.variables})
    found = wiremock_folder.read(source) if content is None else _READERS[kind](source, content, options)
    if not found.taken:
        reasons = found.account.left_out.items()
        raise SourceError(
            f"{source}: none of its {found.counted} can be imported.",
            remedy="the reasons are below.",
            detail="\n".join(f"{reason}: {places[0]} ({len(places)})" for reason, places in reasons),
        )
    return found


_READERS = {openapi.KIND: openapi.read, har.KIND: har.read, postman.KIND: postman.read}


def _see_that_they_apply(source: Path, kind: str, options: Options, environment: Path | None) -> None:
    """Refuse what would be ignored.

    Raises:
        SourceError: An option says nothing of such a document.
    """
    is_folder = kind == wiremock_folder.KIND
    for is_given, name, applies, to in (
        (options.only, "--only", not is_folder, "HAR, OpenAPI and Postman files"),
        (options.allowed, "--allow", not is_folder, "HAR, OpenAPI and Postman files"),
        (options.server, "--server", kind == openapi.KIND, "OpenAPI documents"),
        (environment is not None, "--environment", kind == postman.KIND, "Postman collections"),
    ):
        if is_given and not applies:
            article = "an" if kind.startswith("O") else "a"
            raise SourceError(
                f"{source} is {article} {kind}, and {name} is for {to}.",
                remedy=f"leave out {name}, or name another source.",
            )


def _content(path: Path) -> dict[str, Any]:
    content = document.read(path)
    if isinstance(content, dict) and isinstance(content.get("collection"), dict):  # as Postman's API gives it
        content = content["collection"]
    if not isinstance(content, dict):
        raise SourceError(f"{path} does not hold an object.", remedy=f"name {KINDS}.")
    return content


def _kind(path: Path, content: dict[str, Any]) -> str:
    if "openapi" in content:
        return openapi.KIND
    if isinstance(content.get("log"), dict) and ("entries" in content["log"] or "creator" in content["log"]):
        return har.KIND
    if isinstance(content.get("info"), dict) and "item" in content:
        return postman.KIND
    what, remedy = next(
        ((what, remedy) for is_it, what, remedy in _others(content) if is_it),
        ("nothing in it says what it is", f"name {KINDS}."),
    )
    raise SourceError(f"{path}: {what}.", remedy=remedy)


def _others(content: dict[str, Any]) -> Iterator[tuple[bool, str, str]]:
    """Documents of other kinds: whether it is one, what it is, and what to do."""
    keys = content.keys()
    yield (
        "swagger" in keys,
        f"/swagger: this is Swagger {content.get('swagger')}, which came before OpenAPI 3",
        "convert it, for example with `npx swagger2openapi FILE -o openapi.yaml` or on editor.swagger.io.",
    )
    yield (
        "requests" in keys and bool(keys & {"order", "folders", "folders_order"}),
        "/requests: this is a Postman collection of version 1",
        "open it in Postman, and export it as Collection v2.1.",
    )
    yield (
        "values" in keys and "_postman_variable_scope" in keys,
        "/values: this is a Postman environment",
        "import the collection, and name this file with --environment.",
    )
    yield (
        "mappings" in keys or keys >= {"request", "response"},
        "this is a stub file of WireMock's",
        "import the folder that it is in, or put the file into a stub folder as it is.",
    )
    yield "asyncapi" in keys, "/asyncapi: this is an AsyncAPI document", f"name {KINDS}."
    yield "_type" in keys and "resources" in keys, "this is an export of Insomnia's", "export a HAR file instead."
    yield (
        bool(keys & {"paths", "components"}),
        "it has no key `openapi`, which says the version",
        "add `openapi: 3.0.3` if it is of that version; if it is a part of a document, name the whole.",
    )
