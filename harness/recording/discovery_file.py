"""Writes a ``discovery.json``: whole or not at all, and never with a secret in it."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

from harness.atomic_write import replacing
from harness.recording.exchange import Compare, Exchange
from harness.recording.replaced import Replaced
from harness.redaction import leak_scan, unknown_secrets
from harness.redaction.pii import People
from harness.redaction.redact import Redactor
from harness.redaction.secret_forms import SHORTEST
from sandbox.errors import SandboxError
from sandbox.sizes import count

PLACE = Path(".port", "resources", "discovery.json")
VERSION = 1
# So many places are told of those that may have a secret.
_NAMED = 20
_TEMPORARY = ".discovery-"


class SecretLeftError(SandboxError):
    """What was to be written still had a secret in it, and was deleted."""


def write(
    file: Path,
    head: dict[str, Any],
    exchanges: dict[str, list[Exchange]],
    redactor: Redactor,
    people: People | None = None,
    secrets: Mapping[str, str] | None = None,
    allowed: Collection[str] | None = (),
) -> dict[str, dict[str, int]]:
    """Redact a recording, write it, read it again in search of secrets, and only then put it in its place.

    Args:
        file: Where to.
        head: The documented fields above the requests; sensitive configuration values are placeholders already.
        exchanges: The fields that hold requests; each list is emptied on the way, which saves memory.
        redactor: Knows the sensitive values of the configuration, and learns what else there is.
        people: Learns names and addresses, and was given to ``redactor``; None to keep personal data.
        secrets: What must not be in the file whatever ``redactor`` knows of it, each with a name that may be said.
        allowed: Places where what looks like a secret is not one; None to look for known secrets only.

    Returns:
        How many values were replaced, by kind and place; it is in the file's metadata, too.

    Raises:
        SecretLeftError: A secret was still there; what was written is deleted, and what was in the place before stays.
        SandboxError: The file cannot be written.
    """
    for exchange in (each for several in exchanges.values() for each in several):
        for body in exchange.learn(redactor):
            if people is not None:
                people.learn(body)
    redactor.forget_cleaned()
    try:
        with replacing(file, _TEMPORARY) as temporary:
            with temporary.open("w", encoding="utf-8", newline="\n") as stream:
                cleaned = {name: redactor.clean_texts(value) for name, value in head.items()}
                replaced = _write(stream, cleaned, exchanges, redactor, people)
            _look_through(temporary, redactor.known() | dict(secrets or {}), people)
            if allowed is not None:
                _look_for_unknown(temporary, allowed)
    except OSError as error:
        raise SandboxError(
            f"{file} cannot be written: {error}", remedy="make sure that the folder is writable."
        ) from error
    return replaced


def _look_through(file: Path, secrets: Mapping[str, str], people: People | None) -> None:
    """Look for every known secret in what was written.

    Raises:
        SecretLeftError: There is one. Its name says which; it itself is not said.
    """
    content = file.read_bytes()
    found = leak_scan.left_in(content, {secret: name for secret, name in secrets.items() if len(secret) >= SHORTEST})
    left = [f"{name} (in {wrapped})" if wrapped else name for name, wrapped in found.items()]
    left += people.left_in(content.decode()) if people is not None else []
    if left:
        raise SecretLeftError(
            f"The recording still had {count(len(left), 'secret')} after replacing them, and was deleted: "
            f"{', '.join(left[:5])}.",
            remedy="an answer has it in a form that ocean-sandbox cannot replace, which is a bug in ocean-sandbox: please report it. Or "
            "it is not a secret but, for example, a common word: check which configuration values spec.yaml marks as sensitive.",
        )


def _look_for_unknown(file: Path, allowed: Collection[str]) -> None:
    """Look in what was written for what has the form of a secret.

    Raises:
        SecretLeftError: There is one that was not allowed. The message names its place, not the secret.
    """
    if found := unknown_secrets.suspects(file.read_bytes(), allowed):
        listed = "\n".join(f"{place}: {what}" for place, what in list(found.items())[:_NAMED])
        first = next(iter(found))
        raise SecretLeftError(
            f"{count(len(found), 'text')} of the recording may be secret, and nothing was written.",
            remedy=f"if it is not a secret, allow its place, quoted: ocean-sandbox discover --allow '{first}' (repeatable; [*] "
            "matches any index). If it is one, mark it in spec.yaml as sensitive, or report its kind.",
            detail=listed,
        )


def _write(
    stream: IO[str],
    head: dict[str, Any],
    exchanges: dict[str, list[Exchange]],
    redactor: Redactor,
    people: People | None,
) -> dict[str, dict[str, int]]:
    """Entry by entry: a recording may be larger than what Python makes of all of it at once should be.

    Returns:
        What was replaced, which is known only at the end, though the file begins with it.
    """
    replaced = Replaced(people)
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as rest:
        for name, several in exchanges.items():
            rest.write(f",\n  {json.dumps(name)}: [")
            comma = ""
            for entry in _entries(several, redactor, partial(replaced.count, f"{name}[*]")):
                rest.write(f"{comma}\n    {_indented(entry, 4)}")
                comma = ","
            rest.write("\n  ]" if comma else "]")
        found = replaced.by_kind()
        if "metadata" in head:
            head = {**head, "metadata": {**head["metadata"], "replaced": found}}
        first = ",".join(f"\n  {json.dumps(name)}: {_indented(value, 2)}" for name, value in head.items())
        stream.write("{" + first)
        rest.seek(0 if first else 1)  # without the comma
        shutil.copyfileobj(rest, stream)
    stream.write("\n}\n")
    return found


def _entries(several: list[Exchange], redactor: Redactor, compare: Compare) -> Iterator[dict[str, Any]]:
    several.reverse()
    while several:
        yield several.pop().entry(redactor, compare)


def _indented(value: Any, spaces: int) -> str:
    # A lone half of a surrogate pair, which JSON may escape, cannot be written as UTF-8.
    text = json.dumps(value, indent=2, ensure_ascii=False)
    with contextlib.suppress(UnicodeEncodeError):
        text.encode()
        return text.replace("\n", "\n" + " " * spaces)
    return json.dumps(value, indent=2).replace("\n", "\n" + " " * spaces)


def entries_of(calls: Iterable[Any]) -> list[Exchange]:
    """The exchanges of a call log."""
    return [Exchange.of(call.request, call.response, call.response.content) for call in calls]
