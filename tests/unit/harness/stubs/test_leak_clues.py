"""What has no clue of a leak is passed over, and what has one is found wherever it is in a large file."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.redaction import credential_names
from harness.redaction.credential_forms import TOKENS
from harness.stubs.leak_clues import STEMS, parts
from harness.stubs.leaks import leaks

_ASCII = st.characters(min_codepoint=32, max_codepoint=126)
_LINES = [f'{{"id": {number}, "name": "Item {number}", "at": "2024-01-02T03:04:05Z"}},' for number in range(400)]
# Put together here, so that no scan takes them for real.
_RANDOM = "k3J9x" + "Qw7Zp2Lm8Vt"
_LEAKS = {
    "a private key": "-----BEGIN " + "PRIVATE KEY-----",
    "a secret": f'"clientSecret": "{_RANDOM}"',
    "a signed": f"eyJhbGciOi.eyJzdWIiOi.{_RANDOM}{_RANDOM}",
    "a password": f"https://anna:{_RANDOM}@api.acme.com",
    "a secret: ": f"Authorization: Bearer {_RANDOM}{_RANDOM}",
    "an e-mail": "anna.smith@" + "acme.com",
    "a telephone": '"phone": "+49 89 ' + '9754 3621"',
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n", " "])
@pytest.mark.parametrize("what", _LEAKS)
def test_one_leak_in_a_large_file_is_found_with_its_line(what: str, line_end: str) -> None:
    for place in (0, 133, 399):
        lines = [*_LINES[:place], _LEAKS[what], *_LINES[place:]]
        found = leaks(line_end.join(lines))
        assert [leak.line for leak in found] == [1 if line_end == " " else place + 1]
        assert found[0].what.startswith(what)


def test_what_has_no_clue_is_not_read_again() -> None:
    assert list(parts("\n".join(_LINES))) == []


def test_only_what_is_near_a_clue_is_read_again() -> None:
    found = list(parts("\n".join([*_LINES, '"keys_url": "https://api.example.com/keys"', *_LINES])))

    assert sum(len(part) for _, part in found) < 1_000


@pytest.mark.parametrize("what", TOKENS)
def test_each_form_of_a_token_is_a_clue(what: str) -> None:
    @settings(max_examples=5, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(re.compile(TOKENS[what]), fullmatch=True, alphabet=_ASCII))
    def holds(token: str) -> None:
        text = f"{' '.join(_LINES)}{token}{' '.join(_LINES)}"
        assert token in "".join(part for _, part in parts(text))

    holds()


def test_each_name_of_a_credential_has_a_stem() -> None:
    words = set(re.findall(r"\"([a-z]+)\"", Path(credential_names.__file__).read_text(encoding="utf-8")))
    names = {*words, *(f"{first}_{second}" for first, second in itertools.product(words, ("key", "id", "value")))}
    fields = [name for name in names if credential_names.is_credential_field(name)]

    assert len(fields) > 60
    assert [name for name in fields if not any(stem in name for stem in STEMS)] == []
