"""Which color an image shows, in a word, beside the one its prompt asks for.

Scores may carry the color they were computed from: ``extra`` keys ``rgb`` ([143, 93, 61] or "#8f5d3d") and ``expected`` (a
color's name or code). A number of colors, or a distance, does not say that a background asked to be green came out brown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lorascope.evaluation.asked_color import judge_words
from lorascope.records.color import HEX_CODE, Rgb, parse_hex
from lorascope.records.color_names import Agreement, ColorNames
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
        verdict = judge_words(asked, rgb, names) if asked else None
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
                verdict.agreement if verdict else None,
                verdict.lacks if verdict else (),
            )
        )
    return tuple(sorted(readings, key=lambda reading: (reading.metric, reading.prompt, reading.epoch, str(reading.seed))))


def by_prompt(readings: Iterable[ColorReading]) -> Mapping[tuple[str, str], list[ColorReading]]:
    """Readings grouped by metric and prompt, in order of epoch."""
    groups: dict[tuple[str, str], list[ColorReading]] = {}
    for reading in readings:
        groups.setdefault((reading.metric, reading.prompt), []).append(reading)
    return groups


def _rgb(value: JsonValue) -> Rgb | None:
    if isinstance(value, str) and HEX_CODE.fullmatch(value):
        return parse_hex(value)
    if isinstance(value, list) and len(value) == 3:
        levels = [level for level in value if isinstance(level, int) and not isinstance(level, bool) and 0 <= level <= 255]
        if len(levels) == 3:
            return levels[0], levels[1], levels[2]
    return None
