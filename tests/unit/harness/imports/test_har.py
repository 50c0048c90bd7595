"""A HAR file is replayed as a recording is; what is not replayed is named, with the reason."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from harness.stubs.folder import load
from tests.unit.harness.imports.documents import API, entry, har, imported, run, stubs_of, write


def test_requests_become_stubs_by_host(tmp_path: Path) -> None:
    other = entry("https://other.example/a", {"b": 1})
    found = imported(
        tmp_path / "a.har", har(entry(f"{API}/items?page=1", [1]), entry(f"{API}/items?page=2", []), other)
    )

    assert list(found.stubs) == ["api.example.com", "other.example"]
    first, second = found.stubs["api.example.com"]
    assert first["request"]["queryParameters"] == {"page": {"equalTo": "1"}}
    assert first["request"]["scheme"] == "https"
    assert (first["response"]["jsonBody"], second["response"]["jsonBody"]) == ([1], [])


def test_an_answer_that_changes_changes_in_the_same_order(tmp_path: Path) -> None:
    found = imported(tmp_path / "a.har", har(entry(f"{API}/job", {"done": False}), entry(f"{API}/job", {"done": True})))

    first, second = stubs_of(found)
    assert first["newScenarioState"] == second["requiredScenarioState"]


def test_what_is_not_replayed_has_a_reason(tmp_path: Path) -> None:
    no_content = entry(f"{API}/big")
    no_content["response"]["content"]["size"] = 5_000
    preflight = entry(f"{API}/a", {}, "OPTIONS")
    preflight["request"]["headers"] = [{"name": "Access-Control-Request-Method", "value": "GET"}]
    entries: list[Any] = [
        *(entry(f"{API}/ok", {}), no_content, preflight, entry(f"{API}/x.png", "", _resourceType="image")),
        *(
            entry("data:text/plain,x", ""),
            entry("wss://api.example.com/s", "", status=101),
            entry(f"{API}/304", status=304),
        ),
        *(entry(f"{API}/0", status=0), entry("https://a b/", ""), {"request": None}, "x", entry(f"{API}/m", "", "")),
    ]
    found = imported(tmp_path / "a.har", har(*entries))

    assert (found.found, found.taken) == (12, 1)
    assert {reason: len(places) for reason, places in found.account.left_out.items()} == {
        "the file does not have the answer's content: record it again, and export with content": 1,
        "a browser asked for it, to show a page (preflight)": 1,
        "a browser asked for it, to show a page (image)": 1,
        "data: is not HTTP": 1,
        "wss: is not HTTP": 1,
        "the browser had the answer already (304)": 1,
        "it was not answered": 1,
        "its URL is not one": 1,
        "the entry has no request or no response": 2,
        "it has no method": 1,
    }


def test_bodies_of_all_sorts(tmp_path: Path) -> None:
    image = entry(f"{API}/image")
    image["response"]["headers"] = [
        {"name": "Content-Type", "value": "image/png"},
        {"name": "Content-Encoding", "value": "br"},
    ]
    image["response"]["content"] = {
        "size": 4,
        "mimeType": "image/png",
        "encoding": "base64",
        "text": base64.b64encode(b"\x89PNG").decode(),
    }
    form = entry(f"{API}/form", {"a": 1}, "POST")
    form["request"]["postData"] = {
        "mimeType": "application/x-www-form-urlencoded",
        "params": [{"name": "q", "value": "ü"}],
    }
    other_form = entry(f"{API}/form", {"a": 2}, "POST")
    other_form["request"]["postData"] = {"mimeType": "text/plain", "text": "other"}
    gzipped = entry(f"{API}/gzip", {"a": 1})
    gzipped["response"]["headers"].append({"name": "content-encoding", "value": "gzip"})
    target = tmp_path / "wiremock-mappings" / "a"

    run(write(tmp_path / "a.har", har(image, form, other_form, gzipped)), "-o", target)

    stubs = {stub["name"]: stub["response"] for stub in load("a", tmp_path, None)}
    assert [base64.b64decode(each["base64Body"]) for each in stubs.values() if "base64Body" in each] == [b"\x89PNG"]
    assert "content-encoding" not in str(stubs).lower()
    assert len(stubs) == 4


def test_secrets_are_replaced_alike_in_answers_and_requests(tmp_path: Path) -> None:
    token = "q8Zr2Lx7Vb3Nw5Kt" * 2  # pragma: allowlist secret
    login = entry(f"{API}/login", {"access_token": token}, "POST")
    use = entry(f"{API}/items", {"owner": "grace.hopper@navy.mil"})
    use["request"]["headers"].append({"name": "Authorization", "value": f"Bearer {token}"})
    use["response"]["headers"].append({"name": "Set-Cookie", "value": f"session={token[::-1]}; Path=/"})
    target = tmp_path / "wiremock-mappings" / "a"

    run(write(tmp_path / "a.har", har(login, use)), "-o", target)

    text = "".join(path.read_text() for path in target.rglob("*.yaml"))
    assert "redacted-0000" in text
    assert not any(each in text for each in (token, token[::-1], "navy.mil"))


def test_what_may_be_a_secret_is_replaced_unless_its_place_is_allowed(tmp_path: Path) -> None:
    memo = "https://abc:" + "12@example.com/path"
    content = har(entry(f"{API}/items", {"memo": {"uri": memo}}))
    place = "third_party_requests[*].response_body.memo.uri"

    kept = imported(tmp_path / "a.har", content, allowed=(place,))
    replaced = imported(tmp_path / "a.har", content)

    assert "/path" not in str(stubs_of(replaced))
    assert "/path" in str(stubs_of(kept))
    assert list(replaced.account.notes) == ["what may be a secret is replaced by a placeholder: --allow PLACE keeps it"]


def test_only_some_hosts(tmp_path: Path) -> None:
    content = har(entry(f"{API}/a", {}), entry("https://tracker.example/b", {}))
    found = imported(tmp_path / "a.har", content, only=(f"{API}/*",))

    assert list(found.stubs) == ["api.example.com"]
    assert found.account.left_out == {"--only leaves it out": ["GET https://tracker.example/b (/log/entries/1)"]}


ONE, OTHER = "8f14e45f-ceea-467a-9a36-dedd4bea2543", "0b1e45f0-ceea-467a-9a36-dedd4bea2111"


@pytest.mark.parametrize("path", ["/items?role={}", "/roles/{}", "/roles/{}/users", "/x?a=1&b=id:{}", "/a({})"])
def test_a_uuid_that_is_asked_for_stays(path: str, tmp_path: Path) -> None:
    asked = [entry(API + path.format(each), {"of": each}) for each in (ONE, OTHER)]
    stubs = stubs_of(imported(tmp_path / "a.har", har(*asked)))

    assert len(stubs) == 2
    assert not any("scenarioName" in stub for stub in stubs)
    for stub in stubs:
        assert stub["response"]["jsonBody"]["of"] in json.dumps(stub["request"])


@pytest.mark.parametrize("name", ["nonce", "request_id", "requestId", "x-correlation-id", "traceId", "idempotency_key"])
def test_a_uuid_that_names_one_call_does_not(name: str, tmp_path: Path) -> None:
    asked = [entry(f"{API}/items?{name}={each}", [1]) for each in (ONE, OTHER)]
    stubs = stubs_of(imported(tmp_path / "a.har", har(*asked)))

    assert [ONE in str(stubs), OTHER in str(stubs)] == [False, False]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://api.example.com:99999/x", "its URL is not one"),
        ("https://api.example.com:x/x", "its URL is not one"),
        ("https://[::1/x", "its URL is not one"),
        ("/x?access_token=s3cr3t", "its URL is not absolute"),
        ("//api.example.com/x", "its URL is not absolute"),
        ("ws://ada:" + "s3cr3t@api.example.com/x", "ws: is not HTTP"),
        ("wss://ada:s3c@r3t@api.example.com/x?t=s3cr3t", "wss: is not HTTP"),  # pragma: allowlist secret
    ],
)
def test_a_url_that_is_none_is_left_out_without_its_secrets(url: str, reason: str, tmp_path: Path) -> None:
    found = imported(tmp_path / "a.har", har(entry(f"{API}/ok", {}), entry(url, {})))

    assert list(found.account.left_out) == [reason]
    assert not any(each in str(found.account) for each in ("s3cr3t", "s3c@r3t", "ada"))


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_secret_is_shown(form: list[str], tmp_path: Path) -> None:
    token = "ghp_" + "q8Zr2Lx7Vb3Nw5KtPd9Yc4Hs6Jf1Mg0Ua2We"  # pragma: allowlist secret
    memo = "https://abc:" + "12@example.com/path"
    entries = [
        entry(f"https://ada:{token}@api.example.com/a?access_token={token}", {"memo": {"uri": memo}}),
        entry(f"{API}/b/{token}", {"memo": {"uri": memo}}),
        entry(f"{API}/c/{token}?key={token}", status=0),
        entry(f"wss://ada:{token}@api.example.com/d/{token}"),
    ]
    done = run(write(tmp_path / "a.har", har(*entries)), "-o", tmp_path / "wiremock-mappings" / "a", *form)

    assert "third_party_requests[0].response_body.memo.uri (GET https://api.example.com/a)" in done.output
    assert "wss://api.example.com/d/redacted-" in done.output
    assert token not in done.output
    assert token not in "".join(path.read_text() for path in (tmp_path / "wiremock-mappings").rglob("*.yaml"))


@pytest.mark.parametrize("form", ["yaml", "json"])
@pytest.mark.parametrize("text", [r'{"a": "\ud83d"}', r'["\udc00"]', r'{"\ud83d": 1}'])
def test_half_a_character_is_written_as_wiremock_sends_it(text: str, form: str, tmp_path: Path) -> None:
    target = tmp_path / "wiremock-mappings" / "a"
    run(write(tmp_path / "a.har", har(entry(f"{API}/a", text))), "-o", target, "--as", form)

    assert [stub["response"]["jsonBody"] for stub in load("a", tmp_path, None)] == [
        json.loads(text.replace("\\ud83d", "?").replace("\\udc00", "?"))
    ]
