"""What Java cannot read is refused with what was meant; whatever it reads is let through."""

import pytest

from harness.stubs import java_regex, json_path


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("/items/{id}", "the { at character 8 does not begin a repeat count", "urlPathTemplate"),
        ("(?P<id>x)", "Java has no group (?P<…", "write (?<name>…)"),
        ("(?#c)", "Java has no group (?#c…", "Java has"),
        ("/a(b", "the ( at character 3 is never closed", "\\("),
        ("a)", "the ) at character 2 has no matching (", "\\)"),
        ("a[b", "the [ at character 2 is never closed", "\\["),
        ("[]", "the [ at character 1 is never closed", "\\["),
        ("*", "the * at character 1 has nothing to repeat", ".*"),
        ("(|+a)", "the + at character 3 has nothing to repeat", ".+"),
        ("a**", "the * at character 3 follows another quantifier", "leave one out"),
        ("a{3,2}", "in {3,2} the minimum exceeds the maximum", "the smaller number first"),
        ("a\\", "it ends in a backslash", "\\\\"),
        ("\\y", "Java has no escape \\y", "write y"),
    ],
)
def test_why_java_cannot_read_it(text: str, what: str, remedy: str) -> None:
    refusal = java_regex.refusal(text)
    assert refusal is not None
    assert refusal[0] == what
    assert remedy in refusal[1]


@pytest.mark.parametrize(
    "text",
    [
        *("", ".*", "/items/[0-9]+", r"/a\?b=(?:c|d)", "(?<id>a)", "(?i)a", "a++", "a*?", "a{2}+", "a{2}{3}", "^*"),
        *(
            "[a-z&&[^b]]",
            "[]a]",
            "[^]a]",
            r"[\]]",
            r"\Q({[\E",
            r"\p{Alpha}+",
            r"\x{41}",
            "(?<!a)b",
            "(?<=a)b",
            "]",
            "}",
        ),
        *("(?x) a # (", "[{]", r"\{id\}", "{2}", r"(a)\1", r"(?<n>a)\k<n>", "日+"),
    ],
)
def test_what_java_reads(text: str) -> None:
    assert java_regex.refusal(text) is None


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("", "it is empty"),
        ("$.a.", "it ends in a dot"),
        ("$a", "$ must be followed by . or ["),
        ("$[0", "a [ is never closed"),
        ("$['a]", "a quote is never closed"),
        ("$[?@.a == 1]", "[? must be followed by ("),
        ("$[?(@.a = 1)]", "a filter compares with ="),
        ("$.a[name]", "the name in [name] is not quoted"),
    ],
)
def test_why_wiremock_cannot_read_a_path(path: str, what: str) -> None:
    refusal = json_path.refusal(path)
    assert refusal is not None
    assert refusal[0] == what


@pytest.mark.parametrize(
    "path",
    [
        *("$", "$.a", "a", "$..a", "$['a']", "$['a.b']", "$.a[*].b", "$.a[0,1]", "$.a[-1:]", "$[?(@.a == 1)]", "$.a["),
        *("$[?(@.a =~ /x=[(/)]", "$[?(@.a == '=')]", "$[?(@.a >= 1 && @.b != 2)]", "$.a.length()", " $ "),
    ],
)
def test_a_path_that_wiremock_reads(path: str) -> None:
    assert json_path.refusal(path) is None
