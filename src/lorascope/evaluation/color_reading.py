"""Which color an image shows, in a word, beside the one its prompt asks for.

Scores may carry the color they were computed from: ``extra`` keys ``rgb`` ([143, 93, 61] or "#8f5d3d") and ``expected`` (a
color's name or code). A number of colors, or a distance, does not say that a background asked to be green came out brown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lorascope.records.color import HEX_CODE, Rgb, oklab_distance, parse_hex
from lorascope.records.color_names import AGREE_DISTANCE, CONFLICT_DISTANCE, Agreement, ColorNames, read_phrase
from lorascope.records.run import JsonValue
from lorascope.records.sample import Score


@dataclass(frozen=True, slots=True)
class ColorReading:
    """One measured color. ``color`` is the basic color word that fits best; ``agreement`` whether it can be what was asked.

    ``lacks`` names what was asked and does not hold although the color word does ("bright" for an olive green).
    """

    epoch: int
    prompt: str
    seed: int | None
    metric: str
    value: float | None
    rgb: Rgb
    color: str
    expected: str | None
    agreement: Agreement | None
    lacks: tuple[str, ...] = ()


def read_colors(scores: Iterable[Score], names: ColorNames) -> tuple[ColorReading, ...]:
    """The colors that scores carry, by prompt and epoch; scores without one are left out."""
    readings = []
    for score in scores:
        rgb = _rgb(score.extra.get("rgb"))
        if rgb is None:
            continue
        expected = score.extra.get("expected")
        asked = expected if isinstance(expected, str) and expected.strip() else None
        agreement, lacks = _compare(asked, rgb, names)
        readings.append(
            ColorReading(
                score.epoch,
                score.prompt,
                score.seed,
                score.metric,
                score.value,
                rgb,
                names.best_terms(rgb)[0],
                asked,
                agreement,
                lacks,
            )
        )
    return tuple(sorted(readings, key=lambda reading: (reading.metric, reading.prompt, reading.epoch, str(reading.seed))))


def by_prompt(readings: Iterable[ColorReading]) -> Mapping[tuple[str, str], list[ColorReading]]:
    """Readings grouped by metric and prompt, in order of epoch."""
    groups: dict[tuple[str, str], list[ColorReading]] = {}
    for reading in readings:
        groups.setdefault((reading.metric, reading.prompt), []).append(reading)
    return groups


def _compare(expected: str | None, rgb: Rgb, names: ColorNames) -> tuple[Agreement | None, tuple[str, ...]]:
    """Whether a color can be what was asked; None when that is no color ("checkered brick")."""
    if expected is None:
        return None, ()
    if HEX_CODE.fullmatch(expected):
        distance = float(oklab_distance(parse_hex(expected), rgb))
        near = Agreement.AGREE if distance <= AGREE_DISTANCE else Agreement.UNSURE
        return (Agreement.CONFLICT if distance > CONFLICT_DISTANCE else near), ()
    phrase = read_phrase(expected)
    if phrase is None:
        return None, ()
    agreement = names.agreement(phrase, rgb)
    if agreement is Agreement.CONFLICT:
        return agreement, ()
    lacks = names.broken_modifiers(phrase, rgb)
    # A brown may just pass for some green, but not for a bright one.
    return Agreement.CONFLICT if lacks and agreement is Agreement.UNSURE else agreement, lacks


def _rgb(value: JsonValue) -> Rgb | None:
    if isinstance(value, str) and HEX_CODE.fullmatch(value):
        return parse_hex(value)
    if isinstance(value, list) and len(value) == 3:
        levels = [level for level in value if isinstance(level, int) and not isinstance(level, bool) and 0 <= level <= 255]
        if len(levels) == 3:
            return levels[0], levels[1], levels[2]
    return None
