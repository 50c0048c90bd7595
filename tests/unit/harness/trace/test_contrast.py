"""Every text of a trace can be read on every ground that it may stand on: WCAG's contrast of 4.5, in light and in dark."""

from __future__ import annotations

import itertools
import re

import pytest

from harness.trace.page import FOLDER

COLOURS = {
    name: colours
    for name, *colours in re.findall(
        r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", (FOLDER / "page.css").read_text(encoding="utf-8")
    )
}
TEXTS = ("ink", "soft", "accent", "bad", "mild", "good", "third-party", "port")
GROUNDS = ("paper", "raised", "sunk", "chosen", "bad-wash")


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "ground"), list(itertools.product(TEXTS, GROUNDS)))
def test_a_text_stands_out(text: str, ground: str) -> None:
    for one, other in zip(COLOURS[text], COLOURS[ground], strict=True):
        darker, lighter = sorted((luminance(one), luminance(other)))
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5
