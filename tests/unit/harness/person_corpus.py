"""People planted where real APIs have them, and what is only called like one."""

from __future__ import annotations

import html
import json
import random
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml
from faker import Faker

from harness.recording.exchange import Exchange

JSON = ("content-type", "application/json")
LOCALES = ("en_US", "de_DE", "fr_FR", "es_ES", "pl_PL", "pt_BR", "it_IT", "nl_NL", "en_IN", "sv_SE")


@dataclass(frozen=True)
class Person:
    """One, with all that is known of them."""

    first: str
    last: str
    mail: str
    login: str
    phone: str
    street: str

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


def person(seed: int) -> Person:
    lot = random.Random(seed)  # noqa: S311 # no secret
    fake = Faker(LOCALES[seed % len(LOCALES)])
    fake.seed_instance(seed)
    first, last = fake.first_name().split()[0], fake.last_name()
    digits = "".join(lot.choices("123456789", k=8))
    return Person(
        first,
        last,
        f"p{seed}.{lot.randint(10, 99)}@people.example",
        f"login{digits[:5]}",
        lot.choice(
            [f"+49 30 {digits}", f"+1 ({digits[:3]}) {digits[3:6]}-{digits[4:]}", f"+44 20 {digits[:4]} {digits[4:]}"]
        ),
        lot.choice([f"{digits[:2]} High Street", f"{last}straße {digits[:2]}", f"{digits[:3]} Old Mill Road"]),
    )


def answer(body: Any, **headers: str) -> Exchange:
    content = body if isinstance(body, str) else json.dumps(body)
    named = [JSON, *headers.items()] if not isinstance(body, str) else list(headers.items())
    return Exchange("GET", "https://api.example.com/x", [], b"", 200, named, content.encode())


Place = Callable[[Person], tuple[Any, list[str]]]


def of(make: Callable[[Person], Any], *kinds: str) -> Place:
    """A body, and what of the person must not be left."""
    return lambda each: (make(each), [getattr(each, kind) for kind in kinds or ("name",)])


def _vcard(p: Person) -> str:
    return f"BEGIN:VCARD\nVERSION:3.0\nFN:{p.name}\nTEL;TYPE=work:{p.phone}\nADR;TYPE=home:;;{p.street};Berlin;;10115;DE\nEND:VCARD\n"


PLACES: dict[str, Place] = {
    "author": of(lambda p: {"title": "Fix it", "author": p.name}),
    "assignee": of(lambda p: {"key": "A-1", "assignee": p.name}),
    "owner_name": of(lambda p: {"owner_name": p.name}),
    "assignee object": of(lambda p: {"assignee": {"displayName": p.name, "active": True}}),
    "displayName alone": of(lambda p: {"displayName": f"Anna {p.last}"}, "last"),
    "displayName and accountId": of(lambda p: {"accountId": "5b10a2844c20165700ede21g", "displayName": p.name}),
    "login and name": of(lambda p: {"login": p.login, "name": p.name, "id": 1}, "name", "login"),
    "login and mail": of(lambda p: {"login": p.login, "email": p.mail}, "mail", "login"),
    "createdBy": of(lambda p: {"createdBy": p.name, "updated_by": {"name": p.name}}),
    "graph": of(lambda p: {"nodes": [{"author": {"node": {"user": {"name": p.name}}}}]}),
    "reviewers": of(lambda p: {"reviewers": [p.name], "members": [{"name": p.name}]}),
    "first and last": of(lambda p: {"firstName": p.first, "lastName": p.last}, "last"),
    "name and type": of(lambda p: {"type": "user", "name": p.name}),
    "typename": of(lambda p: {"__typename": "User", "name": p.name}),
    "user_reference": of(lambda p: {"assignments": [{"assignee": {"type": "user_reference", "summary": p.name}}]}),
    "custom field": of(lambda p: {"fields": [{"field": "Assignee", "value": p.name}]}),
    "changelog": of(lambda p: {"items": [{"field": "reporter", "fromString": p.name, "toString": None}]}),
    "LDAP": of(lambda p: {"cn": p.name, "sn": p.last, "sAMAccountName": p.login}, "name", "login"),
    "SCIM": of(lambda p: {"userName": p.mail, "name": {"givenName": p.first, "familyName": p.last}}, "mail", "last"),
    "Last, First": of(lambda p: {"owner": f"{p.last}, {p.first}"}, "last"),
    "XML element": of(lambda p: f"<issue><author>{html.escape(p.name)}</author></issue>"),
    "XML attribute": of(lambda p: f'<list><user name="{html.escape(p.name)}" id="7"/></list>'),
    "XML displayName": of(lambda p: f"<r><assignee><displayName>{html.escape(p.name)}</displayName></assignee></r>"),
    "NDJSON": of(lambda p: "\n".join(json.dumps({"n": n, "author": p.name}) for n in range(3)) + "\n"),
    "JSON in a string": of(lambda p: {"payload": json.dumps({"sender": {"name": p.name}})}),
    "YAML": of(lambda p: yaml.safe_dump({"kind": "x", "maintainers": [p.name], "owner": p.name}, allow_unicode=True)),
    "CSV": of(lambda p: f'Key,Assignee,Status\nA-1,"{p.name}",open\nA-2,,done\n'),
    "Co-authored-by": of(
        lambda p: {"message": f"Fix it\n\nBecause.\n\nCo-authored-by: {p.name} <{p.mail}>\n"}, "name", "mail"
    ),
    "Signed-off-by": of(lambda p: {"message": f"Fix it\n\nSigned-off-by: {p.name} <{p.mail}>"}, "name", "mail"),
    "Reviewed-by without mail": of(lambda p: {"message": f"Fix it\n\nReviewed-by: {p.name}\n"}),
    "git log": of(lambda p: f"commit 1\nAuthor: {p.name} <{p.mail}>\nDate: today\n\n    Fix\n", "name", "mail"),
    "mail header": of(lambda p: {"raw": f"{p.name} <{p.mail}>, others"}, "name", "mail"),
    "phone": of(lambda p: {"phoneNumber": p.phone, "mobile": p.phone.lstrip("+")}, "phone"),
    "phone in a text": of(lambda p: {"note": f"Call {p.phone} at night."}, "phone"),
    "street": of(lambda p: {"address": {"street": p.street, "city": "Berlin"}}, "street"),
    "address line": of(lambda p: {"address": f"{p.street}, 10115 Berlin"}, "street"),
    "vCard": of(_vcard, "name", "phone", "street"),
    "also in a text": of(lambda p: {"author": p.name, "body": f"As {p.name} said, it is late."}),
    "also in a link": of(lambda p: {"author": p.name, "self": f"https://x/?by={urllib.parse.quote(p.name)}"}),
    "login in a link": of(
        lambda p: {"login": p.login, "name": p.name, "html_url": f"https://x/{p.login}"}, "name", "login"
    ),
}

INNOCENTS: list[Any] = [
    *({"name": each} for each in ("checkout", "Checkout Service", "payments-api", "New York", "Visual Studio Code")),
    *({"displayName": each} for each in ("Checkout", "Story Points", "In Progress", "Payments Platform", "Sprint")),
    *({"team": {"name": each}} for each in ("Platform Core", "Site Reliability", "Team Rocket", "Blue Whale")),
    *({"owner": each} for each in ("platform-team", "Payments Team", "Acme Corp", "@acme/web", "sre", "Data Science")),
    *({"author": each} for each in ("renovate[bot]", "github-actions", "root", "jenkins", "Jenkins Pipeline")),
    *({"created_by": each} for each in ("Terraform Cloud", "GitHub Actions", "system", "API", "Service Account")),
    *({"assignee": each} for each in (None, "", "Unassigned", "On Call", "Help Desk", "Support Engineers")),
    *({"maintainer": each} for each in ("The Kubernetes Authors", "Debian Developers", "Red Hat, Inc.")),
    {"owner": {"type": "Organization", "login": "acme", "name": "Acme Tools"}},
    {"owner": {"type": "Team", "name": "Blue Whale"}},
    {"creator": {"type": "bot", "name": "Merge Queue"}},
    *({"title": each} for each in ("Fix Login Page", "Add Dark Mode", "Ada Compiler Crashes", "Grace Period Ends")),
    *({"summary": each} for each in ("Crash Loop Back", "Rose Gold Theme", "May Day Release", "Virginia Region Down")),
    *({"product": each} for each in ("Lotus Notes", "Adobe Acrobat", "Chrome Canary", "Martin Guitar")),
    *({"status": {"name": each}} for each in ("In Review", "Ready For Test", "Won't Do", "Selected For Development")),
    *({"labels": [each]} for each in ("Good First Issue", "Help Wanted", "Tech Debt")),
    *({"city": each} for each in ("San Francisco", "Charlotte", "Santa Clara", "Orlando")),
    *({"description": each} for each in ("Signed-off-by is missing", "Reviewed-by: nobody yet, sorry", "Call 911")),
    *({"version": each} for each in ("1.2.3", "+1.0.0-2026.10.22", str(20_261_022), f"0049{301_234_567}a")),
    *({"moment": each} for each in ("2026-10-22T10:29:58+00:00", "2026-10-22 10:29:58 +0200", "1795257000123")),
    *({"id": each} for each in ("1795257000123", "+1", "001234567890", "49-30-1234", "(555)")),
    *({"address": each} for each in ("10.0.0.1", "10.0.0.1:8080", f"0x{'de0b' * 4}", "fe80::1", "https://x.example")),
    {"ip_address": "10.0.0.1", "mac": "00:1b:44:11:3a:b7", "phone": "", "mobile": True, "telemetry": "12345678"},
    {"location": "eu-west-1", "street": "", "line1": "total 12", "microphone": "12345678"},
    {"reactions": {"+1": 3, "heart": 1}, "user_agent": "Mozilla Firefox", "user_type": "Power User"},
    {"author_association": "First Timer", "owner_type": "Blue Whale", "lead_time": "Two Days"},
    {"license": {"name": "Apache License", "author_url": "https://x.example"}, "manager": "Deployment Manager"},
    {"field": "Component", "value": "Alice Springs"},
    {"field": "status", "fromString": "To Do", "toString": "In Progress"},
    {"type": "service", "name": "Grace Hopper", "login": "x"},
    "<project><name>Blue Whale</name><version>1.2.3</version></project>",
    "<feed><title>Release Notes</title><author>acme</author></feed>",
    "kind: Deployment\nmetadata:\n  name: blue-whale\n  owner: platform-team\n",
    "Service,Team,Status\nCheckout,Blue Whale,Up Now\n",
    "git clone git@github.com:acme/web.git && cd web\nAuthor: acme\n",
    *({"user": each} for each in ("postgres", "www-data", "deploy", "ubuntu", "CI")),
    *({"category": each} for each in ("Home Garden", "Jack Daniels", "Casey Jones")),
    *({"environment": {"name": each}} for each in ("Dawn Patrol", "Eu Central", "Penny Lane")),
    *({"topic": each} for each in ("orders.v1", "Ruby Gems", "Jasmine Tests")),
    *({"job_name": each} for each in ("Nightly Build", "Cypress Hill", "Jade Lint")),
    *({"channel": {"name": each}} for each in ("general", "Olive Branch", "Summer Party")),
]
