"""A run as JUnit XML: what CI shows of it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from harness import KindCounts
from harness.running import junit
from sandbox.errors import ImageError
from tests.unit.harness.runs import (
    DIRECTORY,
    DROPPED,
    SKIPPED,
    make_entity,
    make_error,
    make_rejected,
    make_run,
    make_third_party_call,
)

CHECKS = [
    "no other error",
    "every request has a stub",
    "Port refuses no entity",
    "every kind with items has entities",
    "nothing tries to reach the outside",
]


def suite_of(text: str) -> ET.Element:
    root = ET.fromstring(text)  # noqa: S314 # our own
    (suite,) = root
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        name: suite.get(name) for name in ("tests", "failures", "errors")
    }
    return suite


def test_each_resource_and_each_check_is_a_case() -> None:
    suite = suite_of(junit.of_run(make_run(make_entity())))

    assert suite.attrib == {
        "name": "things",
        "time": "1.250",
        "timestamp": "2023-11-14T22:13:20",
        "tests": "6",
        "failures": "0",
        "errors": "0",
        "skipped": "0",
    }
    assert [case.get("name") for case in suite] == ["kind service [0]", *CHECKS]
    assert suite[0].get("time") == "0.250"
    assert suite[0].findtext("system-out") == "service[0]: 1 raw, 1 upserted (completed, 0.25 s)"


def test_what_is_wrong_fails_its_case() -> None:
    run = make_run(
        calls=[make_third_party_call("/a", 404, None), make_third_party_call("/b", 404, None)],
        errors=[make_error(), make_error("late", kind=None)],
        rejected_entities=[make_rejected(message="<b> & \x00")],
    )
    suite = suite_of(junit.of_run(run))
    failures = {case.get("name"): case.find("failure") for case in suite}
    messages = {name: each.get("message") for name, each in failures.items() if each is not None}

    assert suite.get("failures") == "4"
    assert str(messages["kind service [0]"]).endswith("ThingsError: no such thing")
    assert str(messages["no other error"]).endswith("ThingsError: late")
    assert messages["every request has a stub"] == "No stub matched: GET https://api.example.com/a (and 1 more)"
    assert str(messages["Port refuses no entity"]).endswith("<b> & \ufffd")
    said = failures["every request has a stub"]
    assert said is not None
    assert "url: https://api.example.com/b" in str(said.text)


def test_a_kind_that_did_not_complete_fails() -> None:
    run = make_run(kinds=[KindCounts("service", state="aborted")], reconciliation_success=False)
    suite = suite_of(junit.of_run(run))

    assert [case.get("name") for case in suite if case.find("failure") is not None] == [
        "kind service [0]",
        "no other error",
    ]


def test_a_run_that_could_not_be_is_an_error() -> None:
    suite = suite_of(junit.of_error(DIRECTORY, ImageError("It could not be built.", remedy="fix it.", detail="x")))
    error = suite[0].find("error")

    assert suite.get("errors") == "1"
    assert error is not None
    assert (error.get("type"), error.get("message")) == ("ImageError", "It could not be built.")
    assert "What to do: fix it." in str(error.text)


def test_a_kind_of_whose_items_no_entity_came_fails_and_a_warning_does_not() -> None:
    suite = suite_of(junit.of_run(make_run(warnings=[DROPPED, SKIPPED])))
    failures = {case.get("name"): failure for case in suite if (failure := case.find("failure")) is not None}

    assert list(failures) == ["every kind with items has entities"]
    assert failures["every kind with items has entities"].get("message") == str(DROPPED)
