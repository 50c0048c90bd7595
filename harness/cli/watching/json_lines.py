"""Output for programs: one JSON document per run, one per line, in place of the screen."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import click

from harness.cli.watching.screen import Screen
from harness.diagnosis.difference import Comparison, Difference
from harness.running import summary
from harness.running.directory_run import Run
from sandbox.errors import SandboxError


class JsonLines(Screen):
    """Prints a document when a run has ended: ``because`` (the files), then what :func:`harness.running.summary.to_dict`
    has of it, ``since`` (what is different from the run before; null for the first) and ``accepted`` (what is different
    from the snapshot; null without one), or ``error`` where it could not run.
    """  # noqa: D205 # one sentence

    def __init__(self) -> None:
        self._document: dict[str, Any] = {}

    def say(self, text: str, style: str = "") -> None:  # noqa: ARG002 # of no interest to a program
        """One line, beside the documents."""
        click.echo(text, err=True)

    def begin(self, why: Iterable[str]) -> None:
        """See :meth:`Screen.begin`."""
        self._document = {"because": sorted(why), "since": None, "accepted": None}

    def first(self, run: Run) -> None:
        """See :meth:`Screen.first`."""
        self._document |= summary.to_dict(run)

    def since(self, run: Run, comparison: Comparison) -> None:
        """See :meth:`Screen.since`."""
        self._document |= {**summary.to_dict(run), "since": comparison.to_json()["differences"]}

    def accepted(self, difference: Difference, file: str) -> None:
        """See :meth:`Screen.accepted`."""
        self._document["accepted"] = {"file": file, **asdict(difference)}

    def error(self, error: SandboxError) -> None:
        """See :meth:`Screen.error`."""
        self._document["error"] = {"what": error.what, "remedy": error.remedy, "detail": error.detail}

    def keys(self, run: Run | None) -> None:  # noqa: ARG002
        """The run has ended."""
        click.echo(json.dumps(self._document, ensure_ascii=False, default=str))
