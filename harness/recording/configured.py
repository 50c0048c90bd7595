"""What the configuration of an integration says of secrets, and what of it is written."""

import re
from typing import Any

from harness.integration.configuration import IntegrationConfig
from harness.redaction.credential_forms import PRIVATE_KEY
from harness.redaction.json_texts import texts
from harness.redaction.redact import Redactor


def learn(config: IntegrationConfig, redactor: Redactor) -> list[str]:
    """Tell the redactor the secrets of the configuration; gives what cannot be done."""
    warnings = []
    if not config.is_real:
        return []
    for name, value in config.values.items():
        if not redactor.add_config(name, value, is_sensitive=name in config.sensitive, is_plain=name in config.plain):
            warnings.append(f"{name} is so short that it is replaced in integration_config only")
    for value in config.secrets:
        redactor.add(value, deep=True)
    for name, close in config.unknown.items():
        warnings.append(
            f"spec.yaml has no {name}{f' (did you mean {close}?)' if close else ''}; it was passed on unchanged"
        )
    return warnings


def cleaned(config: IntegrationConfig, redactor: Redactor) -> dict[str, Any]:
    """The configuration without its secrets."""
    return {
        name: redactor.clean_config(name, value, is_sensitive=name in config.sensitive, is_plain=name in config.plain)
        if config.is_real or _is_private_key(value)
        else value
        for name, value in config.values.items()
    }


def _is_private_key(value: Any) -> bool:
    """Whether it looks like one: not even a dummy belongs into a recording, which is committed and scanned."""
    return isinstance(value, str) and re.search(PRIVATE_KEY, value) is not None


def secrets(config: IntegrationConfig) -> dict[str, str]:
    """What is secret by the spec and the environment alone, each with what it is called."""
    if not config.is_real:
        return {}
    named = {text: name for name in config.sensitive for text in texts(config.values.get(name))}
    return dict.fromkeys(config.secrets, "a secret from the environment") | named
