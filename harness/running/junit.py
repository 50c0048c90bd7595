"""A run as JUnit XML, which every CI shows: a test case for each resource of the mapping, and one for each check."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from harness.running import summary
from harness.running.directory_run import Run
from sandbox.errors import SandboxError

# What XML 1.0 cannot hold at all (its section 2.2), and a third party may well send.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def of_run(run: Run) -> str:
    """The document of a completed run.

    Args:
        run: The run.
    """
    suite = _Suite(run.directory, run.seconds, run.began)
    errors = summary.failures(run)
    counts = {each.index: each for each in run.result.kinds}
    for number, resource in enumerate(run.read.mapping["resources"]):
        kind = resource["kind"]
        count = counts.get(number)
        wrong = [f"{error}\n{error.traceback}" for error in errors if kind in error.kinds]
        if not wrong and count is not None and count.state != "completed":
            wrong = [f"the resync of this kind is {count.state}"]
        suite.case(
            f"kind {kind} [{number}]", wrong, "error", seconds=count.seconds if count else 0.0, said=str(count or "")
        )
    other = [f"{error}\n{error.traceback}" for error in errors if not error.kinds]
    if not (run.result.reconciliation_success or errors):
        other.append("the resync did not complete")
    suite.case("no other error", other, "error")
    suite.case("every request has a stub", map(str, run.unanswered), "unmatched request")
    suite.case("Port refuses no entity", map(str, run.result.rejected_entities), "refused entity")
    suite.case("every kind with items has entities", map(str, summary.dropped(run)), "no entity")
    suite.case("nothing tries to reach the outside", map(str, dict.fromkeys(run.result.egress_attempts)), "egress")
    return suite.text()


def of_error(directory: Path, error: SandboxError) -> str:
    """The document of a run that could not be.

    Args:
        directory: The integration's.
        error: Why not.
    """
    suite = _Suite(directory, 0.0)
    suite.case("the resync runs", [str(error)], type(error).__name__, tag="error")
    return suite.text()


class _Suite:
    """A test suite that is named as the directory is."""

    def __init__(self, directory: Path, seconds: float, began: float | None = None) -> None:
        self._name = _xml(directory.name)
        self._root = ET.Element("testsuites")
        self._suite = ET.SubElement(self._root, "testsuite", name=self._name, time=f"{seconds:.3f}")
        moment = datetime.fromtimestamp(began, UTC) if began else datetime.now(UTC)
        self._suite.set("timestamp", moment.strftime("%Y-%m-%dT%H:%M:%S"))

    def case(
        self,
        name: str,
        wrong: Iterable[str],
        kind: str,
        *,
        seconds: float = 0.0,
        said: str = "",
        tag: str = "failure",
    ) -> None:
        """Add a test case, which fails where anything is wrong: JUnit has one failure a case."""
        case = ET.SubElement(self._suite, "testcase", classname=self._name, name=_xml(name), time=f"{seconds:.3f}")
        texts = list(wrong)
        if texts:
            first = texts[0].partition("\n")[0]
            message = first if len(texts) == 1 else f"{first} (and {len(texts) - 1} more)"
            ET.SubElement(case, tag, type=kind, message=_xml(message)).text = _xml("\n\n".join(texts))
        if said:
            ET.SubElement(case, "system-out").text = _xml(said)

    def text(self) -> str:
        """The document."""
        cases: Sequence[ET.Element] = self._suite.findall("testcase")
        for element in (self._suite, self._root):
            element.set("tests", str(len(cases)))
            element.set("failures", str(sum(case.find("failure") is not None for case in cases)))
            element.set("errors", str(sum(case.find("error") is not None for case in cases)))
        self._suite.set("skipped", "0")
        ET.indent(self._root)
        return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(self._root, encoding="unicode")}\n'


def _xml(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
