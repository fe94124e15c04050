"""How numbers, moments and other people's words are written in a report. One function for each, so that all pages agree."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Sequence

NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"  # as wide as a plus
TIMES = "\N{MULTIPLICATION SIGN}"
_ISOLATE = "\u2068{}\u2069"  # a name written from right to left must not reorder the numbers that follow it
# Controls that reorder or hide the text around them: shown as escapes, since a name must not rearrange a page.
_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def visible(text: str) -> str:
    r"""Other people's words with every control, reordering or unpaired character written as an escape.

    >>> visible("a\u202eb\x00c")
    'a\\u202eb\\x00c'
    """
    return "".join(_escape(sign) if _is_hidden(sign) else sign for sign in text)


def one_line(name: str) -> str:
    r"""A file's name as it stands in a list: as :func:`visible`, and line ends and tabs as escapes too.

    >>> one_line("new\nline.txt")
    'new\\x0aline.txt'
    """
    return "".join(_escape(sign) if sign in "\n\t" else sign for sign in visible(name))


def _is_hidden(sign: str) -> bool:
    return sign in _REORDERING or (unicodedata.category(sign) in {"Cc", "Cs"} and sign not in "\n\t")


def _escape(sign: str) -> str:
    return f"\\x{ord(sign):02x}" if ord(sign) < 256 else f"\\u{ord(sign):04x}"


def shortened(text: str, limit: int = 40) -> str:
    """A name or prompt on one line, cut with an ellipsis after ``limit`` characters.

    >>> shortened("a very long prompt indeed", 12)
    'a very long…'
    """
    line = " ".join(visible(text).split())
    line = line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
    return _ISOLATE.format(line) if any(unicodedata.bidirectional(sign) in {"R", "AL", "AN"} for sign in line) else line


def is_ratio(unit: str) -> bool:
    """Whether values of this unit run from 0 to 1: "ratio", "share of pixels" and the like.

    >>> is_ratio("share of pixels"), is_ratio("colors")
    (True, False)
    """
    return unit == "ratio" or unit.startswith("share")


def unit_shown(unit: str) -> str:
    """The unit as it stands after a number: ratios are written in percent."""
    return "%" if is_ratio(unit) else visible(unit)


def number(value: float | None, unit: str = "", *, digits: int = 4) -> str:
    """A value without its unit (for a table whose heading has it), at most ``digits`` significant; ratios in percent.

    >>> number(0.9312, "share of pixels"), number(216.571, "colors")
    ('93.1', '216.6')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if is_ratio(unit):
        return _signless_zero(f"{100 * value:.1f}").replace("-", MINUS)
    if value == 0 or abs(value) >= 10 ** (digits - 1):
        return f"{value:.0f}".replace("-", MINUS)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return _signless_zero(f"{value:.{min(decimals, digits)}f}").rstrip("0").rstrip(".").replace("-", MINUS)


def _signless_zero(text: str) -> str:
    return text.removeprefix("-") if not text.strip("-0.") else text


def amount(value: float | None, unit: str) -> str:
    """A value with its unit, for a sentence.

    >>> amount(0.9312, "ratio"), amount(216.571, "colors")
    ('93.1 %', '216.6 colors')
    """
    return f"{number(value, unit)} {unit_shown(unit)}".strip() if value is not None else "not measured"


def signed(value: float | None, unit: str = "") -> str:
    """A difference without its unit, with its sign.

    >>> signed(0.523, "ratio"), signed(3.0, "colors"), signed(0.0)
    ('+52.3', '+3', '0')
    """
    text = number(value, unit)
    return f"+{text}" if value is not None and value > 0 and text != NOTHING and text.strip("0.") else text


def difference_unit(unit: str) -> str:
    """The unit of a difference: of two percentages it is percentage points."""
    return "points" if is_ratio(unit) else unit_shown(unit)


def interval(low: float | None, high: float | None, unit: str = "", *, with_sign: bool = False) -> str:
    """A 95 % interval without its unit.

    >>> interval(0.381, 0.66, "ratio", with_sign=True)
    '+38.1 to +66.0'
    """
    if low is None or high is None:
        return NOTHING
    shown = signed if with_sign else number
    return f"{shown(low, unit)} to {shown(high, unit)}"


def probability(value: float | None) -> str:
    """A probability in percent; never 0 or 100, since none of ours is certain.

    >>> probability(0.714), probability(0.9999), probability(0.0)
    ('71 %', '> 99 %', '< 1 %')
    """
    if value is None:
        return NOTHING
    if value > 0.99:
        return "> 99 %"
    return "< 1 %" if value < 0.01 else f"{100 * value:.0f} %"


def p_value(value: float | None) -> str:
    """A p-value with two significant digits, or "< 0.001".

    >>> p_value(0.0214), p_value(0.0002)
    ('0.021', '< 0.001')
    """
    if value is None:
        return NOTHING
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def p_clause(value: float | None) -> str:
    """A p-value for a sentence: "p = 0.021", "p < 0.001"."""
    text = p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "prompt"), counted(8, "prompt")
    ('1 prompt', '8 prompts')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(words: Sequence[object]) -> str:
    """Words in a row with "and" before the last.

    >>> listed([5, 6, 9])
    '5, 6 and 9'
    """
    texts = [str(word) for word in words]
    return " and ".join([", ".join(texts[:-1]), texts[-1]]) if len(texts) > 1 else "".join(texts)


def moment(seconds: float) -> str:
    """A moment (seconds since the epoch) in UTC.

    >>> moment(0), moment(1e300)
    ('1970-01-01 00:00 UTC', '1e+300 s since 1970')
    """
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):  # outside the years 1 to 9999: whoever recorded it used another unit
        return f"{seconds:.4g} s since 1970"


def digest_shown(digest: str | None) -> str:
    """A dataset's digest as people compare it: its first 12 digits."""
    return visible(digest)[:12] if digest else "unknown"


def value_shown(value: object) -> str:
    """A parameter's value as it stands in a configuration."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else shortened(str(value), 200)
