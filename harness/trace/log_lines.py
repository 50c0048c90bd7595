"""Parses the lines that an integration logged: time, level and text."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from harness.trace.model import LogLine

# As Ocean has loguru write: port-ocean 0.55, log/logger_setup.py. In colour where it is told so.
_LINE = re.compile(
    r"(?:\d{4}-\d\d-\d\d[ T])?(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)[.,](?P<fraction>\d{3,6})\s*\|\s*"
    r"(?P<level>[A-Z]+)\s*\|\s?(?P<text>.*)",
    re.DOTALL,
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# What Ocean warns of in every sandbox, whatever the integration does: port-ocean 0.55.
_NOISE = re.compile(r"DSP mode requested but required feature flags are missing")
_DAY = timedelta(days=1)


def read(lines: Iterable[str], began: float) -> list[LogLine]:
    """The lines, each with its moment: Ocean writes the time of the day alone, in the container's UTC.

    Args:
        lines: The lines, in order.
        began: A moment near them, in seconds since the epoch: it says which day.
    """
    near = datetime.fromtimestamp(began, UTC)
    read: list[LogLine] = []
    for line in lines:
        plain = _COLOUR.sub("", line)
        found = _LINE.match(plain)
        if found is None:
            read.append(LogLine(read[-1].at if read else began, "", plain))
            continue
        hour, minute, second = int(found["hour"]) % 24, int(found["minute"]) % 60, int(found["second"]) % 60
        micro = int(found["fraction"].ljust(6, "0"))
        moment = near.replace(hour=hour, minute=minute, second=second, microsecond=micro)
        nearest = min((moment, moment - _DAY, moment + _DAY), key=lambda each: abs(each - near))
        is_noise = _NOISE.match(found["text"]) is not None
        read.append(LogLine(nearest.timestamp(), found["level"], found["text"], is_noise))
    return read
