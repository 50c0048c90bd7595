"""Attempts to leave the sandbox, as they are shown and put together."""

import pytest

from sandbox.egress import EgressAttempt, merge


@pytest.mark.parametrize(
    ("attempt", "text"),
    [
        (EgressAttempt("db.example.org", 5432), "db.example.org:5432"),
        (EgressAttempt("db.example.org"), "db.example.org"),
        (EgressAttempt("192.0.2.1", 443), "192.0.2.1:443"),
        (EgressAttempt("2001:db8::1", 443), "[2001:db8::1]:443"),
        (EgressAttempt("2001:db8::1"), "2001:db8::1"),
    ],
)
def test_an_attempt_is_written_as_in_a_url(attempt: EgressAttempt, text: str) -> None:
    assert str(attempt) == text


def test_the_name_server_adds_only_what_the_runner_did_not_see() -> None:
    seen = [["db.example.org", 5432], ["192.0.2.1", 443], ["a.example", None]]

    assert merge(seen, ["db.example.org", "kafka.example.org", "a.example", "kafka.example.org"]) == [
        EgressAttempt("db.example.org", 5432),
        EgressAttempt("192.0.2.1", 443),
        EgressAttempt("a.example"),
        EgressAttempt("kafka.example.org"),
    ]


def test_nothing_is_nothing() -> None:
    assert merge([], []) == []
