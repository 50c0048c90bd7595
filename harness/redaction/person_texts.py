"""Finds people in texts by form: trailers of commits, addresses of mail, telephone numbers, lines of a vCard."""

import re
from collections.abc import Callable, Iterator
from typing import Any

Json = Any
EMAIL = re.compile(
    r"(?:(?<![A-Za-z0-9._%+-])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))(?!git@|ssh@)[A-Za-z0-9_][A-Za-z0-9._+-]{0,100}(?:%2[Bb][A-Za-z0-9._+-]{0,64}){0,3}(?P<at>@|%40)"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,20}[A-Za-z]{2,}(?![A-Za-z0-9@])"
)
_WORD = r"[^\W\d_][^\W_]{0,40}(?:['\u2019.\-][^\W_]{1,40}){0,4}\.?"  # bounded: what it is not is found out soon
_NAME = rf"(?P<name>{_WORD}(?:,? {_WORD}){{0,4}})"
_WITH_ADDRESS = re.compile(
    rf'(?:^|(?<=[:,;("\'\[>]))[ \t]{{0,20}}"?{_NAME}"? {{0,9}}(?:<|&lt;)(?P<mail>[^<>\s&@]{{1,64}}@[^<>\s&@]{{1,255}})(?:>|&gt;)',
    re.MULTILINE,
)
_TRAILER = re.compile(
    rf"(?m)^[ \t>]*(?:(?:Co-[Aa]uthored|Signed-[Oo]ff|Reviewed|Acked|Tested|Reported|Suggested|Helped|Approved|Mentored|Authored|"
    rf"Committed|Requested|Debugged|Based-on-patch|Original-patch)-[Bb]y|Author|Committer|[Cc]c|Signer|Tagger|FN|@author)"
    rf"(?:;[^:\n]*)?:?[ \t]+?{_NAME}(?=[ \t]*(?:$|<|&lt;|\())"
)
_LINE_OF_A_VCARD = re.compile(rf"(?m)^FN(?:;[^:\n]*)?:{_NAME}[ \t\r]*$")
_STREET_OF_A_VCARD = re.compile(r"(?m)^ADR(?:;[^:\n]*)?:[^;\n]*;[^;\n]*;(?P<street>[^;\n]{5,})")
PHONE = re.compile(
    r"(?<![\w+/.=-])(?:(?:\+|00(?=[0-9]{1,3}[ ./-]))[1-9][0-9]{0,2}[ ./-]?(?:\(0?[0-9]{1,5}\)[ ./-]?)?[0-9]{1,5}(?:[ ./-]?[0-9]{2,6}){1,5}|\([2-9][0-9]{2}\) ?[0-9]{3}[ -][0-9]{4})(?![\w:]|[.-][\w])"
)
_PHONE_FIELDS = frozenset(
    {
        *("phone", "telephone", "mobile", "tel", "fax", "cell", "cellphone", "landline", "msisdn", "whatsapp", "sms"),
        *("phonenumber", "mobilephone", "homephone", "workphone", "telefon", "handy", "phones"),
    }
)
_HANGS_ON_A_PHONE = frozenset({"number", "no", "nr", "home", "work", "value", "main", "office", "primary", "formatted"})
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PHONE_VALUE = re.compile(r"\+?[0-9(][0-9 ()./-]{5,22}[0-9]")
_STREET_FIELD = frozenset(
    {
        *("street", "streetaddress", "addressline", "addressline1", "addressline2", "address1", "postaladdress"),
        *("homeaddress", "mailingaddress", "billingaddress", "shippingaddress", "streetname", "street1", "streetline"),
        *("formattedaddress", "fulladdress", "residence", "streetandnumber", "addresslines"),
    }
)
_ADDRESS_FIELD = frozenset(
    {"line1", "line2", "address", "location", "formatted", "contactaddress", "officeaddress", "workaddress"}
)
# A house's number and a word, or a word and a number, with what streets are called.
_STREET_WORDS = (
    r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|court|ct|place|pl|square|sq|terrace|highway|hwy|close|"
    r"crescent|parkway|row|rue|via|calle|avenida|rua|plaza|weg|platz|allee|gasse|laan|straat|ulica|ul)"
)
_STREET = re.compile(
    rf"(?i)\d{{1,5}}[a-z]?,? (?:[\w'\u2019.-]+ ){{0,4}}{_STREET_WORDS}\b.*|"
    rf"{_STREET_WORDS}\.? (?:[\w'\u2019.-]+ ?){{1,5}},? \d{{1,5}}\b.*|"
    r"(?:[\w'\u2019.-]+ ){0,3}[\w'\u2019.-]*(?:str\.|stra(?:ß|ss)e|weg|platz|allee|gasse|straat|laan|gatan|vägen)(?: [\w'\u2019.-]+)? \d{1,5} ?[a-z]?\b.*"
)
_SHORTEST_PHONE = 7


def named_in(text: str) -> Iterator[tuple[str, str]]:
    """The people whom a text names by its form, each with their address, or nothing."""
    if "@" in text and ("<" in text or "&lt;" in text):
        for found in _WITH_ADDRESS.finditer(text):
            yield found["name"].strip(), found["mail"]
    if "-" in text or ":" in text or "@author" in text:
        for form in (_TRAILER, _LINE_OF_A_VCARD):
            for found in form.finditer(text):
                yield found["name"].strip(), ""


def with_names_replaced(text: str, fake: Callable[[str, str], str]) -> str:
    """A text with other names before addresses, once over all of it.

    Args:
        text: The text.
        fake: Is given a name and the address beside it, and says what takes the name's place.
    """

    def put(found: re.Match[str]) -> str:
        start, end = (place - found.start() for place in found.span("name"))
        return found[0][:start] + fake(found["name"].strip(), found["mail"]) + found[0][end:]

    return _WITH_ADDRESS.sub(put, text)


def is_phone(field: str, value: str) -> bool:
    """Whether a field has a telephone number."""
    digits = sum(character.isdigit() for character in value)
    return digits >= _SHORTEST_PHONE and _is_phone_field(field) and _PHONE_VALUE.fullmatch(value.strip()) is not None


def _is_phone_field(field: str) -> bool:
    words = [word.lower() for word in _PARTS.findall(field)]
    while len(words) > 1 and words[-1] in _HANGS_ON_A_PHONE:
        words.pop()
    return bool(words) and not _PHONE_FIELDS.isdisjoint({words[-1], *_singular(words[-1])})


def _singular(word: str) -> tuple[str, str]:
    return word.removesuffix("s"), word.removesuffix("es")


def is_street(field: str, value: str) -> bool:
    """Whether a field has a postal address, or the street of one."""
    bare = re.sub(r"[^a-z0-9]", "", field.lower())
    one = next((each for each in _singular(bare) if each in _STREET_FIELD | _ADDRESS_FIELD), bare)
    if one in _STREET_FIELD:
        return any(map(str.isdigit, value)) and any(map(str.isalpha, value)) and "://" not in value and "@" not in value
    return one in _ADDRESS_FIELD and _STREET.fullmatch(value.strip().replace("\n", ", ")) is not None


def streets_in(text: str) -> Iterator[str]:
    """The streets in lines of a vCard."""
    return (found["street"] for found in _STREET_OF_A_VCARD.finditer(text)) if "ADR" in text else iter(())
