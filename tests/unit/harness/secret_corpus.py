"""Secrets planted where real APIs have them, and what only looks like a secret: each made from a seed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import string
import urllib.parse
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.recording.exchange import Exchange
from harness.redaction.redact import Redactor

BASE62 = string.ascii_letters + string.digits
CROCKFORD = "".join(sorted({*string.digits, *string.ascii_uppercase} - {*"ILOU"}))
JSON = ("content-type", "application/json")
Make = Callable[[random.Random], str]


def drawn(alphabet: str, length: int) -> Make:
    """What an API gives as a secret: never without a digit and a letter."""

    def make(lot: random.Random) -> str:
        value = lot.choice([each for each in alphabet if each.isalnum()]) + "".join(lot.choices(alphabet, k=length - 3))
        return f"{value[:5]}{lot.choice('abcdef')}{lot.choice('123456789')}{value[5:]}"

    return make


def prefixed(prefix: str, make: Make, suffix: str = "") -> Make:
    return lambda lot: f"{prefix}{make(lot)}{suffix}"


# What people and machines use under a name that says so.
NAMED: dict[str, Make] = {
    "password": drawn(BASE62 + "!$%*+-_.~", 14),
    "base62": drawn(BASE62, 32),
    "base64": drawn(BASE62 + "+/", 40),
    "hex": drawn("0123456789abcdef", 40),
    "UUID": lambda lot: str(uuid.UUID(int=lot.getrandbits(128), version=4)),
}
# What is known by its form or by looking like chance, under any name.
FORMS: dict[str, Make] = {
    "AWS key id": lambda lot: "AK" + "IA" + "".join(lot.choices(string.ascii_uppercase + string.digits, k=16)),
    "GitHub": prefixed("ghp" + "_", drawn(BASE62, 36)),
    "GitHub fine-grained": prefixed("github" + "_pat_", drawn(BASE62, 82)),
    "GitLab": prefixed("glpat" + "-", drawn(BASE62, 20)),
    "GitLab trigger": prefixed("glptt" + "-", drawn("0123456789abcdef", 40)),
    "Slack": lambda lot: (
        f"xoxb-{lot.randint(10**10, 10**11 - 1)}-{lot.randint(10**12, 10**13 - 1)}-{drawn(BASE62, 24)(lot)}"
    ),
    "Slack webhook": prefixed("https://hooks.slack" + ".com/services/T0AB1CD2E/B0FG3HI4J/", drawn(BASE62, 24)),
    "Stripe": prefixed("sk_" + "live_", drawn(BASE62, 24)),
    "Google": prefixed("AI" + "za", drawn(BASE62, 35)),
    "npm": prefixed("npm" + "_", drawn(BASE62, 36)),
    "PyPI": prefixed("pypi-AgEIcHlwaS5vcmc" + "", drawn(BASE62, 80)),
    "SendGrid": lambda lot: f"SG.{drawn(BASE62, 22)(lot)}.{drawn(BASE62, 43)(lot)}",
    "Twilio": prefixed("SK" + "", drawn("0123456789abcdef", 32)),
    "Mailchimp": prefixed("", drawn("0123456789abcdef", 32), "-us12"),
    "Square": prefixed("sq0csp" + "-", drawn(BASE62, 43)),
    "Telegram": prefixed("123456789:", drawn(BASE62, 35)),
    "OpenAI": lambda lot: f"sk-{drawn(BASE62, 20)(lot)}T3BlbkFJ{drawn(BASE62, 20)(lot)}",
    "Discord": lambda lot: f"M{drawn(BASE62, 23)(lot)}.{drawn(BASE62, 6)(lot)}.{drawn(BASE62, 27)(lot)}",
    "chance of 32": drawn(BASE62, 32),
    "chance of 40": drawn(BASE62 + "+/", 40),
    "chance of 64": drawn(BASE62, 64),
}


def pem(lot: random.Random, kind: str = "RSA PRIVATE KEY") -> tuple[str, str]:
    """A private key as a file has it, and one of its lines."""
    lines = ["".join(lot.choices(BASE62 + "+/", k=64)) for _ in range(6)]
    return f"-----BEGIN {kind}-----\n" + "\n".join(lines) + f"\n-----END {kind}-----\n", lines[2]


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def answer(body: Any, kind: str = "application/json") -> Exchange:
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return Exchange("GET", "https://api.example.com/things", [], b"", 200, [("content-type", kind)], content)


def asking(url: str = "https://api.example.com/things", headers: Any = (), body: bytes = b"") -> Exchange:
    return Exchange("POST", url, list(headers), body, 200, [JSON], b"{}")


def recorded(exchange: Exchange) -> dict[str, Any]:
    """What a recording of this exchange alone has."""
    redactor = Redactor()
    exchange.learn(redactor)
    return exchange.entry(redactor)


def xml(secret: str) -> Exchange:
    inner = f"<AccessKeyId>x</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
    return answer(f'<R xmlns="https://sts.example/"><Credentials>{inner}</Credentials></R>', "text/xml")


# A place for a secret that its name, or what stands beside it, gives away.
PLACES: dict[str, Callable[[str], Exchange]] = {
    "a field": lambda s: answer({"id": 1, "clientSecret": s}),
    "XML": xml,
    "an attribute of XML": lambda s: answer(f'<db user="app" password="{s}"/>', "text/xml"),
    "a neighbour in XML": lambda s: answer(f"<v><e><Name>DB_PASSWORD</Name><Value>{s}</Value></e><e/></v>", "text/xml"),
    "JSON in a string": lambda s: answer({"SecretBinary": None, "Body": json.dumps({"user": "a", "password": s})}),
    "JSON in JSON in a string": lambda s: answer({"a": json.dumps({"b": json.dumps({"api_key": s})})}),
    "SecretString": lambda s: answer({"Name": "prod/db", "SecretString": s}),
    "a neighbour's name": lambda s: answer([{"name": "DB_PASSWORD", "value": s}, {"name": "REGION", "value": "eu"}]),
    "a neighbour's type": lambda s: answer({"Parameter": {"Name": "/app/db", "Type": "SecureString", "Value": s}}),
    "a neighbour's flag": lambda s: answer({"outputs": {"db": {"sensitive": True, "value": s}}}),
    "NDJSON": lambda s: answer(f'{{"id": 1}}\n{{"id": 2, "token": "{s}"}}\n', "application/x-ndjson"),
    "YAML": lambda s: answer(f"db:\n  host: db.example.com\n  password: {s}\n  port: 5432\n", "text/yaml"),
    "YAML in a field": lambda s: answer({"values": f"auth:\n  tokens:\n    - {s}\n  user: app\n"}),
    "dotenv": lambda s: answer(f"REGION=eu\nexport API_KEY={s}\nDEBUG=1\n", "text/plain"),
    "INI": lambda s: answer(f"[registry]\nusername = app\npassword = {s}\n", "text/plain"),
    "a quoted header": lambda s: answer({"log": f"> GET /v1 HTTP/1.1\n> Authorization: Bearer {s}\n> Accept: */*\n"}),
    "a curl command": lambda s: answer({"readme": f"Try: curl -H 'X-Api-Key: {s}' https://api.example.com/v1"}),
    "curl with a user": lambda s: answer({"readme": f"Try: curl -u admin:{s} https://api.example.com/v1"}),
    "a form": lambda s: asking(body=f"grant_type=password&password={urllib.parse.quote(s, safe='')}".encode()),
    "a JSON in a form": lambda s: asking(body=("p=" + urllib.parse.quote(json.dumps({"client_secret": s}))).encode()),
    "multipart": lambda s: asking(body=f'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n{s}\r\n--b--'.encode()),
    "a parameter": lambda s: asking(f"https://api.example.com/x?access_token={urllib.parse.quote(s, safe='')}&page=2"),
    "a URL in a field": lambda s: answer({"next": f"https://api.example.com/x?sig={urllib.parse.quote(s, safe='')}&n=2"}),
    "a user in a URL": lambda s: answer({"clone": f"https://bot:{urllib.parse.quote(s, safe='')}@git.example.com/r"}),
    "a header": lambda s: asking(headers=[("x-api-key", s)]),
    "Basic": lambda s: asking(headers=[("authorization", f"Basic {base64_of(f'bot:{s}')}")]),
    "headers in a body": lambda s: answer({"headers": {"Authorization": f"Bearer {s}", "Accept": "text/html"}}),
    "headers in a list": lambda s: answer({"headers": [{"name": "Authorization", "value": f"Bearer {s}"}]}),
    "a cookie": lambda s: asking(headers=[("cookie", f"theme=dark; sid={urllib.parse.quote(s, safe='')}")]),
    "a list below a name": lambda s: answer({"apiKeys": [s], "names": ["a"]}),
    "an object below a name": lambda s: answer({"credentials": {"type": "basic", "username": "app", "password": s}}),
    "an object of tokens": lambda s: answer({"tokens": {"prod": s}}),
    "Kubernetes": lambda s: answer({"kind": "Secret", "metadata": {"name": "db"}, "data": {"pw": base64_of(s)}}),
    "a file in base64": lambda s: answer({"encoding": "base64", "content": base64_of(f"HOST=db\nDB_PASSWORD={s}\n")}),
    "CSV": lambda s: answer(f"user,password,team\nann,{s},core\n", "text/csv"),
    "a connection string": lambda s: answer({"conn": f"Server=db;User Id=app;Password={s};Encrypt=true"}),
    "an HTML form": lambda s: answer(f'<form><input type="password" name="x" value="{s}"></form>', "text/html"),
    "npmrc": lambda s: answer({"file": f"//registry.example.com/:_authToken={s}\n"}),
    "netrc": lambda s: answer({"file": f"machine git.example.com login bot password {s}\n"}),
    "gzip": lambda s: Exchange(
        "GET", "https://a.example/", [], b"", 200, [JSON, ("content-encoding", "gzip")],
        gzip.compress(json.dumps({"password": s}).encode()),
    ),
    "a named segment": lambda s: answer({"self": f"https://api.example.com/api_key={urllib.parse.quote(s, safe='')}/x"}),
    "a fragment": lambda s: answer({"link": f"https://app.example.com/#/cb?access_token={urllib.parse.quote(s, safe='')}"}),
    "a name written as one word": lambda s: asking(f"https://api.example.com/x?hapikey={urllib.parse.quote(s, safe='')}"),
    "a DSN": lambda s: answer({"dsn": f"host=db user=app password={s} dbname=x"}),
    "GraphQL": lambda s: asking(body=json.dumps({"query": f'mutation {{ login(user: "a", password: "{s}") {{ id }} }}'}).encode()),
}  # fmt: skip
# And for one that nothing but its form gives away.
ANYWHERE: dict[str, Callable[[str], Exchange]] = {
    "a field": lambda s: answer({"id": 7, "memo": s}),
    "a sentence": lambda s: answer({"text": f"Please use {s} until Monday, then rotate it."}),
    "a list": lambda s: answer([["first", s, "last"]]),
    "a line": lambda s: answer(f"started\nusing {s}\ndone\n", "text/plain"),
    "XML": lambda s: answer(f"<a><memo>{s}</memo></a>", "text/xml"),
    "a header": lambda s: asking(headers=[("x-custom", s)]),
    "a parameter": lambda s: asking(f"https://api.example.com/x?memo={urllib.parse.quote(s, safe='')}"),
    "JSON in a string": lambda s: answer({"event": json.dumps({"memo": s})}),
}


@dataclass(frozen=True)
class Planted:
    """A secret in an exchange."""

    where: str
    secret: str
    exchange: Exchange = field(repr=False)


def planted(seed: int) -> list[Planted]:
    """Each kind of secret in each kind of place that gives it away."""
    lot = random.Random(seed)  # noqa: S311 # no secret
    found = []
    for place, put in PLACES.items():
        for kind, make in NAMED.items():
            secret = make(lot)
            found.append(Planted(f"{kind} in {place}", secret, put(secret)))
    for place, put in ANYWHERE.items():
        for kind, make in FORMS.items():
            secret = make(lot)
            found.append(Planted(f"{kind} in {place}", secret, put(secret)))
    for kind in ("RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"):
        for where, wrap in {
            "a field": lambda key: {"memo": key},
            "a string": lambda key: {"memo": json.dumps({"x": key})},
            "base64": lambda key: {"content": base64_of(key)},
        }.items():
            key, line = pem(lot, kind)
            found.append(Planted(f"{kind} in {where}", line, answer(wrap(key))))
    return found


def _camel(lot: random.Random) -> str:
    words = ["Abstract", "Singleton", "Proxy", "Factory", "Bean", "Http2", "Token", "Auth", "Key", "Service", "V3"]
    return "".join(lot.sample(words, 6))


def _prose(lot: random.Random) -> str:
    words = ["the", "token", "was", "rotated", "and", "password", "rules:", "see", "our", "secret", "policy", "(2024)"]
    return " ".join(lot.choices(words, k=40))


def _hex(length: int) -> Make:
    return lambda lot: "".join(lot.choices("0123456789abcdef", k=length))


def _digest(lot: random.Random, algorithm: str = "sha256") -> bytes:
    return hashlib.new(algorithm, lot.randbytes(16)).digest()


INNOCENTS: dict[str, Callable[[random.Random], Any]] = {
    "a UUID": lambda lot: {"correlation": str(uuid.UUID(int=lot.getrandbits(128), version=4))},
    "a UUID in a path": lambda lot: {"self": f"https://api.example.com/v1/{uuid.UUID(int=lot.getrandbits(128))}/x"},
    "a commit": lambda lot: {"sha": _hex(40)(lot), "parents": [{"sha": _hex(40)(lot)}]},
    "a commit under any name": lambda lot: {"head": _hex(40)(lot), "text": f"fixed in {_hex(40)(lot)}."},
    "a digest": lambda lot: {"layer": f"sha256:{_hex(64)(lot)}"},
    "an integrity": lambda lot: {"dist": {"integrity": f"sha512-{base64.b64encode(_digest(lot, 'sha512')).decode()}"}},
    "an ETag": lambda lot: {"etag": f'W/"{_hex(32)(lot)}"'},
    "an ETag in base64": lambda lot: {"ETag": f'"{base64.b64encode(_digest(lot)).decode()}"'},
    "an image": lambda lot: {"avatar": base64.b64encode(b"\x89PNG\r\n\x1a\n" + lot.randbytes(300)).decode()},
    "an image in a data URL": lambda lot: {
        "x": "data:image/png;base64," + base64.b64encode(lot.randbytes(90)).decode()
    },
    "a file in base64": lambda lot: {"content": base64_of(_prose(lot))},
    "a date": lambda lot: {
        "created": f"2024-0{lot.randint(1, 9)}-1{lot.randint(0, 9)}T10:00:00.{lot.randint(1, 999)}Z"
    },
    "an id": lambda lot: {"id": drawn(BASE62, 24)(lot), "userId": drawn(BASE62, 28)(lot)},
    "a node id": lambda lot: {"node_id": base64_of(f"012:Repository{lot.randint(1, 10**9)}")},
    "a number": lambda lot: {"account": str(lot.randint(10**11, 10**12)), "max_tokens": lot.randint(1, 10**6)},
    "a slug": lambda lot: {"link": f"release-2024-11-{lot.randint(10, 28)}-the-long-way-home-to-{_hex(8)(lot)}"},
    "a pod": lambda lot: {"pod": f"payments-api-{_hex(10)(lot)}-x{lot.randint(1, 9)}b2k"},
    "a class": lambda lot: {"type": _camel(lot), "trace": f"at com.example.{_camel(lot)}.getAuthToken(Main.java:12)"},
    "prose": lambda lot: {"body": _prose(lot)},
    "a URL": lambda lot: {
        "html_url": f"https://example.com/docs/{_camel(lot)}/get-your-api-key?page={lot.randint(1, 9)}"
    },
    "a drive's URL": lambda lot: {"file": f"https://drive.example.com/file/d/{drawn(BASE62, 33)(lot)}/view"},
    "a cursor": lambda lot: {"endCursor": drawn(BASE62, 40)(lot), "next_page_token": drawn(BASE62, 60)(lot)},
    "a kind of authentication": lambda lot: {"authType": lot.choice(["basic", "oauth2"]), "apiKeyHeader": "X-Api-Key"},
    "an object of authentication": lambda lot: {
        "auth": {"type": "bearer", "method": "POST", "url": f"https://login.example.com/{lot.randint(1, 99)}"}
    },
    "a reference": lambda lot: {
        "password": lot.choice(["${DB_PASSWORD}", "********", "{{ secrets.db }}", "<hidden>", ""])
    },
    "names of secrets": lambda lot: {
        "secrets": [{"name": f"DB_PASSWORD_{lot.randint(1, 9)}", "created_at": "2024-01-01"}]
    },
    "fields that are required": lambda _: {"required": ["username", "password"], "grant": "client_credentials"},
    "a public key": lambda lot: {"ssh": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + drawn(BASE62, 43)(lot)},
    "a certificate": lambda lot: {"pem": pem(lot, "CERTIFICATE")[0]},
    "a fingerprint": lambda lot: {"line": f"2048 SHA256:{base64.b64encode(_digest(lot)).decode().rstrip('=')} (RSA)"},
    "a version": lambda lot: {"image": f"registry.example.com/team/app:v1.{lot.randint(0, 99)}.0-{_hex(12)(lot)}"},
    "a ULID": lambda lot: {"event": "01" + "".join(lot.choices(CROCKFORD, k=24))},
    "an object id": lambda lot: {"_ref": _hex(24)(lot), "hexes": [_hex(32)(lot)]},
    "an ARN": lambda lot: {
        "SecretArn": f"arn:aws:secretsmanager:eu-west-1:{lot.randint(10**11, 10**12)}:secret:db-AbC1x2"
    },
    "a JSON Web Key": lambda lot: {
        "kty": "RSA",
        "kid": drawn(BASE62, 40)(lot),
        "n": drawn(BASE62, 340)(lot),
        "e": "AQAB",
    },
}


def innocents(seed: int) -> list[tuple[str, Any]]:
    """Of each kind, five bodies that are to stay as they are."""
    lot = random.Random(seed)  # noqa: S311 # no secret
    return [(kind, make(lot)) for kind, make in INNOCENTS.items() for _ in range(5)]
