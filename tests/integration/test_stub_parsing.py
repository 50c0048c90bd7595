"""Stub files are read as WireMock's own parser reads them: it is the judge of each case."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.stubs import java_regex, json_path
from harness.stubs.errors import StubFileError
from harness.stubs.wiremock_file import read
from sandbox.resync.sandbox import Sandbox
from sandbox.services.wiremock import USER

from .test_same_answers import leased

pytestmark = pytest.mark.integration

PLAIN = '{"request":{"method":"GET","url":"/a"},"response":{"status":200,"body":"x"}}'
ID = "b8e4a3c2-5a1f-4c0e-9d3b-2f6a7c8d9e0f"


def stub(**fields: Any) -> str:
    return json.dumps({"request": {"url": "/a"}, "response": {}, **fields})


def request(**fields: Any) -> str:
    return json.dumps({"request": fields, "response": {}})


def response(**fields: Any) -> str:
    return json.dumps({"request": {"url": "/a"}, "response": fields})


def body(**pattern: Any) -> str:
    return request(bodyPatterns=[pattern])


CASES = [
    *(
        PLAIN,
        f"// a\n{PLAIN}",
        f"/* a */{PLAIN}",
        f"# a\n{PLAIN}",
        PLAIN.replace('"', "'"),
        PLAIN + " rest",
        PLAIN[:-1],
    ),
    *(PLAIN.replace('"x"', '"x",'), PLAIN.replace("request", "'request'"), PLAIN.replace("x", "\\'"), "", "[]"),
    *(
        PLAIN.replace("200", each)
        for each in ("0200", "+200", "0xC8", "True", "NaN", "Infinity", '"201"', "201.9", '""')
    ),
    *("{}", '{"request":{}}', '{"response":{}}', '{"request":null,"response":null}', '{"request":[]}'),
    *(stub(priority=each) for each in (0, -7, 2**31 - 1, -(2**31), 2**31, "3", "x", 3.7, None, True)),
    *(stub(id=each) for each in (ID, ID.upper(), f" {ID}", "", None, "x", 5, f"{{{ID}}}", ID.replace("-", ""))),
    *(stub(name=5), stub(name=True), stub(scenarioName=5), stub(persistent="x"), stub(metadata=[]), stub(metadata="x")),
    *(stub(nope=1), stub(_comment="x"), stub(**{"$schema": "x"}), request(nope=1), response(nope=1)),
    *(
        request(url=5),
        request(url=None),
        request(port="8080"),
        request(method="get"),
        request(method=5),
        request(host="x"),
    ),
    *(request(urlPattern=each) for each in ("(", "[", "*", "(?P<a>x)", "\\p{Alpha}++x", "\\Q(\\E", "[[a]]", "a{1,2}")),
    *(request(headers={"A": each}) for each in ({"equalTo": "x"}, {"equalTo": 5}, {"nope": "x"}, {}, "x", [], None)),
    *(request(headers={"A": {"matches": each}}) for each in ("(", 5, "x")),
    *(request(headers=[]), request(queryParameters={"a": "1"}), request(bodyPatterns={}), request(bodyPatterns=["x"])),
    *(
        body(matchesJsonPath=each)
        for each in ("$[", "", "$.a", "a", {"equalTo": "1"}, {"expression": "$.a", "equalTo": 1})
    ),
    *(body(**{word: [{"contains": each} for each in "ab"[:count]]}) for word in ("and", "or") for count in (0, 1, 2)),
    *(body(equalToJson="{"), body(equalToJson={"a": 1}), body(equalToJson=1), body(nope=1), body(binaryEqualTo="%%")),
    *(response(body=each) for each in (5, True, None, {"a": 1}, [1])),
    *(response(headers={"X": each}) for each in ("a", ["a", "b"], 5, True, None, [1], {})),
    *(response(fault=each) for each in ("EMPTY_RESPONSE", "empty_response", "NOPE", None)),
    *(response(status="x"), response(status=2**40), response(fixedDelayMilliseconds="5"), response(headers=[])),
    *(
        response(delayDistribution={}),
        response(delayDistribution={"type": "x"}),
        response(chunkedDribbleDelay={"x": 1}),
    ),
    *(response(transformers="response-template"), response(transformers=["x"]), response(transformerParameters=[])),
    *(response(base64Body="%%%"), response(bodyFileName=5), response(statusMessage=5), response(jsonBody=None)),
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with leased() as made:
        yield made


def judged(sandbox: Sandbox, text: str) -> dict[str, Any] | None:
    """What WireMock makes of a stub; None where it refuses it."""
    third_party = sandbox.wiremock
    third_party.reset()
    url = f"http://{third_party.address}/__admin/mappings"
    with httpx.Client(auth=(USER, third_party.password), trust_env=False) as client:
        if client.post(url, content=text.encode()).is_error:
            return None
    (mapping,) = third_party.mappings()
    return mapping


@pytest.mark.parametrize("text", CASES)
def test_what_wiremock_takes_is_taken_with_the_same_meaning(sandbox: Sandbox, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    theirs = judged(sandbox, text)
    try:
        (placed,) = read(tmp_path / "a.json")
    except StubFileError:
        assert theirs is None
        return
    assert theirs is not None
    for made in ("uuid", *(["id"] if "id" not in placed.stub else [])):
        del theirs[made]
    ours = {
        **placed.stub,
        "request": {"method": "ANY", **placed.stub["request"]},
        "response": {"status": 200, **placed.stub["response"]},
    }
    assert theirs == ours


REGEX = [
    *("a", "/", r"\d", r"\.", "(", ")", "(?:", "(?<n>", "(?=", "(?i)", "(?P<n>", "[", "]", "[^", "-", "&&", "*", "+"),
    *("?", "{", "}", "{2}", "{2,}", "{3,1}", "|", "^", "$", ".", "\\", r"\Q", r"\E", r"\p{L}", r"\y", "{id}", "0", ","),
]
PATH = [
    *("$", ".", "..", "a", "[", "]", "[0]", "[*]", "['a']", "[?(", "@.a", "==", "=", "'x'", ")", " ", "1", "&&", "/x/"),
    *("=~", "[a]", "@", "?", "(", "!", "<", "length()", ",", ":", "-", "[?(@.a==1)]", '"y"'),
]


@pytest.mark.parametrize(
    ("parts", "refusal", "made"),
    [
        (REGEX, java_regex.refusal, lambda text: request(urlPattern=text)),
        (PATH, json_path.refusal, lambda text: body(matchesJsonPath=text)),
    ],
    ids=["regular expressions", "JSONPaths"],
)
def test_what_is_refused_before_wiremock_sees_it_wiremock_refuses_too(
    sandbox: Sandbox, parts: list[str], refusal: Callable[[str], object], made: Callable[[str], str]
) -> None:
    chance = random.Random(0)  # noqa: S311 # no secret
    texts = ["".join(chance.choices(parts, k=chance.randint(1, 7))) for _ in range(1_000)]
    refused = [text for text in texts if refusal(text)]
    assert len(refused) > 100
    assert [text for text in refused[:100] if judged(sandbox, made(text)) is not None] == []
