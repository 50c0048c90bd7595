"""Has what is imported redacted as a recording is, and makes answers of stubs of it."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from harness.imports.imported import Options
from harness.imports.requests import ANY_HOST
from harness.recording import discovery_file, extra
from harness.recording.account import Account, without_user
from harness.recording.exchange import Exchange
from harness.redaction import unknown_secrets
from harness.redaction.pii import People
from harness.redaction.redact import Redactor
from harness.replay import recording
from harness.replay.answers import Answer
from harness.replay.recorded_bodies import RecordedBodies
from harness.replay.recording import Recorded
from sandbox.sizes import count

_JSON = "application/json"
_FIELD = "third_party_requests"
_HEAD: dict[str, Any] = {"metadata": {}, "integration_config": {}, "mapping_config": {}}
_FIRST_SUSPECT = 90_001  # far from the placeholders of what is known to be one
_SUSPECT = "what may be a secret is replaced by a placeholder: --allow PLACE keeps it"


class Redacted(NamedTuple):
    """What is left of a document's requests and answers.

    Args:
        recorded: The exchanges, each at its place.
        said: What else is said of them.
    """

    recorded: list[Recorded]
    said: dict[str, Any]


def redacted(
    exchanges: Sequence[Exchange],
    options: Options,
    account: Account,
    secrets: Sequence[str] = (),
    said: Mapping[str, Any] | None = None,
) -> Redacted:
    """The exchanges, and what else is said of them, without secrets and without people's names and addresses.

    Where a recording is refused, since a text of it may be a secret, that text is replaced here: nobody asks the API for
    it again.

    Args:
        exchanges: What the document has.
        options: What stays as it is.
        account: Is told what was replaced only because it may be a secret; its places are redacted, too.
        secrets: What is secret, whatever it looks like.
        said: What else of the document goes into stubs, such as their names, as JSON has it.

    Raises:
        SecretLeftError: There may be a secret left.
        SandboxError: A package is missing.
    """
    if not exchanges and not account.places():
        return Redacted([], dict(said or {}))
    extra.check("Importing answers")
    people = None if options.keep_personal_data else People()
    redactor = Redactor(people.clean_text if people is not None else None)
    for secret in secrets:
        redactor.add(secret)
    # One more exchange, so that all is redacted alike.
    named = account.places()
    rest = Exchange("GET", f"https://{ANY_HOST}/", request_content=json.dumps({"places": named, "said": said}).encode())
    with tempfile.TemporaryDirectory(prefix="ocean-sandbox-import-") as folder:
        file = Path(folder) / "redacted.json"
        discovery_file.write(file, _HEAD, {_FIELD: [*exchanges, rest]}, redactor, people, allowed=None)
        content = json.loads(file.read_bytes())
        places = unknown_secrets.suspects(file.read_bytes(), options.allowed)
        in_urls = [place for place in places if place.endswith("].url")]
        if in_urls:
            raise discovery_file.SecretLeftError(
                f"{count(len(in_urls), 'URL')} may have a secret, and nothing was written.",
                remedy=f"take it out of the document; if it is none, allow its place, quoted: --allow '{in_urls[0]}' "
                "(repeatable; [*] matches any index).",
                detail="\n".join(f"{place}: {places[place]}" for place in in_urls),
            )
        replaced = {place: f"redacted-{_FIRST_SUSPECT + number}" for number, place in enumerate(places)}
        content[_FIELD] = _with(content[_FIELD], _FIELD, replaced)
        file.write_text(json.dumps(content), encoding="utf-8")
        *recorded, last = recording.read_file(file).requests
    account.rename(dict(zip(named, last.request_body["places"], strict=True)))
    account.clean = redactor.clean_text
    for place in replaced:
        number = int(place.partition("[")[2].partition("]")[0])
        if number < len(exchanges):
            asked = recorded[number]
            account.note(f"{place} ({asked.method} {without_user(asked.url.partition('?')[0])})", _SUSPECT)
        elif not place.startswith(f"{_FIELD}[{number}].request_body.places["):
            account.note(place, _SUSPECT)
    return Redacted(recorded, last.request_body["said"] or {})


def _with(content: Any, place: str, replaced: dict[str, str]) -> Any:
    """The content, with other texts at some places, which are written as the scan for secrets writes them."""
    if isinstance(content, list):
        return [_with(each, f"{place}[{number}]", replaced) for number, each in enumerate(content)]
    if isinstance(content, dict):
        return {name: _with(each, f"{place}.{name}", replaced) for name, each in content.items()}
    return replaced.get(place, content)


def responses(recorded: Sequence[Recorded]) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The answers of stubs, in WireMock's own JSON, and the body files that they name.

    Args:
        recorded: Requests with their answers.
    """
    answers = [Answer.of(each, whole=False) for each in recorded]
    bodies = RecordedBodies(answers)
    return [_response(answer, bodies) for answer in answers], bodies.files


def _response(answer: Answer, bodies: RecordedBodies) -> dict[str, Any]:
    found: dict[str, Any] = {"status": answer.status}
    headers = {_as_written(name): value for name, value in answer.headers.items()}
    if answer.is_json and "Content-Type" not in headers:
        headers = {"Content-Type": _JSON, **headers}
    if headers:
        found["headers"] = headers
    if (name := bodies.keep(answer)) is not None:
        found["bodyFileName"] = name
    elif answer.is_json:
        found["jsonBody"] = answer.body
    elif answer.body is not None:
        found["body"] = answer.body
    return found


def _as_written(name: str) -> str:
    """A header's name as people write it: recordings have it in lower case."""
    return "-".join(part[:1].upper() + part[1:] for part in name.split("-"))
