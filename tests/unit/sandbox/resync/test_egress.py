"""Attempts to leave the sandbox, as they are shown and put together."""

import pytest

from sandbox.resync.egress import EgressAttempt, merge


@pytest.mark.parametrize(
    ("attempt", "text"),
    [
        (EgressAttempt("db.example.org", 5432), "db.example.org:5432"),
        (EgressAttempt("db.example.org"), "db.example.org"),
        (EgressAttempt("192.0.2.1", 443), "192.0.2.1:443"),
        (EgressAttempt("2001:db8::1", 443), "[2001:db8::1]:443"),
        (EgressAttempt("2001:db8::1"), "2001:db8::1"),
        (EgressAttempt("db.example.org", 5432, "PostgreSQL"), "db.example.org:5432 (PostgreSQL)"),
        (EgressAttempt("a.example", 443, "TLS", "the handshake failed"), "a.example:443 (TLS, the handshake failed)"),
    ],
)
def test_an_attempt_is_written_as_in_a_url_with_what_is_known_of_it(attempt: EgressAttempt, text: str) -> None:
    assert str(attempt) == text


def test_what_the_front_refused_comes_before_what_only_the_runner_saw() -> None:
    refused = {"host": "db.example.org", "port": 5432, "protocol": "PostgreSQL", "reason": ""}

    assert merge([["192.0.2.1", 8125], ["stats.example", None]], [refused]) == [
        EgressAttempt("db.example.org", 5432, "PostgreSQL"),
        EgressAttempt("192.0.2.1", 8125),
        EgressAttempt("stats.example"),
    ]


def test_nothing_is_nothing() -> None:
    assert merge([], []) == []
