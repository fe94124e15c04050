"""What a prompt's picture must show, as a suite writes it: colors of features, things that must be there, things that must not.

expect = { background = "bright green", hair = "brown", hat = "#aa1122", accessories = ["sunglasses"], without = ["beard"] }
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from lorascope.errors import BadFile, did_you_mean
from lorascope.records.color import HEX_CODE, Rgb, parse_hex
from lorascope.records.prompt import Expectation, Trait

PRESENT_KEY, ABSENT_KEY = "accessories", "without"
LONGEST_LABEL = 60
_LABEL = re.compile(r"[^\W_]+(?:[ '-][^\W_]+)*")


def read_expect(
    expect: Mapping[str, object], colors: Mapping[str, Rgb], key: str, where: str
) -> tuple[tuple[Expectation, ...], tuple[Trait, ...]]:
    """The colors and the things that a table ``expect`` asks for. ``colors`` maps color names (lower case) to RGB; ``key`` names the table.

    Raises:
        BadFile: a color that is unknown or no code, or a list of labels that is none; names the key.
    """
    present = _labels(expect.get(PRESENT_KEY, []), f"{key}.{PRESENT_KEY}", where)
    absent = _labels(expect.get(ABSENT_KEY, []), f"{key}.{ABSENT_KEY}", where)
    for label in present:
        if label in absent:
            raise BadFile(
                f"{key}.{ABSENT_KEY}: {label!r} is asked for under {PRESENT_KEY}, too", where=where, next_step="keep one of the two"
            )
    asked = tuple(
        _expectation(feature, color, colors, f"{key}.{feature}", where)
        for feature, color in expect.items()
        if feature not in {PRESENT_KEY, ABSENT_KEY}
    )
    return asked, (*(Trait(label) for label in present), *(Trait(label, present=False) for label in absent))


def read_trait_words(table: Mapping[str, object], asked: set[str], where: str) -> dict[str, tuple[str, ...]]:
    """The table ``traits``: the words that captions use for each thing. ``asked`` are the labels that prompts ask about.

    Raises:
        BadFile: no list of words, or a label that no prompt asks about.
    """
    words = {}
    for name, value in table.items():
        label = _label(name, f"traits.{name}", where)
        if label not in asked:
            hint = did_you_mean(label, asked) or f"ask for it in a prompt: expect = {{ {PRESENT_KEY} = [{label!r}] }}"
            raise BadFile(f"traits.{name}: no prompt asks about it", where=where, next_step=hint)
        words[label] = _labels(value, f"traits.{name}", where)
        if not words[label]:
            raise BadFile(f"traits.{name}: at least one word is needed", where=where, next_step=f'write {name} = ["{label}"]')
    return words


def _labels(value: object, key: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BadFile(f"{key}: a list of labels is needed, not {value!r}", where=where, next_step='write ["sunglasses"]')
    labels = tuple(_label(item, key, where) for item in value)
    for label in labels:
        if labels.count(label) > 1:
            raise BadFile(f"{key}: {label!r} is there twice", where=where, next_step="keep one of the two")
    return labels


def _label(value: object, key: str, where: str) -> str:
    label = " ".join(value.lower().replace("_", " ").split()) if isinstance(value, str) else ""
    if len(label) > LONGEST_LABEL or not _LABEL.fullmatch(label):
        raise BadFile(f"{key}: {value!r} is no label", where=where, next_step='write a word or a few: "sunglasses", "gold earrings"')
    return label


def _expectation(feature: str, color: object, colors: Mapping[str, Rgb], key: str, where: str) -> Expectation:
    if not isinstance(color, str) or not color.strip():
        raise BadFile(f"{key}: a color name or code is needed, not {color!r}", where=where, next_step='write "green" or "#30a646"')
    if color.startswith("#"):
        if not HEX_CODE.fullmatch(color):
            raise BadFile(f"{key}: {color!r} is no color code", where=where, next_step='write six hex digits: "#30a646"')
        return Expectation(feature, color.lower(), parse_hex(color))
    name = " ".join(color.lower().split())
    for spelling in (name, name.replace("gray", "grey"), name.replace("grey", "gray")):
        if spelling in colors:
            return Expectation(feature, name, colors[spelling])
    raise BadFile(f"{key}: no color is named {color!r}", where=where, next_step=did_you_mean(name, colors) or 'write its code: "#30a646"')
