"""Makes a text that a regular expression is likely to match: whoever asks has to try it.

It knows what schemas use: characters and classes of them, how often, and alternatives. What it does not know, such as what
looks ahead, it passes over. To do more would take CPython's own parser, which is private, or a library around that.
"""

import re

_TOKEN = re.compile(
    r"(?P<group>\((?:\?(?:[:=!]|<[=!]|P?<\w+>))?)|(?P<end>\))|(?P<or>\|)|(?P<any>\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|[^\\\[()|*+?{}])"
    r"|(?P<often>\{\d+(?:,\d*)?\}|[*+?])\??|(?P<other>[{}])",
    re.DOTALL,
)
_CLASSES = {
    "d": "0",
    "w": "a",
    "s": " ",
    "D": "a",
    "W": "-",
    "S": "a",
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "",
    "B": "",
    "A": "",
    "Z": "",
    "z": "",
}
_PREFERRED = "a1A0-_ .:/z9Z@#"
_MOST = 1_000


def text_for(pattern: str) -> str:
    """A text for a pattern, which may or may not match it.

    Args:
        pattern: A regular expression, Python's or JavaScript's.
    """
    # Of each group that is open: what was made of it, whether its first alternative is over, whether it is looked past.
    open_: list[tuple[list[str], bool, bool]] = [([], False, False)]
    for found in _TOKEN.finditer(pattern.replace(r"\/", "/")):
        made, is_over, is_past = open_[-1]
        if group := found["group"]:
            open_.append(([], False, group[2:] in ("=", "!", "<=", "<!")))
        elif found["end"] and len(open_) > 1:
            open_.pop()
            open_[-1][0].append("" if is_past else "".join(made))
        elif found["or"]:
            open_[-1] = (made, True, is_past)
        elif is_over:
            continue
        elif token := found["any"] or found["other"]:
            made.append("" if token in ("^", "$") else _character(token))
        elif (often := found["often"]) and made:
            made[-1] *= min(_times(often), _MOST)
    return "".join(open_[0][0])[:_MOST]


def _times(often: str) -> int:
    return int(re.sub(r"\D.*", "", often[1:])) if often[0] == "{" else int(often == "+")


def _character(part: str) -> str:
    if part == ".":
        return "a"
    if part[0] == "\\":
        return _CLASSES.get(part[1], part[1])
    if part[0] != "[" or len(part) == 1:
        return part
    try:
        expression = re.compile(part)
    except re.error:
        return "a"
    candidates = (_PREFERRED, *map(chr, range(32, 127)), "é")
    return next((each for part in candidates for each in part if expression.fullmatch(each)), "a")
