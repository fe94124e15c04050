"""Does a measured color agree with the one that was asked for, by name or by code?

Names by the rule of ``records.color_names`` (agree up to OKLab 0.06 with lightness at half weight, conflict above 0.10, neutral words by
chroma too); codes by plain OKLab distance with the same two limits. A modifier that does not hold ("bright" of an olive green) is told
and does not turn agreement into conflict; a color that may only just pass for the word and lacks a modifier, too, is a conflict.
"""

from __future__ import annotations

from dataclasses import dataclass

from lorascope.records.color import HEX_CODE, Rgb, oklab_distance, parse_hex
from lorascope.records.color_names import AGREE_DISTANCE, CONFLICT_DISTANCE, Agreement, ColorNames, read_phrase
from lorascope.records.prompt import Expectation, Prompt


@dataclass(frozen=True, slots=True)
class Verdict:
    """``distance`` (OKLab) of what was measured from what was asked; ``lacks``: modifiers that do not hold."""

    agreement: Agreement
    distance: float
    lacks: tuple[str, ...] = ()


def judge(asked: Expectation, rgb: Rgb, names: ColorNames | None) -> Verdict:
    """Hold a color against an expectation. A name that is no color word ("moss", of the suite's own colors) is held as its code."""
    named = judge_words(asked.color, rgb, names)
    return named if named is not None else _by_code(asked.rgb, rgb)


def judge_words(asked: str, rgb: Rgb, names: ColorNames | None) -> Verdict | None:
    """Hold a color against words or a code; None when they say no color ("checkered brick")."""
    if HEX_CODE.fullmatch(asked):
        return _by_code(parse_hex(asked), rgb)
    phrase = read_phrase(asked)
    if phrase is None or names is None:
        return None
    agreement, distance = names.agreement(phrase, rgb), names.distance(phrase, rgb)
    if agreement is Agreement.CONFLICT:
        return Verdict(agreement, distance)
    lacks = names.broken_modifiers(phrase, rgb)
    # A brown may just pass for some green, but not for a bright one.
    return Verdict(Agreement.CONFLICT if lacks and agreement is Agreement.UNSURE else agreement, distance, lacks)


def colored(prompt: Prompt) -> tuple[Expectation, ...]:
    """What the prompt asks a color of."""
    return prompt.expectations


def asked_alike(prompt: Prompt, names: ColorNames | None) -> tuple[str, ...]:
    """Features of which the prompt asks a color that would also do for its background."""
    background = prompt.expected("background")
    others = [asked for asked in colored(prompt) if asked.feature != "background"]
    if background is None:
        return ()
    return tuple(
        asked.feature
        for asked in others
        if asked.color == background.color or judge(background, asked.rgb, names).agreement is Agreement.AGREE
    )


def _by_code(code: Rgb, rgb: Rgb) -> Verdict:
    distance = float(oklab_distance(code, rgb))
    near = Agreement.AGREE if distance <= AGREE_DISTANCE else Agreement.UNSURE
    return Verdict(Agreement.CONFLICT if distance > CONFLICT_DISTANCE else near, distance)
