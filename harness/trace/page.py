"""Writes a trace as one self-contained HTML file, which makes no network requests and runs no script but its own.

What third parties answered is hostile until proven otherwise. It gets into the page as JSON of which no character means
anything to HTML, or as base64; the page's script makes text of it, never markup; and a policy in the page lets a browser
run that one script alone, by its hash, and fetch nothing.
"""

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from harness.redaction.redact import Redactor
from harness.trace.cleaning import Cleaner
from harness.trace.model import Trace
from harness.trace.pack import packed
from harness.trace.view import Limits, View
from sandbox.errors import SandboxError

FOLDER = Path(__file__).with_name("assets")
_SCRIPTS = (
    "dom.js",
    "pack.js",
    "list.js",
    "text.js",
    "overview.js",
    "timeline.js",
    "entities.js",
    "details.js",
    "app.js",
)
# Bytes that the pieces of a page may have together: 10 MB with what else is in it.
MOST = 9_000_000
_SMALLER = (Limits(), Limits(body=16_384), Limits(body=4096), Limits(1024, details=50_000), Limits(256, details=5000))
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class TraceError(SandboxError):
    """A trace cannot be written."""


def page(trace: Trace, redactor: Redactor, *, most: int = MOST) -> str:
    """The trace as HTML.

    Args:
        trace: What to show.
        redactor: Knows the secrets of the configuration; what else looks like one is found here.
        most: Bytes that what is shown on demand may have, compressed; of more, less is shown.

    Raises:
        TraceError: A secret would be in it.
    """
    cleaner = Cleaner(redactor, trace)
    for limits in _SMALLER:
        view = View(trace, cleaner, limits)
        summary = view.summary()
        texts = view.pack.texts()
        pieces = [packed(text) for text in texts]
        if sum(map(len, pieces)) <= most:
            break
    texts.append(json.dumps(summary, ensure_ascii=False, default=str))
    if left := cleaner.left_in("\n".join(texts)):
        raise TraceError(
            f"The trace of {summary['title']} is not written: it would hold {', '.join(left[:5])} in a form that cannot be redacted.",
            remedy="use configuration values that do not occur in the data that the integration reads.",
        )
    return rendered(summary | {"starts": view.pack.starts()}, pieces)


def rendered(summary: dict[str, Any], pieces: list[str]) -> str:
    """The page around its data.

    Args:
        summary: The summary.
        pieces: The pieces of the pack.
    """
    script, style = _script(), (FOLDER / "page.css").read_text(encoding="utf-8")
    html: str = _template().render(
        title=summary["title"].encode("utf-8", "replace").decode(),
        outcome=summary["outcome"],
        head=in_script(json.dumps(summary, default=str)),
        pieces=pieces,
        script=script,
        style=style,
        policy="; ".join(
            (
                "default-src 'none'",
                f"script-src '{_hash(script)}'",
                f"style-src '{_hash(style)}'",
                "base-uri 'none'",
                "form-action 'none'",
                "trusted-types 'none'",
                "require-trusted-types-for 'script'",
            )
        ),
    )
    return html


def in_script(text: str) -> str:
    """JSON as it may stand in a ``script`` element: no character of it means anything to HTML, or ends a line.

    Args:
        text: The JSON.
    """
    return "".join(_ESCAPED.get(character, character) for character in text)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _script() -> str:
    parts = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


@cache
def _template() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 # it takes its time to import

    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("page.html.jinja")
