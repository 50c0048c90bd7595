"""What a property's value must look like: its type, enum, and Port's formats, by the `jsonschema` library.

Formats are those of docs/api-reference/create-a-blueprint.api.mdx (`schema.properties.*.format`), each described in
docs/build-your-software-catalog/customize-integrations/configure-data-model/setup-blueprint/properties/. Checked are
those that say something about the text: `date-time` and `timer` (RFC 3339, as their pages' examples have it), `url`,
`email`, `idn-email`, `ipv4`, `ipv6`. What makes a good `user`, `team`, `yaml`, `markdown`, `proto` or `blueprints` could
not be found out: any string is taken.

Imported only when there are rules to check: `jsonschema` takes a tenth of a second to import, which a test run without
rules does not pay.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .shapes import Json

_TOO_DEEP = "it is nested too deeply to be checked"
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return bool(parts.scheme and (parts.netloc or parts.path)) and not re.search(r"\s", text)


def _is_date_time(text: str) -> bool:
    return bool(_DATE_TIME.fullmatch(text) and datetime.fromisoformat(text.upper().replace(" ", "T")))


_FORMATS: dict[str, Callable[[str], object]] = {
    "date-time": _is_date_time,
    "timer": _is_date_time,
    "url": _is_url,
    "email": _EMAIL.fullmatch,
    "idn-email": _EMAIL.fullmatch,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
}


def _checker() -> FormatChecker:
    checker = FormatChecker(formats=())
    for name, check in _FORMATS.items():
        # Only strings: that it is one is the type's to say.
        def passes(value: object, check: Callable[[str], object] = check) -> bool:
            return not isinstance(value, str) or bool(check(value))

        checker.checks(name, raises=ValueError)(passes)
    return checker


_CHECKER = _checker()


def validator(properties: Json, required: list[str]) -> Draft7Validator:
    """Make what checks the properties of a blueprint's entities.

    Args:
        properties: The blueprint's `schema.properties`. Those that `complaint_about` has something to say of are not
            checked: any value is taken.
        required: Its `schema.required`.

    Returns:
        What checks them; keep it, it is worth it.
    """
    checked = {name: definition for name, definition in properties.items() if complaint_about(definition) is None}
    schema = {"type": "object", "properties": checked, "required": required}
    return Draft7Validator(schema, format_checker=_CHECKER)


def mistakes(checks: Draft7Validator, properties: Json) -> list[str]:
    """Say what is wrong with an entity's properties, one per line, in their order.

    Args:
        checks: From `validator`.
        properties: What to check.

    Returns:
        Nothing when all is well.
    """
    try:
        return [
            f"{'.'.join(['properties', *map(str, error.path)])}: {error.message}"
            for error in sorted(checks.iter_errors(properties), key=lambda error: [*map(str, error.path)])
        ]
    except RecursionError:
        return [f"properties: {_TOO_DEEP}"]


def complaint_about(definition: Any) -> str | None:
    """Say what is wrong with the definition of a property, with which its values cannot be checked.

    Args:
        definition: One value of a blueprint's `schema.properties`.

    Returns:
        What is wrong, or None.
    """
    try:
        Draft7Validator.check_schema(definition)
    except SchemaError as error:
        return error.message
    except RecursionError:
        return _TOO_DEEP
    # jsonschema would fetch what it refers to.
    return "$ref is not allowed in a property" if '"$ref"' in json.dumps(definition) else None
