"""Tells by a name whether what goes by it is a credential: a configuration value, a header, a parameter, a field."""

import re
from functools import lru_cache

# The patterns of the reference document, for configuration values.
_PATTERNS = ("token", "secret", "key", "password", "credential", "auth", "private")
# Headers that a pattern fits, and that hold no secret: challenges, and what a token may do.
_NO_CREDENTIALS = frozenset(
    {
        "www-authenticate",
        "proxy-authenticate",
        "x-oauth-scopes",
        "x-accepted-oauth-scopes",
        "x-accepted-github-permissions",
        "surrogate-key",
        "authority",
    }
)
_LAST_WORDS = frozenset(
    {
        *("token", "secret", "password", "passwd", "pwd", "passphrase", "credential", "credentials"),
        *("authorization", "signature", "sig", "jwt", "apikey", "authtoken", "accesstoken", "sessionid", "assertion"),
    }
)
_KINDS_OF_KEYS = frozenset(
    {
        *("api", "access", "private", "secret", "signing", "signature", "encryption", "subscription", "app", "hmac"),
        *("application", "integration", "license", "master", "shared", "storage", "account", "routing", "auth", "ssh"),
        *("gpg", "deploy"),
    }
)
# A token that says where to go on is no secret, and a resync needs it.
_PAGING = frozenset(
    {"next", "prev", "previous", "page", "paging", "continuation", "cursor", "sync", "start", "resume", "delta", "last"}
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def fits_the_documented_patterns(name: str) -> bool:
    """Whether a configuration value of this name is sensitive, by the reference document."""
    return any(pattern in name.lower() for pattern in _PATTERNS)


def is_credential_header(name: str) -> bool:
    """Whether a header holds a credential."""
    lower = name.lower()
    return lower not in _NO_CREDENTIALS and (
        fits_the_documented_patterns(lower) or is_credential_field(lower) or "session" in lower
    )


@lru_cache(maxsize=10_000)
def is_credential_field(name: str) -> bool:
    """Whether a field of a body, or a parameter, holds a credential.

    The documented patterns are too wide here: they fit ``key``, by which Jira knows an issue, and ``author``.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or _PAGING.intersection(words):
        return False
    last, before = words[-1], words[:-1]
    if last == "key" and before:
        return before[-1] in _KINDS_OF_KEYS
    if last == "id" and before[-2:] == ["access", "key"]:
        return True
    return last in _LAST_WORDS or "".join(words) in _LAST_WORDS
