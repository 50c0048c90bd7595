"""A Postman collection's saved examples become stubs, with its variables filled in."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.harness.imports.documents import API, answer, collection, imported, item, run, stubs_of, write

VARIABLES = [{"key": "base", "value": "{{scheme}}://api.example.com"}, {"key": "scheme", "value": "https"}]


def matcher(stub: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stub["request"].items() if name not in ("method", "scheme", "host")}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{API}/items", {"urlPath": "/items"}),
        ("{{base}}/v2/items?page=1", {"urlPath": "/v2/items"}),
        ("{{base}}/items/:id/:other", {"urlPathTemplate": "/items/{id}/{other}"}),
        ("{{base}}/items/{{item id}}", {"urlPathTemplate": "/items/{item_id}"}),
        ("{{base}}/items/{{$guid}}.json", {"urlPathPattern": r"/items/[^/]+\.json"}),
        ({"raw": "{{base}}/a b/ü#top"}, {"urlPath": "/a%20b/%C3%BC"}),
        ({"protocol": "https", "host": ["api", "example", "com"], "path": ["x", ":y"]}, {"urlPathTemplate": "/x/{y}"}),
        ("api.example.com:8443/x", {"urlPath": "/x", "port": 8443}),
        ("", None),
        ("https://[x/", None),
    ],
)
def test_urls(tmp_path: Path, url: Any, expected: dict[str, Any] | None) -> None:
    content = collection(item("a", url, answer([])), item("ok", f"{API}/ok", answer([])), variable=VARIABLES)
    found = imported(tmp_path / "a.json", content)

    made = [stub for stub in stubs_of(found) if stub["name"].startswith("a:")]
    assert [matcher(stub) for stub in made] == ([expected] if expected else [])
    assert all(stub["request"]["host"] == {"equalTo": "api.example.com"} for stub in made)
    assert bool(found.account.left_out) == (expected is None)


def test_a_host_that_nobody_knows_is_any(tmp_path: Path) -> None:
    found = imported(tmp_path / "a.json", collection(item("a", "{{unknown}}/x", answer([]))))

    assert stubs_of(found)[0]["request"] == {"method": "GET", "urlPath": "/x"}
    environment = write(
        tmp_path / "e.json", {"name": "e", "values": [{"key": "unknown", "value": API, "enabled": True}]}
    )
    run(tmp_path / "a.json", "-o", tmp_path / "out", "--environment", environment)
    assert f"url: {API}/x" in (tmp_path / "out" / "api.example.com.yaml").read_text()


def test_examples_of_one_request_are_told_apart_by_what_differs(tmp_path: Path) -> None:
    def get(page: int, **more: Any) -> dict[str, Any]:
        query = [{"key": "page", "value": str(page)}, {"key": "debug", "value": "1", "disabled": True}]
        return {
            "originalRequest": {"method": "GET", "url": {"raw": f"{API}/items", "query": query}},
            **answer([page], **more),
        }

    found = imported(tmp_path / "a.json", collection(item("items", f"{API}/items", get(1), get(2), get(2, code=404))))

    assert [matcher(stub) for stub in stubs_of(found)] == [
        {"urlPath": "/items", "queryParameters": {"page": {"equalTo": str(page)}}} for page in (1, 2)
    ]
    assert found.account.left_out == {
        "another example answers the same request, a successful one first": ["items / answer 404"]
    }


def test_bodies_and_values_in_the_path_tell_apart_too(tmp_path: Path) -> None:
    def at(value: str, body: str) -> dict[str, Any]:
        url = {"raw": f"{API}/items/:id", "variable": [{"key": "id", "value": value}]}
        return {
            "originalRequest": {"method": "POST", "url": url, "body": {"mode": "raw", "raw": body}},
            **answer({"is": value + body}),
        }

    content = collection(item("a", "x", at("1", '{"q": 1}'), at("1", '{"q": 2}'), at("2", '{"q": 1}')))
    stubs = stubs_of(imported(tmp_path / "a.json", content))

    assert [matcher(stub) for stub in stubs] == [
        {"urlPath": "/items/1", "bodyPatterns": [{"equalToJson": {"q": 1}}]},
        {"urlPath": "/items/1", "bodyPatterns": [{"equalToJson": {"q": 2}}]},
        {"urlPath": "/items/2", "bodyPatterns": [{"equalToJson": {"q": 1}}]},
        {"urlPathTemplate": "/items/{id}"},
    ]


def test_folders_and_what_has_no_example(tmp_path: Path) -> None:
    inner = {"name": "folder", "item": [item("empty", f"{API}/e"), item("full", f"{API}/f", answer({}, code=201))]}
    odd = item("odd", f"{API}/o", {"name": "no status", "code": None}, {**answer({}), "code": 200})
    found = imported(tmp_path / "a.json", {"collection": collection(inner, odd, {"name": "note"})})

    assert [stub["name"] for stub in stubs_of(found)] == ["full: answer 201", "odd: answer 200"]
    assert (found.found, found.taken) == (5, 2)
    assert found.account.left_out == {
        "no example is saved with it: in Postman, send it and choose Save as example": ["folder / empty", "note"],
        "its answer has no status": ["odd / no status"],
    }


def test_secret_variables_are_replaced(tmp_path: Path) -> None:
    value = "plain-words-that-nobody-takes-for-one"
    content = collection(
        item("a", f"{API}/a", answer({"memo": f"with {value}"})), variable=[{"key": "api_token", "value": value}]
    )
    assert value not in str(stubs_of(imported(tmp_path / "a.json", content)))


def test_a_variable_that_names_itself_ends(tmp_path: Path) -> None:
    content = collection(
        item("a", f"{API}/a", answer("{{x}}")), variable=[{"key": "x", "value": "{{x}}{{x}}"}, {"key": "y"}]
    )
    found = imported(tmp_path / "a.json", content)

    assert found.taken == 1
    assert "its answer has {{variables}} without a value, which are left as they are" in found.account.notes


TOKEN = "ghp_" + "q8Zr2Lx7Vb3Nw5KtPd9Yc4Hs6Jf1Mg0Ua2We"  # pragma: allowlist secret


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        ("/hook/:token/x", TOKEN),
        ("/hook/:id/x", TOKEN),
        ("/u/:mail", "ada.lovelace@corp.com"),
        ("/u/:id.json", "ada.lovelace@corp.com"),
        ("/:password", "s3cr3t-a-b-c"),
        (
            "/a/:jwt",
            "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        ),
    ],
)
def test_values_in_paths_are_redacted(path: str, secret: str, tmp_path: Path) -> None:
    name = path.partition(":")[2].partition("/")[0].partition(".")[0]

    def example(value: str, body: Any) -> dict[str, Any]:
        url = {"raw": API + path, "variable": [{"key": name, "value": value}]}
        return {"originalRequest": {"method": "GET", "url": url}, **answer(body)}

    asked = {**item("a", API + path), "response": [example(secret, {"a": 1}), example("other", {"a": 2})]}
    found = imported(tmp_path / "a.json", collection(asked))

    assert len(stubs_of(found)) == 3  # one for values that no example has
    assert not any(each in str(found) for each in (secret, secret.replace("@", "%40")))


@pytest.mark.parametrize("secret", [TOKEN, "ada.lovelace@corp.com"])
def test_names_are_redacted(secret: str, tmp_path: Path) -> None:
    named = item(f"user {secret}", f"{API}/a", answer({"a": 1}), answer({"a": 2}))
    lost = item(f"lost {secret}", f"{API}/b")
    folder = {"name": f"folder of {secret}", "item": [named, lost]}
    found = imported(tmp_path / "a.json", collection(folder))

    assert stubs_of(found)[0]["name"].startswith("user ")
    assert found.account.left_out
    assert found.account.notes
    assert secret not in str(found)


@pytest.mark.parametrize("body", ['{"a": 1,}', "[1", "{", '{"x": NaN2}', "{{", "[" * 5_000])
def test_a_body_that_is_not_json_is_asked_for_as_text(body: str, tmp_path: Path) -> None:
    def example(text: str, number: int) -> dict[str, Any]:
        sent = {"mode": "raw", "raw": text}
        return {"originalRequest": {"method": "POST", "url": f"{API}/a", "body": sent}, **answer(number)}

    asked = {**item("a", f"{API}/a"), "response": [example(body, 1), example('{"a": 2}', 2)]}
    first, second = stubs_of(imported(tmp_path / "a.json", collection(asked)))

    assert first["request"]["bodyPatterns"] == [{"equalTo": body}]
    assert second["request"]["bodyPatterns"] == [{"equalToJson": {"a": 2}}]
