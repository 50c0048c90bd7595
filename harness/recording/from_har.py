"""Makes a recording of an HTTP archive, redacted as one that discover makes."""

import dataclasses
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from harness.integration import configuration
from harness.integration.configuration import IntegrationConfig
from harness.integration.resources import mapping_of, read_blueprints
from harness.recording import configured, discovery_file, har
from harness.recording.account import Account
from harness.recording.exchange import Exchange
from harness.redaction.pii import People
from harness.redaction.redact import Redactor
from sandbox.progress import say

_SHOWN = 3


@dataclasses.dataclass(frozen=True)
class Taken:
    """What became of an archive.

    Args:
        replaced: How many values were replaced, by kind and place.
        left_out: The requests that are not in the recording, by the reason.
        notes: Those that are not in it as they were, by what is different.
    """

    replaced: dict[str, dict[str, int]]
    left_out: dict[str, list[str]]
    notes: dict[str, list[str]]


def record(directory: Path, archive: Path, file: Path, allowed: Collection[str] = ()) -> Taken:
    """Write a recording that has the requests of an archive, and say on stderr what is left out of it.

    Args:
        directory: Where the integration's ``main.py`` is; its configuration, mapping and blueprints are used.
        archive: The HAR.
        file: Where to write the recording.
        allowed: Places where what looks like a secret is not one.

    Raises:
        HarError: The archive cannot be used.
        ConfigError: The spec, ``.env`` or the environment is wrong.
        SecretLeftError: A secret would have been written.
    """
    account = Account()
    exchanges = har.read(archive, account)
    config = _at_the_host(configuration.read(directory), exchanges)
    people = People()
    redactor = Redactor(people.clean_text)
    configured.learn(config, redactor)
    _, mapping = mapping_of(directory)
    head = {
        "metadata": {
            "integration_type": config.kind,
            "generated_at": datetime.fromtimestamp(archive.stat().st_mtime, UTC).isoformat(timespec="seconds"),
            "version": discovery_file.VERSION,
        },
        "integration_config": configured.cleaned(config, redactor),
        "mapping_config": mapping,
        "blueprints": read_blueprints(directory),
    }
    several: dict[str, list[Exchange]] = {"third_party_requests": exchanges, "port_requests": []}
    file.parent.mkdir(parents=True, exist_ok=True)
    named = account.places()
    redactor.learn(named)
    replaced = discovery_file.write(file, head, several, redactor, people, configured.secrets(config), allowed)
    account.rename({place: redactor.clean_text(place) for place in named})
    _tell(archive, account)
    return Taken(replaced, account.left_out, account.notes)


def _tell(archive: Path, account: Account) -> None:
    """Say what of the archive is not in the recording, or not as it was."""
    for word, listed in (("note", account.notes), ("left out", account.left_out)):
        for what, places in listed.items():
            more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            say("generate", f"{archive.name}: {word}: {what}: {', '.join(places[:_SHOWN])}{more}")


def _at_the_host(config: IntegrationConfig, exchanges: list[Exchange]) -> IntegrationConfig:
    """The configuration, with the archive's host in place of a dummy's."""
    if config.is_real:
        return config
    origins = Counter("{0.scheme}://{0.netloc}".format(urlsplit(each.url)) for each in exchanges)
    origin = origins.most_common(1)[0][0]
    values = {
        name: origin if isinstance(value, str) and value.startswith(("http://", "https://")) else value
        for name, value in config.values.items()
    }
    return dataclasses.replace(config, values=values)
