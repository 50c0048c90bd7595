"""Tokens are looked for in long words alone, which finds what looking for them everywhere does."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.redaction.credential_forms import TOKENS
from harness.stubs.leaks import _DIGITS, _WORD

_ASCII = st.characters(min_codepoint=32, max_codepoint=126)
_AROUND = st.text(st.sampled_from("a1 \"':=,/-_.@~+\t\\"), max_size=6)


@pytest.mark.parametrize("what", TOKENS)
def test_each_form_of_a_token_is_found_in_the_word_that_it_is_in(what: str) -> None:
    expression = re.compile(TOKENS[what])

    @settings(max_examples=8, suppress_health_check=list(HealthCheck))
    @given(st.from_regex(expression, fullmatch=True, alphabet=_ASCII), _AROUND, _AROUND)
    def holds(token: str, before: str, after: str) -> None:
        line = before + token + after
        words = "\n".join(word for word in _WORD.findall(line) if not _DIGITS.fullmatch(word))
        assert [found[0] for found in expression.finditer(words)] == [found[0] for found in expression.finditer(line)]

    holds()
