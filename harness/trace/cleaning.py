"""Removes secrets from what goes into a trace: a file that is attached to issues, and kept by CI.

The rules are those of a recording (:mod:`harness.redaction.redact`): sensitive settings of the integration wherever they
turn up, what cookies, headers, parameters and fields with the name of a credential hold, and tokens by their form.
"""

import contextlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.integration.configuration import ConfigError, read_spec
from harness.redaction import leak_scan
from harness.redaction.credential_names import is_credential_field
from harness.redaction.redact import Redactor
from harness.redaction.secret_forms import SHORTEST
from harness.trace.model import Body, Call, Pairs, Trace

# A field of JSON that is cut, or that stands in a line of the log.
_FIELD = re.compile(r"""(["'])(?P<name>[\w.-]{1,60})\1(\s*:\s*)(["'])(?P<value>[^"'\\]+)(?:\4|\Z)""")


def knowing(configured: Iterable[tuple[Path, dict[str, Any]]]) -> Redactor:
    """A redactor that knows the secrets of integrations' configurations.

    Args:
        configured: The directory and the configuration of each.
    """
    redactor = Redactor()
    for directory, config in configured:
        sensitive = _sensitive(directory)
        for name, value in ((config.get("integration") or {}).get("config") or {}).items():
            redactor.add_config(name, value, is_sensitive=_plain(name) in sensitive)
        if secret := (config.get("port") or {}).get("client_secret"):
            redactor.add(str(secret))
    return redactor


class Cleaner:
    """Cleans what goes into the page.

    Args:
        redactor: Knows what is secret, and learns what else there is from the trace.
        trace: The trace.
    """

    def __init__(self, redactor: Redactor, trace: Trace) -> None:
        self._redactor = redactor
        for run in trace.runs:
            for call in run.calls:
                self._learn(call)

    @property
    def count(self) -> int:
        """How many values were replaced."""
        return len(self._redactor)

    def text(self, text: str) -> str:
        """A text: a URL, a line of the log, an error's words."""
        with self._redactor.focus(text):
            cleaned = self._redactor.clean_text(text)
        return _FIELD.sub(self._field, cleaned) if ":" in cleaned else cleaned

    def value(self, value: Any) -> Any:
        """A JSON value."""
        with self._redactor.focus(value):
            return self._redactor.clean(value)

    def texts(self, value: Any) -> Any:
        """A JSON value whose fields are no credentials, whatever their names."""
        with self._redactor.focus(value):
            return self._redactor.clean_texts(value)

    def named(self, name: str, value: Any) -> Any:
        """A JSON value that goes by a name, which may be a credential's."""
        with self._redactor.focus(value):
            return next(iter(self._redactor.clean({name: value}).values()))

    def headers(self, headers: Pairs) -> Pairs:
        """Headers."""
        with self._redactor.focus([list(pair) for pair in headers]):
            return self._redactor.clean_headers(headers)

    def body(self, body: Body) -> str | None:
        """The text of a body; None if it is not text."""
        try:
            text = body.content.decode()
        except UnicodeDecodeError:
            return None
        value = _parsed(text)
        if value is None:
            return self.text(text)
        cleaned = self.value(value)
        return text if cleaned == value else json.dumps(cleaned, ensure_ascii=False)

    def left_in(self, text: str) -> list[str]:
        """The placeholders of the secrets that a text still has."""
        known = {secret: name for secret, name in self._redactor.known().items() if len(secret) >= SHORTEST}
        return list(leak_scan.left_in(text.encode("utf-8", "replace"), known)) if known else []

    def _learn(self, call: Call) -> None:
        self._redactor.learn(call.url)
        for headers, body in ((call.request_headers, call.request), (call.response_headers, call.response)):
            self._redactor.learn_headers(headers or [])
            text = body.content.decode(errors="replace")
            self._redactor.learn(_parsed(text) or text)

    def _field(self, found: re.Match[str]) -> str:
        if not is_credential_field(found["name"]):
            return found.group()
        return found.group().replace(found["value"], self._redactor.placeholder(found["value"]))


def _parsed(text: str) -> Any:
    """The object or list that a text encodes; None if it does not."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(text)
    return None


def _sensitive(directory: Path) -> frozenset[str]:
    try:
        return frozenset(_plain(setting.name) for setting in read_spec(directory) if setting.is_sensitive)
    except ConfigError:  # names alone tell, then
        return frozenset()


def _plain(name: str) -> str:
    """A setting's name, be it written as the spec has it or as Ocean does."""
    return re.sub(r"[-_\s]", "", name).lower()
