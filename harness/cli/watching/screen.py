"""The screen of ``watch``: why it ran again, what has changed since, and the problems."""

import time
from collections.abc import Iterable

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from harness.diagnosis.difference import Comparison, Difference
from harness.diagnosis.printing import show_difference
from harness.running import printing, summary
from harness.running.directory_run import Run
from sandbox.errors import SandboxError

_FILES = 3
_DETAIL = 8
_MORE = "; `ocean-sandbox run` shows everything"
_TITLES = {"entities": "Entities", "deleted": "Deleted entities", "calls": "Calls", "resources": "Created in Port"}
KEYS = {"r": "re-run", "s": "write the missing stubs", "a": "accept the entities", "q": "quit"}


class Screen:
    """Prints, one thing below the other.

    Args:
        console: Where to.
        has_keys: Whether a person can press any.
    """

    def __init__(self, console: Console, *, has_keys: bool) -> None:
        self._console = console
        self._has_keys = has_keys

    def say(self, text: str, style: str = "") -> None:
        """One line."""
        self._console.print(Text(text, style), soft_wrap=True)

    def begin(self, why: Iterable[str]) -> None:
        """Another run, and the files that it is for."""
        files = sorted(why)
        said = ", ".join(files[:_FILES]) + (f" and {len(files) - _FILES} more" if len(files) > _FILES else "")
        title = f"{time.strftime('%H:%M:%S')} {said}"
        if self._console.is_terminal:
            self._console.print(Rule(Text(title), align="left", style="dim"))
        else:
            self.say(f"--- {title}")

    def first(self, run: Run) -> None:
        """The first run, with nothing to compare it with."""
        printing.show_entities(run, self._console)
        self._wrong(run)

    def since(self, run: Run, comparison: Comparison) -> None:
        """A run, and what has changed since the previous one."""
        shown = {subject: each for subject, each in comparison.differences.items() if subject in _TITLES}
        if not shown:
            self.say("no difference from the previous run")
        for subject, difference in shown.items():
            self.say(_TITLES[subject], "bold")
            show_difference(difference, self._console, _MORE)
        self._wrong(run)

    def accepted(self, difference: Difference, file: str) -> None:
        """What is different from the snapshot."""
        if difference:
            self.say(f"Different from the snapshot {file}", "bold yellow")
            show_difference(difference, self._console, f"; {file} has everything that was accepted")
        else:
            self.say(f"matches the snapshot {file}", "green")

    def error(self, error: SandboxError) -> None:
        """Why it could not run."""
        self.say(f"not run: {error.what}", "bold red")
        if error.remedy:
            self.say(f"What to do: {error.remedy}")
        lines = _without_imports(error.detail)
        if len(lines) > _DETAIL:
            self.say(f"  | … {len(lines) - _DETAIL} lines before")
        for line in lines[-_DETAIL:]:
            self.say(f"  | {line}")

    def keys(self, run: Run | None) -> None:
        """Which keys do what; nothing without a terminal."""
        if not self._has_keys:
            return
        keys = {
            key: does
            for key, does in KEYS.items()
            if (key != "s" or (run and run.unanswered)) and (key != "a" or (run and not summary.problems(run)))
        }
        line = Text()
        for key, does in keys.items():
            line.append(f"{' · ' if line else ''}{key} ", "bold")
            line.append(does, "dim")
        self._console.print(line)

    def _wrong(self, run: Run) -> None:
        printing.show_problems(run, self._console)
        printing.show_sum(run, self._console)


def _without_imports(detail: str) -> list[str]:
    """The lines of a traceback without Python's own frames of an import, which lead to the line that matters."""
    return [line for line in detail.splitlines() if not line.startswith('  File "<frozen importlib')]
