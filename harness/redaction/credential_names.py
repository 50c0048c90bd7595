"""Recognises credentials by their name: a configuration value, a header, a parameter, a field."""

import re
from functools import lru_cache

# The patterns of the reference document, for configuration values.
_PATTERNS = ("token", "secret", "key", "password", "credential", "auth", "private")
# Headers that a pattern fits, and that hold no secret: challenges, what a token may do, and names of things.
_NO_CREDENTIALS = frozenset(
    {
        *("www-authenticate", "proxy-authenticate", "authentication-info", "x-oauth-scopes", "x-accepted-oauth-scopes"),
        *("x-accepted-github-permissions", "surrogate-key", "cache-key", "x-cache-key", "idempotency-key", "authority"),
        *("sec-websocket-key", "public-key-pins", "origin-agent-cluster", "referrer-policy"),
    }
)
_NO_CREDENTIAL_BEGINNINGS = ("access-control-", "sec-fetch-", "cross-origin-", "x-ratelimit-", "ratelimit-")
_HEADER_WORDS = frozenset(
    {
        *("token", "tokens", "secret", "secrets", "key", "keys", "password", "passwd", "credential", "credentials"),
        *("auth", "authorization", "authentication", "authenticate", "private", "session", "sessionid"),
    }
)
# What is called so is chosen by people, and may be any word.
_PASSWORDS = frozenset(
    {
        *(
            "password",
            "passwd",
            "pwd",
            "passphrase",
            "passcode",
            "passwort",
            "kennwort",
            "senha",
            "contrasena",
            "parola",
        ),
        *("wachtwoord", "haslo", "losenord", "adgangskode", "salasana"),
    }
)
# Beside the name of a user, these are as good.
_PASSWORDS_OF_A_USER = frozenset({"pass", "pw", "p"})
# Names of several words that are written as one: ``hapikey``, ``userpassword``.
_ENDINGS = re.compile(r"[a-z]+(?:api|access|auth|private|secret)key|[a-z]+(?:token|secret|passw(?:or)?d|passphrase)")
_LAST_WORDS = frozenset(
    {
        *("token", "secret", "pass", "pw", "credential", "psk", *_PASSWORDS),
        *("authorization", "signature", "sig", "jwt", "apikey", "authtoken", "accesstoken", "sessionid", "assertion"),
        *("secretkey", "privatekey", "clientsecret", "refreshtoken", "idtoken", "pgpassword", "dockerconfigjson"),
        *(
            "bearer",
            "otp",
            "totp",
            "csrf",
            "xsrf",
            "cookie",
            "sessiontoken",
            "secretaccesskey",
            "encryptionkey",
            "auth",
        ),
    }
)
# Several of them, be it a list or an object of names.
_LAST_WORDS_OF_MANY = frozenset(
    {
        *("tokens", "secrets", "passwords", "credentials", "signatures", "apikeys", "creds", "passphrases", "otps"),
        *("cookies", "accesstokens"),
    }
)
# Of these, only what looks like a secret is one: ``{"auth": "basic", "pass": "yes"}``.
_WEAK = frozenset({"auth", "pass", "pw", "otp", "totp", "cookie", "cookies", "csrf", "bearer", "creds"})
_KINDS_OF_KEYS = frozenset(
    {
        *("api", "access", "private", "priv", "secret", "signing", "signature", "encryption", "subscription", "app"),
        *("application", "integration", "license", "master", "shared", "storage", "account", "routing", "auth", "ssh"),
        *("gpg", "deploy", "hmac", "client", "service", "db", "database", "webhook", "function", "host", "admin"),
    }
)
# A name with this ending describes a credential but is not one: how long it lasts, where it goes, its kind.
_ABOUT = frozenset(
    {
        *("type", "types", "kind", "name", "names", "header", "headers", "method", "methods", "url", "urls", "uri"),
        *("endpoint", "endpoints", "path", "field", "fields", "param", "params", "parameter", "location", "prefix"),
        *("scheme", "mode", "enabled", "required", "ttl", "expiry", "expires", "expiration", "lifetime", "scope"),
        *("scopes", "audience", "format", "algorithm", "alg", "size", "length", "count", "limit", "policy", "rotation"),
        *("provider", "flow", "strategy", "version", "status", "state", "at", "in", "on", "date", "time", "timeout"),
        *("seconds", "minutes", "interval", "template", "suffix", "separator", "class", "group", "arn", "ref"),
        *(
            "reference",
            "description",
            "label",
            "title",
            "hint",
            "encoding",
            "issuer",
            "realm",
            "domain",
            "host",
            "port",
        ),
        *("username", "user", "email", "region", "redirect", "selector", "position", "placement"),
    }
)
# A pagination token is not a secret, and a resync needs it.
_PAGING = frozenset(
    {"next", "prev", "previous", "page", "paging", "continuation", "cursor", "sync", "start", "resume", "delta", "last"}
)
# Names of what is as good as chance, and tells one thing from another: no credential, whatever it looks like.
_IDENTIFYING = frozenset(
    {
        *("id", "ids", "uid", "guid", "uuid", "urn", "arn", "sha", "sha1", "sha256", "sha512", "hash", "hashes", "md5"),
        *("digest", "digests", "checksum", "etag", "etags", "fingerprint", "thumbprint", "kid", "integrity", "shasum"),
        *("cursor", "after", "before", "marker", "offset", "scroll", "position", "ref", "rev", "revision", "version"),
        *("commit", "tree", "slug", "image", "images", "avatar", "icon", "thumbnail", "logo", "photo", "picture"),
        *("ray", "request", "trace", "traceparent", "correlation", "nonce", "certificate", "cert", "crt", "x5c", "x5t"),
        *("publickey", "continuationtoken", "match", "policy", "number", "identifier", "identity", "handle"),
    }
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def fits_the_documented_patterns(name: str) -> bool:
    """Whether a configuration value of this name is sensitive, by the reference document."""
    return any(pattern in name.lower() for pattern in _PATTERNS)


def is_credential_setting(name: str) -> bool:
    """Whether a configuration value of this name is one, where the spec does not say: not ``apiKeyHeader``."""
    words = _words(name)
    return fits_the_documented_patterns(name) and not (words and (words[-1] in _ABOUT or "author" in words))


@lru_cache(maxsize=10_000)
def is_credential_header(name: str) -> bool:
    """Whether a header holds a credential."""
    lower = name.lower()
    if lower in _NO_CREDENTIALS or lower.startswith(_NO_CREDENTIAL_BEGINNINGS):
        return False
    if is_credential_field(lower):
        return True
    words = _words(name)
    if not words or words[-1] in _ABOUT or _PAGING.intersection(words):
        return False
    if words[-1] in ("id", "ids"):  # of a session, it is the session
        return words[-2:-1] == ["session"]
    return bool(_HEADER_WORDS.intersection(words))


@lru_cache(maxsize=10_000)
def is_credential_field(name: str) -> bool:
    """Whether a field of a body, or a parameter, holds a credential.

    The documented patterns are too wide here: they fit ``key``, by which Jira knows an issue, and ``author``.
    """
    words = _words_of_a_field(name)
    if not words or _PAGING.intersection(words):
        return False
    last, before = words[-1], words[:-1]
    if last in ("key", "keys") and before:
        return before[-1] in _KINDS_OF_KEYS and before[-2:-1] != ["public"]
    if last == "id" and before:
        return before[-2:] == ["access", "key"] or before[-1] == "session"
    if last in _LAST_WORDS or "".join(words) in _LAST_WORDS or is_name_of_several(name):
        return True
    return _ENDINGS.fullmatch(last) is not None and not last.startswith(tuple(_PAGING))


@lru_cache(maxsize=10_000)
def is_password(name: str, *, has_user: bool = False) -> bool:
    """Whether a name is that of a password, which may be any word.

    Args:
        name: The name.
        has_user: Whether the name of a user is beside it.
    """
    words = _words_of_a_field(name)
    return bool(words) and (
        words[-1] in _PASSWORDS
        or re.fullmatch("[a-z]+(?:password|passwd|passphrase)", words[-1]) is not None
        or (has_user and words[-1] in _PASSWORDS_OF_A_USER)
    )


@lru_cache(maxsize=10_000)
def is_name_of_several(name: str) -> bool:
    """Whether a list or an object of this name holds credentials."""
    words = _words(name)
    if not words or _PAGING.intersection(words):
        return False
    return words[-1] in _LAST_WORDS_OF_MANY or "".join(words) in _LAST_WORDS_OF_MANY


@lru_cache(maxsize=10_000)
def is_weak(name: str) -> bool:
    """Whether a credential's name is so general that the value has to look like a secret, too."""
    words = _words(name)
    return bool(words) and words[-1] in _WEAK


@lru_cache(maxsize=10_000)
def is_identifying(name: str) -> bool:
    """Whether what goes by this name may look like chance without being a secret: an id, a digest, a cursor."""
    words = _words(name)
    while len(words) > 1 and words[-1].isdigit() and "".join(words[-2:]) not in _IDENTIFYING:
        words.pop()
    return bool(words) and (
        words[-1] in _IDENTIFYING or "".join(words[-2:]) in _IDENTIFYING or bool(_PAGING.intersection(words))
    )


@lru_cache(maxsize=10_000)
def is_about(name: str) -> bool:
    """Whether a field beside or below a credential describes it but is not one: ``type``, ``created_at``, ``username``."""
    words = _words(name)
    return not words or words[-1] in _ABOUT or (words[-1] in _IDENTIFYING and not is_credential_field(name))


def _words_of_a_field(name: str) -> list[str]:
    words = _words(name)
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in ("value", "plaintext", "string", "str", "text")):
        words.pop()  # the second of several, and what is in it: DB_PASSWORD_2, SecretString
    return words


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.findall(name)]
