"""Makes stubs of HAR files: what was asked, and answered, as a recording of it is replayed."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.imports.errors import SourceError
from harness.imports.imported import Imported, Options
from harness.imports.redacted import redacted
from harness.imports.requests import is_wanted
from harness.recording import har_entries
from harness.recording.account import Account
from harness.replay import replay_plan, stub_source
from harness.replay.answers import Answer
from harness.replay.recording import Recorded
from harness.replay.truncate import Cut

KIND = "HAR file"
_UUID = re.compile(r"(?i)(?<![0-9a-z])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-z])")
# What stands before a UUID that names one call.
_OF_THE_CALL = re.compile(
    r"(?i)(?:nonce|jti|(?:request|correlation|trace|span|transaction|idempotency)[_-]?(?:id|key))\W+\Z"
)


def read(path: Path, content: dict[str, Any], options: Options) -> Imported:
    """The stubs that replay a HAR file.

    Args:
        path: Where it is.
        content: What is in it, with the key ``log``.
        options: What of it is wanted.

    Raises:
        SourceError: It has no entries.
    """
    entries = content["log"].get("entries") if isinstance(content["log"], dict) else None
    if not isinstance(entries, list) or not entries:
        raise SourceError(f"{path}: /log/entries: the HAR file has no requests.", remedy="record it again.")
    account = Account()
    exchanges = list(har_entries.exchanges(entries, account, _unwanted(options)))
    recorded = redacted(exchanges, options, account).recorded
    # Without headers that say nothing, such as a server's name, as where a recording is made into a test.
    said = [replace(each, headers=Answer.of(each, whole=False).headers) for each in recorded]
    texts, bodies = stub_source.write(replay_plan.plan(said, Cut.NOTHING, config=_kept(said))) if said else ({}, {})
    stubs = {name.removesuffix(".json"): json.loads(text)["mappings"] for name, text in texts.items()}
    return Imported(KIND, "request", len(entries), len(exchanges), account, stubs, bodies)


def _unwanted(options: Options) -> Callable[[str, str], str]:
    return lambda method, url: "" if is_wanted(options.only, method, url) else "--only leaves it out"


def _kept(requests: Sequence[Recorded]) -> dict[str, str]:
    """The UUIDs that are asked for, as the configuration has those that stay the same from run to run.

    Nobody runs what asked for them: what a file has twice, or once, is meant; only what names one call is not.
    """
    asked = (f"{each.url} {json.dumps(each.request_body)}" for each in requests)
    found = {
        uuid[0]
        for text in asked
        for uuid in _UUID.finditer(text)
        if not _OF_THE_CALL.search(text[: uuid.start()][-40:])
    }
    return {"uuids": " ".join(sorted(found))}
