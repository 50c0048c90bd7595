"""What the front has refused: kept each once, told, and forgotten like all else."""

from __future__ import annotations

from typing import Any

from sandbox.port_mock.state import PortState

from .factories import Mock, body_of


def refusal(host: str, port: int = 5432, protocol: str = "PostgreSQL") -> dict[str, Any]:
    return {"host": host, "port": port, "protocol": protocol, "reason": ""}


def test_refusals_are_told_and_forgotten_like_all_else() -> None:
    mock = Mock()
    for host in ("db.example", "db.example", "mq.example"):
        body_of(mock.control("POST", "/refusals", json=refusal(host)))

    assert body_of(mock.control("GET", "/empty")) == {"empty": False}
    assert body_of(mock.control("GET", "/collected"))["refusals"] == [refusal("db.example"), refusal("mq.example")]
    assert body_of(mock.control("GET", "/refusals"))["refusals"] == [refusal("db.example"), refusal("mq.example")]

    body_of(mock.control("DELETE", "/captures"))
    assert body_of(mock.control("GET", "/collected"))["refusals"] == []
    body_of(mock.control("POST", "/refusals", json=refusal("db.example")))
    body_of(mock.control("POST", "/reset"))

    assert body_of(mock.control("GET", "/empty")) == {"empty": True}
    assert body_of(mock.control("GET", "/collected"))["refusals"] == []


def test_who_tries_without_end_fills_no_memory() -> None:
    state = PortState()
    for number in range(11_000):
        state.kept.refuse(refusal(f"{number}.example"))

    assert len(state.kept.refusals) == 10_000
    assert next(iter(state.kept.refusals.values())) == refusal("0.example")
