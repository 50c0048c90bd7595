"""Follows the ``$ref`` of a document, into files beside it, too, but never to the network."""

from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from referencing import Registry, Resource, Specification
from referencing.exceptions import Unresolvable
from referencing.typing import URI

from harness.imports import document
from sandbox.errors import SandboxError

_MOST_HOPS = 50


class BrokenReferenceError(Exception):
    """A reference leads nowhere.

    Args:
        reference: As it is written.
        why: Why it leads nowhere.
    """

    def __init__(self, reference: str, why: str) -> None:
        super().__init__(f"$ref {reference!r} {why}")


class Part(NamedTuple):
    """A part of a document, with what its references are relative to.

    Args:
        value: The part.
        resolver: Follows references in it.
        file: The address of the file that it is in.
    """

    value: Any
    resolver: Any
    file: str

    def get(self, name: str) -> "Part":
        """What an object has under a name, references followed; None of it where it has none.

        Raises:
            BrokenReferenceError: There is a reference, and it leads nowhere.
        """
        inner = self.value.get(name) if isinstance(self.value, dict) else None
        return self.part(inner).followed()

    def part(self, value: Any) -> "Part":
        """A part of this part."""
        return self._replace(value=value)

    def followed(self) -> "Part":
        """What a reference leads to, and a reference there; itself, where it is none.

        Raises:
            BrokenReferenceError: It leads nowhere, or in a circle.
        """
        part = self
        for _ in range(_MOST_HOPS):
            reference = part.value.get("$ref") if isinstance(part.value, dict) else None
            if not isinstance(reference, str):
                return part
            part = part.follow(reference)
        raise BrokenReferenceError(str(reference), "leads to itself")

    def follow(self, reference: str) -> "Part":
        """What a reference leads to.

        Raises:
            BrokenReferenceError: It leads nowhere.
        """
        try:
            found = self.resolver.lookup(reference)
        except (Unresolvable, ValueError, TypeError, AttributeError) as error:
            raise BrokenReferenceError(reference, _why(error)) from error
        return Part(found.contents, found.resolver, self.address(reference).partition("#")[0])

    def address(self, reference: str) -> str:
        """The whole address of a reference, which is the same wherever it is written.

        Raises:
            BrokenReferenceError: It is not a URL.
        """
        try:
            return f"{self.file}{reference}" if reference.startswith("#") else urljoin(self.file, reference)
        except ValueError as error:
            raise BrokenReferenceError(reference, "is not a URL") from error


def root(path: Path, content: Any) -> Part:
    """The whole of a document.

    Args:
        path: Where it is.
        content: What is in it.
    """
    address = path.resolve().as_uri()
    resource = Specification.OPAQUE.create_resource(content)
    registry: Registry[Any] = Registry(retrieve=_Files())  # type: ignore[call-arg] # its class is made by attrs in a way that mypy cannot see
    registry = registry.with_resource(address, resource)
    return Part(content, registry.resolver(address), address)


class _Files:
    """Reads the files that references name, each once."""

    def __init__(self) -> None:
        self._read: dict[str, Resource[Any]] = {}

    def __call__(self, uri: URI) -> Resource[Any]:
        if uri not in self._read:
            parts = urlsplit(uri)
            if parts.scheme != "file":
                raise _NotHereError("is on the network, where nothing is fetched from: download it beside the document")
            try:
                content = document.read(Path(unquote(parts.path)))
            except SandboxError as error:
                raise _NotHereError(f"cannot be read: {error.what}") from error
            self._read[uri] = Specification.OPAQUE.create_resource(content)
        return self._read[uri]


class _NotHereError(Exception):
    pass


def _why(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, _NotHereError):
            return str(error)
        error = error.__cause__
    return "leads nowhere"
