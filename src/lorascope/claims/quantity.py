"""The numbers in a sentence: what each may have been before it was rounded, its unit, and which numbers are none (dates, names, sizes)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lorascope.claims.settings import NAMES

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_FILE = r"(?:safetensors|ckpt|pth?|bin|txt|md|py|toml|jsonl?|ya?ml|png|jpe?g|webp|sql|csv|html?|sh|ipynb|zip|parquet)"
# a setting is no measurement: keep_tokens=3
_PARAMETERS = "|".join(
    sorted((re.escape(name) for name in NAMES if "_" in name or name in {"dim", "rank", "alpha", "lr", "dropout"}), key=len, reverse=True)
)
_NUMBERED = "weeks?|days?|phases?|stages?|figures?|fig.|tables?|sections?|parts?|experiments?|patterns?|hypothesis|lines?|rules?|no.|run"
_MASKED = re.compile(
    "|".join(
        [
            r"https?://\S+",
            r"\b\d{2}\s?%\s(?:confidence\s|credible\s|exact\s)?(?:interval|CI|set|power|limits?)\b[^;)|]{0,50}?(?=[;)|]|$|,\s[a-z])",
            r"\[[-+\u2212–—\d.,;\s%to]{3,40}\]",
            r"\bp\s?[=<>≤]\s?[\d.]+(?:e-\d+)?",
            rf"(?<![\w.\-/\\])[\w.\-/\\]{{1,200}}\.{_FILE}\b",
            r"(?<![\w.\-/])(?=[\w.-]{0,80}[A-Za-z_])[\w.-]{1,80}/[\w./-]{0,200}|(?<![\w.])\.{0,2}/[\w./-]{1,200}",
            r"#[0-9A-Fa-f]{3,8}\b",
            r"\brgb\s?\([\d, ]*\)",
            r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?Z?\b",
            r"\b\d{4}/\d{2}/\d{2}\b|\b\d{1,2}/\d{1,2}/\d{4}\b|\b\d{1,2}\.\d{1,2}\.\d{4}\b",
            rf"\b{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?(?:\s\d{{4}})?\b|\b\d{{1,2}}\.?\s{_MONTH}\s\d{{4}}\b",
            r"\b\d{1,2}:\d{2}(?::\d{2})?\b(?!\d)",
            r"\bv\d+(?:\.\d+)*\b|\b\d+\.\d+\.\d+[\w.]*|\bversion:?\s[\d.]+\b",
            r"\bSD\s?\d(?:\.\d)?\b|\bSDXL\s\d\.\d\b|\bstable diffusion\s(?:xl\s)?\d(?:\.\d)?\b|\bflux\.?\d\b",
            r"\b\d{1,5}[x×]\d{1,5}(?:px)?\b",
            rf"(?<![\w(])(?:{_PARAMETERS})\s?[=≥>]=?\s?[\d.]+(?:e-?\d+)?\+?",
            rf"\b(?:{_NUMBERED})\s?#?\d+(?:\s?[-–]\s?\d+)?\b(?!\s*%)",
            r"\b(?:epochs?|ep|checkpoints?|ckpt|steps?)[ #_-]?\d+(?:\s?(?:-|–|to|and|&|,)\s?(?:epochs?\s)?\d+)*\b\+?(?!\s*%)",
            r"(?<![\w.])[A-Za-z_]+[-_.]?\d[\w.-]*",
            r"(?<![\d.,])\b(?:19|20)\d{2}\b(?=\s*$|[,)]|\.(?!\d)|\s*[-–]\s*(?:19|20)\d{2})",
            r"(?:^|(?<=\s))#\d{1,2}\b",
        ]
    ),
    re.IGNORECASE,
)
_NUMBER = (
    r"(?:\d{1,3}(?:[,'\u2019\u202f]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|\d+[.,]\d+(?:[eE][+-]?\d+)?|"
    r"\d+(?:[eE][+-]?\d+)?|\.\d+)"
)
_QUANTITY = re.compile(
    rf"(?P<about>[~≈]\s?|\b(?:about|around|roughly|nearly|almost|approximately|circa|ca\.)\s)?"
    rf"(?P<bound>(?<![-=])[<>≤≥]=?\s?)?(?P<sign>[+\-\u2212±](?=\d|\.\d))?(?<![\w./])(?P<number>{_NUMBER})"
    rf"(?:\s?(?P<first>%)?\s?(?:[-–—]|to)\s?(?P<upper>{_NUMBER})(?=\s?%|\b))?"
    rf"(?:(?:/|\s(?:out\s)?of\s(?:the\s)?)(?P<total>{_NUMBER})(?![\w/]))?"
    r"(?P<plus>\+(?![\d]))?"
    r"\s?(?P<unit>%|percent\b|percentage points?\b|points?\b|pp\b|[x×](?![\w×])|times\b|k\b|px\b|MB\b|GB\b|KB\b|ms\b|min\b|hours?\b|h\b|"
        r"s\b)?"
)  # fmt: skip
_FROM_TO = re.compile(rf"\bfrom\s(?:about\s|~)?[+\-\u2212]?{_NUMBER}\s?(?:%|\w+)?\s(?:up\s|down\s)?to(?=\s)", re.IGNORECASE)
_PLAIN = re.compile(r"(?P<sign>[+\-\u2212]?)(?P<number>\d{1,15}(?:\.\d{1,15})?)(?P<unit>%?)")
_LARGEST = 1e15
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]*")
_SCALES = frozenset({5.0, 7.0, 10.0, 100.0})
MOST_PER_LINE = 60


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number as written. ``low`` to ``high`` is what it may have been before rounding; ``noun`` the words after it.

    ``total`` is the number behind a slash: 202/203. ``upper`` ends a range: 60-70 %. ``signed`` says that a plus or minus was written.
    """

    value: float
    low: float
    high: float
    text: str
    start: int
    end: int
    unit: str = ""
    noun: str = ""
    upper: float | None = None
    total: float | None = None
    signed: bool = False
    about: bool = False
    bound: str = ""
    before: str = ""

    @property
    def is_percent(self) -> bool:
        """Whether it is a percentage."""
        return self.unit == "%"

    @property
    def is_score(self) -> bool:
        """Whether it is so many out of a scale, such as 9/10."""
        return self.total in _SCALES and "/" in self.text and self.value <= (self.total or 0)

    def may_be(self, value: float, slack: float = 1e-9) -> bool:
        """Whether the number written can be ``value``, rounded.

        >>> quantities("216.6 colors")[0].may_be(216.571)
        True
        """
        room = slack * max(1.0, abs(value)) + (0.05 * abs(self.value) if self.about else 0.0)
        return self.low - room <= value <= self.high + room


def quantities(text: str, *, comma: bool = False) -> tuple[Quantity, ...]:
    """The numbers of a text in order; dates, versions, names of files and things, sizes and references to epochs are not numbers.

    ``comma``: a comma is this document's decimal sign.

    >>> [found.text for found in quantities("On 2025-11-10 epoch 8 had 216.6 colors, 28% below 301 (3/3 runs)")]
    ['216.6', '28%', '301', '3/3']
    """
    if simple := _PLAIN.fullmatch(text):  # most cells of most tables
        return _plain_cell(text, simple, comma=comma)
    if not any(sign.isdigit() for sign in text):
        return ()
    masked = _MASKED.sub(lambda found: "\x00" * len(found[0]), text)
    if "from" in masked or "From" in masked:  # "from 60 to 90" is a change, "60 to 90" a range
        masked = _FROM_TO.sub(lambda found: found[0][:-2] + "→ ", masked)
    found = []
    for match in _QUANTITY.finditer(masked):
        if match["number"] and (one := _quantity(match, text, comma)) is not None:
            found.append(one)
        if len(found) >= MOST_PER_LINE:
            break
    return tuple(found)


def _plain_cell(text: str, match: re.Match[str], *, comma: bool) -> tuple[Quantity, ...]:
    value, half = _read(match["number"], comma)
    value = -value if match["sign"] in {"-", "\u2212"} else value
    if not math.isfinite(value) or abs(value) > _LARGEST:
        return ()
    return (Quantity(value, value - half, value + half, text, 0, len(text), match["unit"], signed=bool(match["sign"])),)


def uses_decimal_comma(text: str) -> bool:
    """Whether a document writes 0,25 for a quarter: more such numbers in it than numbers with a point."""
    commas = len(re.findall(r"(?<![\d.,])\d+,\d{1,2}(?![\d,])", text))
    return commas > 2 and commas > 2 * len(re.findall(r"(?<![\d.,])\d+\.\d{1,2}(?![\d.])", text))


def number_in(text: str, *, comma: bool = False) -> float | None:
    """The value of a text that is one number, or None."""
    found = quantities(text.strip(), comma=comma)
    return found[0].value if len(found) == 1 and found[0].upper is None else None


def _quantity(match: re.Match[str], text: str, comma: bool) -> Quantity | None:  # noqa: FBT001 - as its caller has it
    value, half = _read(match["number"], comma)
    if not math.isfinite(value) or abs(value) > _LARGEST:
        return None
    unit = {"percent": "%", "times": "x", "×": "x", "percentage points": "points", "percentage point": "points", "pp": "points"}.get(
        (match["unit"] or "").lower(), match["unit"] or ""
    )
    if match["first"]:
        unit = "%"
    if match["sign"] in {"-", "\u2212"}:
        value = -value
    upper = _read(match["upper"], comma)[0] if match["upper"] else None
    low, high = value - half, value + half
    if upper is not None:
        if upper < value:
            return None
        high = upper + half
    start = match.start("sign") if match["sign"] else match.start("number")
    words = _WORD.findall(text[match.end() : match.end() + 60].split("\n", 1)[0])
    following = text[match.end() : match.end() + 2].lstrip()
    noun = " ".join(words[:4]).lower() if following and (following[0].isalpha() or following[0] == "%") else ""
    total = _read(match["total"], comma)[0] if match["total"] else None
    bound = (match["bound"] or "").strip() or ("+" if match["plus"] else "")
    return Quantity(
        value, low, high, text[start : match.end()].strip(), start, match.end(), unit, noun, upper, total,
        bool(match["sign"]), bool(match["about"]), bound, text[max(0, start - 40) : start].lower(),
    )  # fmt: skip


def _read(text: str, comma: bool) -> tuple[float, float]:  # noqa: FBT001
    """Value and half the step of its last digit.

    A group of three digits behind a comma are thousands, unless the document writes commas for points or the first is 0.
    """
    text = text.replace("'", "").replace("\u2019", "").replace("\u202f", "")
    grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text)
    if text.count(".") > 1 or (comma and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text)):
        text = text.replace(".", "").replace(",", ".")
    elif grouped and not comma and not text.startswith("0"):
        text = text.replace(",", "")
    else:
        text = text.replace(",", ".") if text.count(",") == 1 else text.replace(",", "")
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    try:
        step = 10.0 ** ((int(exponent) if exponent else 0) - decimals)
        return float(text), step / 2
    except (ValueError, OverflowError):
        return math.inf, 0.0
