"""Finds in texts what is different in each run by its form: moments and UUIDs."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# So far back or ahead a moment may be relative to now; a New Year's Day of another year is more likely to be meant as such.
_BACK, _AHEAD, _YEAR = timedelta(days=5 * 366), timedelta(days=2 * 366), timedelta(days=366)
_EPOCHS = {10: 1, 13: 1_000, 16: 1_000_000}
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_WEEKDAYS, _MONTHS = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)", "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CHANGING = re.compile(
    rf"(?P<uuid>(?<![0-9a-zA-Z]){_UUID}(?![0-9a-zA-Z]))"
    rf"|(?P<mail>{_WEEKDAYS}, \d\d? {_MONTHS} \d{{4}} \d\d:\d\d:\d\d (?:GMT|[+-]\d{{4}}))"
    r"|(?P<iso>(?<!\d)\d{4}([-/])\d\d\4\d\d(?:(?:T| )\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?Z| ?[+-]\d\d:?\d\d)?)?(?!\d))"
    r"|(?P<compact>(?<![0-9A-Za-z])(?:19|20)\d{6}(?:T?\d{6}Z?)?(?![0-9A-Za-z]))"
    r"|(?P<epoch>(?<![0-9A-Za-z.])\d{10}(?:\d{3}|\d{6})?(?:\.\d{1,9})?(?![0-9A-Za-z.]))"
)
_PATTERNS = {
    "uuid": _UUID,
    "mail": r"\w{3}, [0-9]{1,2} \w{3} [0-9]{4} [0-9:]{8} [\w+-]+",
    "iso": r"[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}(?:[T ][0-9:.,]+(?: ?Z| ?[+-][0-9:]+)?)?",
    "compact": r"[0-9]{8}T?[0-9]*Z?",
    "epoch": r"[0-9.]+",
}


def changing_in(text: str) -> Iterator[re.Match[str]]:
    """The moments and UUIDs in a text; see :func:`pattern_of` and :func:`is_relative`."""
    return _CHANGING.finditer(text)


def pattern_of(found: re.Match[str]) -> str:
    """A regular expression for others of its kind."""
    return _PATTERNS[found.lastgroup or ""]


def is_moment(found: re.Match[str]) -> bool:
    """Whether it has the form of a moment."""
    return not found["uuid"]


def is_relative(found: re.Match[str], now: datetime) -> bool:
    """Whether it is a moment that may be relative to another, as "30 days ago" is, and no constant.

    Args:
        found: It.
        now: The other one.
    """
    moment = _moment(found)
    if moment is None:
        return False
    is_new_year = (moment.month, moment.day, moment.hour, moment.minute) == (1, 1, 0, 0)
    if is_new_year and abs(moment - now) >= _YEAR:
        return False
    return now - _BACK <= moment <= now + _AHEAD


def _moment(found: re.Match[str]) -> datetime | None:
    text = found[0]
    try:
        if found["mail"]:
            moment = parsedate_to_datetime(text)
        elif found["epoch"]:
            seconds = text.partition(".")[0]
            moment = datetime.fromtimestamp(float(text) / _EPOCHS[len(seconds)], UTC)
        else:
            moment = datetime.fromisoformat(text.replace("/", "-").replace(",", ".").replace(" Z", "Z"))
    except (ValueError, OverflowError, OSError):
        return _compact(text) if found["compact"] else None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _compact(text: str) -> datetime | None:
    try:
        return datetime.strptime(re.sub(r"\D", "", text).ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
