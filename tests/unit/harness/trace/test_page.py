"""A page holds what happened, no secret, and nothing that a browser would run."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from harness.redaction.redact import Redactor
from harness.trace.cleaning import knowing
from harness.trace.model import Body, Call, Entity, LogLine, Origin, Problem, Run
from harness.trace.page import TraceError, in_script, page
from tests.upstream.traces import (
    AT,
    HOSTILE,
    make_call,
    make_entity,
    make_hostile,
    make_item,
    make_large,
    make_run,
    make_small,
    make_trace,
    unpacked,
)

SECRET = "s3cr3t-v4lue-of-4-token"  # noqa: S105 # nobody's


def scripts(html: str) -> list[str]:
    """The scripts of a page that a browser runs."""
    return re.findall(r"<script>(.*?)</script>", html, re.DOTALL)


def test_one_script_of_ours_runs_by_its_hash_and_nothing_else() -> None:
    html = page(make_hostile(), Redactor())
    (script,) = scripts(html)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    said = policy[1].replace("&#39;", "'").replace("&#43;", "+")
    assert said.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; " in said
    assert html.index("Content-Security-Policy") < html.index("<style>") < html.index("<script")


def test_hostile_texts_mean_nothing_to_html_and_come_out_as_they_were() -> None:
    html = page(make_hostile(), Redactor())
    for text in HOSTILE[:3]:
        assert text not in html
    assert "\u2028" not in html
    assert "\u2029" not in html
    assert html.count("<script") == html.count("</script>")
    summary, rest = unpacked(html)
    assert summary["title"] == HOSTILE[0]
    assert json.dumps(HOSTILE[1])[1:-1] in rest
    assert [problem["title"] for problem in summary["problems"]] == HOSTILE


def test_no_script_of_ours_makes_markup_of_a_text_or_fetches() -> None:
    (script,) = scripts(page(make_small(), Redactor()))
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "fetch(", "http:", "https:"):
        assert word not in script


@pytest.mark.parametrize("text", ["</script>", "<!--", "a & b", "\u2028\u2029", "plain"])
def test_json_in_a_script(text: str) -> None:
    escaped = in_script(json.dumps({"text": text}, ensure_ascii=False))
    assert not set(escaped) & set("<>&\u2028\u2029")
    assert json.loads(escaped) == {"text": text}


def test_no_secret_is_in_it_wherever_it_was() -> None:
    known = "configured-s3cr3t-1"
    body = json.dumps({"access_token": SECRET, "note": f"{known} and more"}).encode()
    call = Call(
        "third-party",
        AT,
        "POST",
        f"https://user:{SECRET}@api.example/?api_key={SECRET}",
        200,
        request_headers=[("Authorization", f"Bearer {SECRET}"), ("Cookie", f"session={SECRET}")],
        request=Body(f"grant=x&client_secret={SECRET}".encode()),
        response_headers=[("set-cookie", f"sid={SECRET}; Path=/")],
        response=Body(body),
        stub=f"route of {known}",
        nearest=[known],
        paste=f"add_route({known!r})",
    )
    cut = Call(
        "port", AT, "POST", "/x", 200, request=Body(b'{"entities": [{"password": "' + SECRET.encode() + b'", "x', None)
    )
    encoded = base64.b64encode(known.encode()).decode()
    entity = Entity("refused", {"identifier": known, "properties": {"apiToken": SECRET, "x": encoded}}, known)
    run = Run(
        "Resync", AT, [call, cut], [LogLine(AT, "INFO", f"got {known}, {{'secret': 'other-s3cr3t-77'}}")], [entity]
    )
    run.problems = [Problem("error", known, known, f"File {known}", known)]
    trace = make_trace(run, problems=[Problem("failure", "x", trace=f"token = '{known}'")])
    redactor = knowing([(Path("nowhere"), {"integration": {"config": {"apiToken": known}}})])
    html = page(trace, redactor)
    summary, rest = unpacked(html)
    everything = html + json.dumps(summary) + rest
    for secret in (SECRET, known, encoded, "other-s3cr3t-77"):
        assert secret not in everything
    assert "Bearer redacted-" in rest
    assert summary["secrets"] >= 3


def test_a_page_in_which_a_secret_would_be_left_is_not_written() -> None:
    run = Run("Resync", AT, [Call("third-party", AT, "GET", "https://x.example", 200)], integration="s3cr3t-name-99")
    redactor = Redactor()
    redactor.add("s3cr3t-name-99")
    with pytest.raises(TraceError, match="is not written: it would hold redacted-00001"):
        page(make_trace(run), redactor)


def test_a_large_body_is_cut_and_says_of_how_much() -> None:
    run = make_run([[make_item("a")]], padding="x" * 100_000)
    summary, rest = unpacked(page(make_trace(run), Redactor()))
    assert summary["body_limit"] == 65_536
    assert "x" * 65_000 in rest
    assert "x" * 70_000 not in rest
    assert f'"size":{run.calls[0].response.size},"is_text":true,"is_whole":false' in rest


def test_a_body_that_is_no_text_is_not_shown() -> None:
    _, rest = unpacked(page(make_trace(Run("Resync", AT, [make_call(answer=b"\x89PNG\xff")])), Redactor()))
    assert '"size":5,"is_text":false' in rest


def test_what_is_the_same_is_kept_once() -> None:
    same = {"items": [make_item("a", text="seldom-said")]}
    run = Run("Resync", AT, [make_call(number, same) for number in range(50)])
    assert unpacked(page(make_trace(run), Redactor()))[1].count("seldom-said") == 1


def test_what_would_be_too_large_is_cut_more() -> None:
    html = page(make_large(entities=400, calls=160), Redactor(), most=100_000)
    summary, _ = unpacked(html)
    assert summary["body_limit"] < 65_536
    assert summary["runs"][0]["counts"]["entities"] == 400


def test_entities_of_which_something_is_wrong_keep_their_details_longest() -> None:
    from harness.trace.cleaning import Cleaner  # noqa: PLC0415
    from harness.trace.view import Limits, View  # noqa: PLC0415

    run = make_run([[make_item("a"), make_item("b")]])
    run.entities.append(make_entity(make_item("c"), state="refused", origin=Origin()))
    trace = make_trace(run)
    view = View(trace, Cleaner(Redactor(), trace), Limits(details=1))
    summary = view.summary()
    rows = json.loads(f"[{','.join(view.pack.texts())}]")
    entities = [row for piece in rows for row in piece][summary["runs"][0]["entities"]]
    assert [(row[2], row[-1] is not None) for row in entities] == [("a", False), ("b", False), ("c", True)]
