"""What was wrong with a resync is in the report of a failure, whatever else the report says."""

import pytest

from harness.pytest_plugin import longrepr

_CAUSES = ["No route matched: GET https://api.test/v1/items", "A route that would answer it:", "    add_route(1)"]


def _report(said: object) -> pytest.TestReport:
    return pytest.TestReport("test_it", ("test_it.py", 1, "test_it"), {}, "failed", said, "call")  # type: ignore[arg-type]


def test_a_cause_that_is_the_beginning_of_what_was_said_stays() -> None:
    report = _report("No route matched: GET https://api.test/v1/items/5/members\nA route that would answer it:")

    longrepr.add_causes(report, _CAUSES)

    assert all(f"\n  {cause}" in report.longreprtext for cause in _CAUSES)


def test_causes_that_were_all_said_are_not_repeated() -> None:
    report = _report("\n".join(_CAUSES))

    longrepr.add_causes(report, _CAUSES)

    assert report.longreprtext == "\n".join(_CAUSES)


def test_causes_are_a_section_where_a_report_has_no_place_for_them() -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        _ = 1 / 0
    report = _report(raised.getrepr(style="native"))

    longrepr.add_causes(report, _CAUSES)

    assert _CAUSES[0] in "".join(text for _, text in report.sections) + report.longreprtext
