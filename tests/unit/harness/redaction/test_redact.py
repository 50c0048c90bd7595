"""Secrets of every origin and in every place: none of them is in the file, plain or encoded."""

from __future__ import annotations

import base64
import gzip
import json
import re
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness.recording import discovery_file
from harness.recording.exchange import Exchange, content_of
from harness.redaction.pii import People
from harness.redaction.redact import Redactor
from tests.unit.harness.factories import make_jwt

# As credentials are, with all that URLs, JSON and base64 must escape.
ALPHABET = "abcXYZ0123456789-_.~+/=!$&'()*,;:@% \"\\<>#?[]{}|^`éß日🦊"
SECRETS = st.text(ALPHABET, min_size=12, max_size=48).filter(
    lambda secret: secret == secret.strip() and len(set(secret)) > 5 and re.search("[a-zA-Z0-9]{3}", secret)
)
THIRTY = st.lists(SECRETS, min_size=30, max_size=30, unique=True).filter(
    lambda secrets: not any(one in other for one in secrets for other in secrets if one is not other)
)
TOKENS = st.text("abcdefXYZ0123456789-_.~", min_size=20, max_size=48).filter(lambda token: re.search("[0-9]", token))


def write(folder: Path, exchanges: list[Exchange], redactor: Redactor, people: People | None = None) -> dict[str, Any]:
    file = folder / "discovery.json"
    discovery_file.write(file, {"metadata": {}}, {"third_party_requests": exchanges}, redactor, people)
    return json.loads(file.read_text(encoding="utf-8"))


def decodings(text: str) -> set[str]:
    """All that a reader who means harm can make of a text with a few lines of Python: looked at from outside."""
    found = {text, urllib.parse.unquote(text), urllib.parse.unquote_plus(text)}
    found |= {urllib.parse.unquote(each) for each in set(found)}
    for run in re.findall(r"[A-Za-z0-9+/_-]{8,}", f"{text} {''.join(text.split())}"):
        for start in range(4):
            digits = run[start:].translate(str.maketrans("-_", "+/"))
            if len(digits) % 4 == 1:
                digits = digits[:-1]
            content = base64.b64decode(digits + "=" * (-len(digits) % 4))
            found |= {content.decode(errors="replace"), content.decode("latin-1")}
        if re.fullmatch("([0-9a-fA-F]{2})+", run):
            found.add(bytes.fromhex(run).decode(errors="replace"))
    return found


def strings(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        return [text for pair in content.items() for each in pair for text in strings(each)]
    return [text for each in content for text in strings(each)] if isinstance(content, list) else []


def exchange_full_of(secrets: list[str]) -> list[Exchange]:
    """Exchanges that have these secrets in each place and each encoding."""
    quoted = [urllib.parse.quote(each, safe="") for each in secrets]
    encoded = [base64.b64encode(each.encode()).decode() for each in secrets]
    basic = [base64.b64encode(f"user:{each}".encode()).decode() for each in secrets]
    body = {
        "plain": secrets,
        "inside": [f"the key is «{each}», keep it" for each in secrets],
        "json in json": json.dumps({"deep": json.dumps(secrets)}),
        "base64": [*encoded, *basic, *(base64.b64encode(f"a{each}b".encode()).decode() for each in secrets)],
        "url": [f"https://x.example/{each}/y?z={each}#f" for each in quoted],
        "hex": [each.encode().hex() for each in secrets],
        "jwt": [make_jwt({"claim": each}) for each in secrets],
        "mail": base64.encodebytes(("x" * 50 + secrets[0] + "y" * 80).encode()).decode(),
        **dict.fromkeys(secrets, "as a name"),
    }
    content = json.dumps(body).encode()
    headers = [*(("x-any", each) for each in quoted), *(("authorization", f"Basic {each}") for each in basic)]
    cookies = [("set-cookie", f"c{number}={each}; Path=/") for number, each in enumerate(quoted)]
    ask = [f"https://api.example.com/{each}?q={each}" for each in quoted]
    json_type, text_type, png = (("content-type", kind) for kind in ("application/json", "text/plain", "image/png"))
    return [
        *(Exchange("GET", url, headers, b"", 200, cookies) for url in ask),
        Exchange("POST", ask[0], [json_type], content, 200, [json_type], content),
        Exchange("GET", ask[0], [], b"", 200, [json_type, ("content-encoding", "gzip")], gzip.compress(content)),
        Exchange("GET", ask[0], [], b"", 200, [json_type, ("content-encoding", "br")], brotli.compress(content)),
        Exchange("GET", ask[0], [], b"", 200, [text_type], "\n".join(secrets).encode()),
        Exchange("GET", ask[0], [], b"", 200, [png], b"\x89PNG\xff" + "\xff".join(secrets).encode() + b"\xff"),
        Exchange("POST", ask[0], [], "&".join(f"f{n}={each}" for n, each in enumerate(quoted)).encode(), 204),
    ]


# Not made smaller where it fails, which would take minutes.
@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(THIRTY)
def test_none_of_thirty_secrets_is_in_the_file_plain_or_encoded(tmp_path: Path, secrets: list[str]) -> None:
    redactor = Redactor()
    for number, secret in enumerate(secrets):
        redactor.add_config(f"setting{number}", secret, is_sensitive=True)

    written = write(tmp_path, exchange_full_of(secrets), redactor)

    text = (tmp_path / "discovery.json").read_text(encoding="utf-8")
    readings = {reading for each in [text, *strings(written)] for reading in decodings(each)}
    joined = "\n".join(readings)
    assert [secret for secret in secrets if secret in joined] == []
    assert [secret for secret in secrets if json.dumps(secret)[1:-1] in text] == []


@given(TOKENS, TOKENS, TOKENS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_what_only_its_place_makes_a_secret_is_gone_everywhere(
    tmp_path: Path, token: str, cookie: str, signature: str
) -> None:
    json_type = [("content-type", "application/json")]
    body = {"access_token": token, "url": f"https://files.example/1?X-Amz-Signature={signature}"}
    exchanges = [
        Exchange("POST", "https://a.example/token", [], b"", 200, json_type, json.dumps(body).encode()),
        Exchange(
            "GET", f"https://a.example/{token}", [("authorization", f"Bearer {token}"), ("cookie", f"sid={cookie}")]
        ),
        Exchange(
            "GET", f"https://files.example/1?X-Amz-Signature={signature}", [("x-note", f"{cookie} and {signature}")]
        ),
    ]
    for exchange in exchanges:
        exchange.status = 200

    first, second, third = write(tmp_path, exchanges, Redactor())["third_party_requests"]

    text = (tmp_path / "discovery.json").read_text()
    assert not any(each in text for each in (token, cookie, signature))
    # And it is the same in each place, so that a replay fits together.
    assert second["url"] == f"https://a.example/{first['response_body']['access_token']}"
    assert second["request_headers"]["authorization"] == f"Bearer {first['response_body']['access_token']}"
    assert third["url"] == first["response_body"]["url"]


@pytest.mark.parametrize("secret", ["\"*,\\'://Xb1*&X}-|", "8gH://kk2L!vv", "p4ss w0rd://x9"])
def test_a_secret_with_the_middle_of_a_url_in_it_is_one(tmp_path: Path, secret: str) -> None:
    redactor = Redactor()
    redactor.add_config("password", secret, is_sensitive=True)
    plain = Exchange("GET", "https://a.example/", [], b"", 200, [("content-type", "text/plain")], secret.encode())

    write(tmp_path, [plain], redactor)

    assert json.dumps(secret)[1:-1] not in (tmp_path / "discovery.json").read_text()


def test_what_has_the_form_of_a_makers_token_is_gone_wherever_it_stands(tmp_path: Path) -> None:
    token = "glpat-" + "q8Zr2Lx7Vb3Nw5KtY1mD"
    body = {"note": f"as {token} may", "list": [token]}
    json_type = [("content-type", "application/json")]
    exchange = Exchange("GET", "https://a.example/1", [], b"", 200, json_type, json.dumps(body).encode())

    (written,) = write(tmp_path, [exchange], Redactor())["third_party_requests"]

    assert token not in (tmp_path / "discovery.json").read_text()
    assert written["response_body"] == {"note": "as redacted-00001 may", "list": ["redacted-00001"]}


def test_placeholders_differ_by_value_and_none_is_a_part_of_another() -> None:
    redactor = Redactor()
    placeholders = [redactor.placeholder(f"value {number}") for number in range(20_000)]
    assert len(set(placeholders)) == 20_000
    assert {len(each) for each in placeholders} == {len("redacted-00001")}
    assert redactor.placeholder("value 7") == placeholders[7]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", "PROJ-1"),
        ("author", "someone"),
        ("next_page_token", "abc"),
        ("token_type", "Bearer"),
        ("nextCursor", "eyJh"),
        ("secretName", "db"),
        ("monkey", "see"),
    ],
)
def test_what_only_looks_like_a_credential_is_kept(name: str, value: str) -> None:
    assert Redactor().clean({name: value}) == {name: value}


@pytest.mark.parametrize(
    "name", ["token", "accessToken", "client_secret", "API-Key", "apiKey", "private_key", "password", "X-Amz-Signature"]
)
def test_a_field_with_the_name_of_a_credential_is_not(name: str) -> None:
    assert Redactor().clean({name: "x"}) == {name: "redacted-00001"}


@pytest.mark.parametrize(
    "name", ["authorization", "x-api-key", "PRIVATE-TOKEN", "X-Auth", "x-session-id", "dd-api-key"]
)
def test_nor_is_a_header_with_one(name: str) -> None:
    assert Redactor().clean_headers([(name, "x")]) == [(name, "redacted-00001")]


def test_the_kind_of_authorization_and_the_attributes_of_a_cookie_are_kept() -> None:
    headers = [("authorization", "Bearer abc"), ("set-cookie", "a=abc; Path=/; HttpOnly"), ("cookie", "a=abc; b=1")]
    assert Redactor().clean_headers(headers) == [
        ("authorization", "Bearer redacted-00001"),
        ("set-cookie", "a=redacted-00001; Path=/; HttpOnly"),
        ("cookie", "a=redacted-00001; b=redacted-00002"),
    ]


def test_a_challenge_is_kept() -> None:
    challenge = [("www-authenticate", 'Bearer realm="https://auth.example/token",service="registry"')]
    assert Redactor().clean_headers(challenge) == challenge


def test_a_jwt_can_still_be_read() -> None:
    redactor = Redactor()
    redactor.add("s3cr3t-value")
    claims = {"sub": "me", "exp": 4_000_000_000, "inner": "s3cr3t-value"}

    head, body, signature = redactor.clean_text(f"token={make_jwt(claims)}").removeprefix("token=").split(".")

    assert json.loads(base64.urlsafe_b64decode(body + "==")) == {**claims, "inner": "redacted-00001"}
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["alg"] == "HS256"
    assert base64.urlsafe_b64decode(signature + "==").startswith(b"redacted-")


@pytest.mark.parametrize(
    "text",
    [
        '["{}","a: 1, b"]',
        '{"a":["{}","{\\"nested\\": \\"x\\"}"]}',
        '{"a":"{\\"b\\": \\"{}\\"}"}',
        '{ "a" : "{}" , "b" : [ 1 , 2.50, 1e3, null,true , NaN, -Infinity] }\n',
        '{\n\t"a": "{}",\n\t"b": []\n}',
        '{\n    "a": {"c": "{}"}\n}',
        '[{"a": "\\u00e9 é", "b": "{}"}]',
        '{"{}": "\\/a"}',
        '"{}"',
    ],
)
def test_json_in_a_text_stays_as_it_was_but_for_the_secret(text: str) -> None:
    redactor = Redactor()
    redactor.add("s3cr3t-value")

    assert redactor.clean_text(text.replace("{}", "s3cr3t-value")) == text.replace("{}", "redacted-00001")


@pytest.mark.parametrize(
    "wrapped",
    [
        "{}".format,
        "token={}".format,
        "Bearer {}".format,
        lambda token: json.dumps([token]),
        lambda token: json.dumps({"a": [token, 1]}),
        lambda token: json.dumps({"a": json.dumps([token])}),
        lambda token: f"https://x.example/a?b={token}",
        lambda token: f"a: {token}\nb: 1\n",
        lambda token: f"<a><b>{token}</b></a>",
        lambda token: base64.b64encode(token.encode()).decode(),
        lambda token: base64.b64encode(json.dumps({"a": token}).encode()).decode(),
    ],
)
def test_a_jwt_is_the_same_wherever_it_stands_and_however_often_it_is_cleaned(wrapped: Callable[[str], str]) -> None:
    redactor = Redactor()
    redactor.add("s3cr3t-value")
    token = make_jwt({"sub": "me", "inner": "s3cr3t-value"})
    alone = redactor.clean_text(token)

    cleaned = redactor.clean_text(wrapped(token))

    assert cleaned == wrapped(alone)
    assert redactor.clean_text(cleaned) == cleaned


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("apiToken", "abcdefgh", "redacted-00001"),
        ("privateKey", "-----BEGIN KEY-----\nabcdefgh12345678\n-----END KEY-----", "redacted-00001"),
        ("authUrl", "https://user:hunter2-hunter2@x.example/a", "https://user:redacted-00001@x.example/a"),
        ("useAuth", True, True),
        ("region", "eu", "eu"),
        ("tokens", ["abcdefgh", "ijklmnop"], ["redacted-00001", "redacted-00002"]),
    ],
)
def test_configuration_values_by_the_documented_patterns(name: str, value: Any, expected: Any) -> None:
    redactor = Redactor()
    redactor.add_config(name, value, is_sensitive=False)
    assert redactor.clean_config(name, value, is_sensitive=False) == expected


def test_each_line_of_a_private_key_is_a_secret() -> None:
    redactor = Redactor()
    redactor.add_config("key", "-----BEGIN KEY-----\nabcdefgh12345678\n-----END KEY-----", is_sensitive=True)
    assert "abcdefgh12345678" not in redactor.clean_text("in one line: abcdefgh12345678")


def test_a_secret_that_is_left_deletes_the_file_and_keeps_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "discovery.json"
    file.write_text("the old one")
    redactor = Redactor()
    redactor.add("s3cr3t-value")
    # The head's names are not cleaned: as good a hole as any to try the last look with.
    head = {"s3cr3t-value": 1}

    with pytest.raises(discovery_file.SecretLeftError, match="redacted-00001") as caught:
        discovery_file.write(file, head, {"third_party_requests": []}, redactor)

    assert "s3cr3t-value" not in str(caught.value)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("discovery.json", "the old one")]


BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
)


@given(BODIES)
def test_a_body_means_the_same_before_and_after(content: bytes) -> None:
    entry = Exchange("GET", "https://a.example/", [], content, 200, [], content).entry(Redactor())

    for body in (entry["request_body"], entry["response_body"]):
        again = content_of(json.loads(json.dumps(body)))
        assert again == content or json.loads(again) == json.loads(content)


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b"", None),
        (b"null", "null"),
        (b'"text"', '"text"'),
        (b'{"a": 1}', {"a": 1}),
        (b'{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
        (b'{"$base64": "eA=="}', '{"$base64": "eA=="}'),
        (b"[1e999]", "[1e999]"),
        (b"[NaN]", "[NaN]"),
        (b"\xff\xfe", {"$base64": "//4=", "content_type": None}),
    ],
)
def test_how_bodies_are_written(content: bytes, body: Any) -> None:
    assert Exchange("GET", "https://a.example/", [], b"", 200, [], content).entry(Redactor())["response_body"] == body


def test_what_calls_itself_gzip_and_is_none_is_kept_as_it_was() -> None:
    exchange = Exchange("GET", "https://a.example/", [], b"", 200, [("content-encoding", "gzip")], b"no gzip")
    entry = exchange.entry(Redactor())
    assert content_of(entry["response_body"]) == b"no gzip"
    assert entry["response_headers"] == {"content-encoding": "gzip"}


def test_repeated_headers_are_lists() -> None:
    exchange = Exchange("GET", "https://a.example/", [], b"", 200, [("Link", "<a>"), ("Via", "x"), ("link", "<b>")])
    assert exchange.entry(Redactor())["response_headers"] == {"link": ["<a>", "<b>"], "via": "x"}


def cleaned_config(name: str, value: Any, *, is_sensitive: bool = False, is_plain: bool = False) -> Any:
    redactor = Redactor()
    redactor.add_config(name, value, is_sensitive=is_sensitive, is_plain=is_plain)
    return redactor.clean_config(name, value, is_sensitive=is_sensitive, is_plain=is_plain)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auth_type", "basic"),
        ("authType", "api_key"),
        ("api_key_header", "X-Api-Key"),
        ("apiKeyHeader", "x-api-key-v2-header"),
        ("token_endpoint", "/oauth2/token"),
        ("auth_url", "https://login.example.com/oauth/token"),
        ("token_url", "https://login.example.com/oauth/token"),
        ("author_name", "somebody-1234"),
        ("auth_method", "POST"),
        ("use_key", "yes"),
        ("key_field", "identifier2"),
    ],
)
def test_a_setting_that_says_how_to_authenticate_stays(name: str, value: str) -> None:
    assert cleaned_config(name, value) == value


def test_what_the_spec_says_decides_before_the_name() -> None:
    assert cleaned_config("private_token_1", "abcdefgh1234", is_plain=True) == "abcdefgh1234"
    assert cleaned_config("region", "eu-1", is_sensitive=True) == "redacted-00001"
    assert cleaned_config("mode", "basic", is_sensitive=True) == "redacted-00001"
    # pragma: allowlist nextline secret (it is redacted)
    assert cleaned_config("note", "glpat-" + "q8Zr2Lx7Vb3Nw5KtY1mD", is_plain=True) == "redacted-00001"


AUTHENTICATION = {
    "endpoint": "/oauth/token",
    "url": "https://login.example.com/oauth/token",
    "method": "POST",
    "headers": {"Content-Type": "application/json", "Accept": "application/json", "X-Custom": "s3cr3t-header"},
    "body": {"grant_type": "client_credentials", "client_id": "app", "client_secret": "s3cr3t-value"},
    "response": {"Authorization": "Bearer {{.access_token}}"},
    "interval": 3600,
}
CLEAN_AUTHENTICATION = {
    **AUTHENTICATION,
    "headers": {"Content-Type": "application/json", "Accept": "application/json", "X-Custom": "redacted-00001"},
    "body": {"grant_type": "client_credentials", "client_id": "app", "client_secret": "redacted-00002"},
}


def test_an_object_is_treated_leaf_by_leaf() -> None:
    assert cleaned_config("custom_auth_request", AUTHENTICATION, is_sensitive=True) == CLEAN_AUTHENTICATION
    written = cleaned_config("custom_auth_request", json.dumps(AUTHENTICATION), is_sensitive=True)
    assert json.loads(written) == CLEAN_AUTHENTICATION


def test_a_sensitive_url_keeps_its_host_and_loses_what_it_says() -> None:
    hook = "https://hooks.example.com/services/T0AB1CD2E/s3cr3tA1b2C3d4"
    assert cleaned_config("hook", hook, is_sensitive=True).startswith("https://hooks.example.com/services/redacted-")
    assert "s3cr3tA1b2C3d4" not in cleaned_config("hook", hook, is_sensitive=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-headers", "authorization,x-api-key"),
        ("access-control-expose-headers", "x-auth-token-1"),
        ("x-auth-type", "oauth2"),
        ("idempotency-key", "order-2024-a1b2c3"),
        ("x-ratelimit-remaining-tokens", "149984"),
        ("x-token-expires-in", "3600"),
        ("x-author", "somebody1"),
        ("x-kms-key-id", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("www-authenticate", 'Basic realm="x"'),
    ],
)
def test_a_header_that_tells_of_credentials_stays(name: str, value: str) -> None:
    assert Redactor().clean_headers([(name, value)]) == [(name, value)]
