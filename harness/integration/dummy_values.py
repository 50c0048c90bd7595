"""Dummy values with which an integration can start if none are given: of the kind that its spec and names suggest.

What the 49 public integrations ask for decides what is here. A wrong guess is expensive: httpx takes a URL without a scheme
for a lost connection, and Ocean asks again for minutes.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from harness.integration.dummy_key import private_key
from harness.integration.setting import Setting

_OF_A_TYPE: dict[str, Any] = {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}
_OF_A_FORMAT = {
    "date": "2024-01-01",
    "date-time": "2024-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "json": "{}",
}
_URLS = {"url", "uri", "endpoint"}
_ADDRESSES = {"host", "server", "address", "instance", "site", "origin"}
_HOST_NAMES = {"hostname", "domain", "fqdn"}
_MAILS = {"email", "mail"}
_SCHEDULES = {"cron", "crontab", "schedule"}
_NUMBERS = {
    *("port", "timeout", "interval", "size", "limit", "count", "amount", "quota", "threshold", "retries"),
    *("seconds", "minutes", "hours", "days"),
}
# Not one with a part to fill in, nor one on this machine.
_EXAMPLE_URL = re.compile(
    r"""(?:e\.g\.?|example|such as)[,:]?\s*["'`]?(https?://(?!localhost)[^\s"'`()<>{}]++)(?![<{])""", re.IGNORECASE
)
_SAYS_URL = re.compile(r"https?://|\bURL\b|\bURI\b")


def dummies(
    settings: Iterable[Setting], given: Mapping[str, Any] | None = None, address: str | None = None
) -> dict[str, Any]:
    """What is given, each default, and of what is required besides a value of the right kind.

    Args:
        settings: Those of its spec.
        given: What somebody says, by Ocean's names. What is required can depend on it.
        address: What to use for a URL; by default one that does not exist.
    """
    settings = list(settings)
    values = {each.name: each.default for each in settings if each.default is not None} | dict(given or {})
    needed = [each for each in settings if each.name not in values and each.is_required_with(values)]
    # In the order of the spec.
    made = values | {each.name: dummy(each, address) for each in needed}
    return {name: made[name] for name in dict.fromkeys([*(each.name for each in settings), *made]) if name in made}


def dummy(setting: Setting, address: str | None = None) -> Any:
    """A value of the right kind for a setting.

    Args:
        setting: It; its default does not count.
        address: What to use for a URL; by default one that does not exist.
    """
    if setting.example is not None:
        return setting.example
    if setting.choices:
        return setting.choices[0]
    if setting.kind in ("array", "object"):
        return _of_many(setting, address)
    if setting.kind in _OF_A_TYPE:
        return _OF_A_TYPE[setting.kind]
    return _text(setting, address)


def _text(setting: Setting, address: str | None) -> str:
    name, words = setting.name.replace("_", "-"), setting.name.split("_")
    example_url = _EXAMPLE_URL.search(setting.description)
    url = address or (example_url[1].rstrip(".,;") if example_url else f"https://{name}.example.com")
    of_the_form = {
        url: _is_url(setting, words[-1]),
        urlsplit(url).netloc: words[-1] in _HOST_NAMES or setting.form == "hostname",
        f"dummy-{name}@example.com": not _MAILS.isdisjoint(words) or setting.form == "email",
        "0 0 * * *": not _SCHEDULES.isdisjoint(words),
        "1": words[-1] in _NUMBERS,
    }
    if found := next((value for value, fits in of_the_form.items() if fits), None):
        return found
    if setting.form in _OF_A_FORMAT:
        return _OF_A_FORMAT[setting.form]
    if "pem" in words or words[-2:] == ["private", "key"]:
        return private_key()
    if "JSON" in setting.description and (example := _json_in(setting.description)) is not None:
        return json.dumps(example)
    # Of a realistic length: Ocean takes what is secret out of its log, and a letter or two would tear words apart.
    return f"dummy-{name}"


def _is_url(setting: Setting, last: str) -> bool:
    if setting.kind == "url" or setting.form in ("url", "uri") or last in _URLS:
        return True
    says = _SAYS_URL.search(setting.description) is not None
    return last in _ADDRESSES | _HOST_NAMES and (says or (last in _ADDRESSES and not setting.description))


def _of_many(setting: Setting, address: str | None) -> Any:
    if setting.kind == "array" and setting.name.rpartition("_")[2] in {f"{word}s" for word in _URLS}:
        return [address or f"https://{setting.name.replace('_', '-')}.example.com"]
    example = _json_in(setting.description)
    kind = list if setting.kind == "array" else dict
    return example if isinstance(example, kind) else _OF_A_TYPE[setting.kind]


def _json_in(description: str) -> Any:
    """The JSON object or array that a description has as its example."""
    text = description.replace('\\"', '"')
    for start in re.finditer(r"[\[{]", text):
        try:
            return json.JSONDecoder().raw_decode(text, start.start())[0]
        except ValueError:
            continue
    return None
