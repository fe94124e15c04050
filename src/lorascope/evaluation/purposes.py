"""What checkpoints are chosen for: the colors and things that prompts ask for, such as "green background" or "sunglasses"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lorascope.records.prompt import Prompt

_WORD = re.compile(r"[^\W_]+")
_EMPTY = frozenset(("a", "an", "and", "best", "for", "good", "in", "of", "on", "the", "with", "prompts", "picture", "pictures", "images"))


@dataclass(frozen=True, slots=True)
class Purpose:
    """The prompts that ask for something. ``features`` are those whose color is asked for; ``things`` says that a thing is.

    ``by_text``: no expectation says it, but the wording of these prompts does.
    """

    text: str
    prompts: tuple[str, ...]
    features: tuple[str, ...] = ()
    things: bool = False
    by_text: bool = False


def purposes_of(prompts: Iterable[Prompt]) -> Mapping[str, tuple[str, ...]]:
    """Everything that prompts expect, as a purpose one can ask for, with the prompts that expect it; alphabetically."""
    found: dict[str, list[str]] = {}
    for prompt in prompts:
        for expected in prompt.expectations:
            found.setdefault(f"{expected.color} {expected.feature}", []).append(prompt.name)
        for trait in prompt.traits:
            if trait.present:
                found.setdefault(trait.label, []).append(prompt.name)
    return {purpose: tuple(sorted(names)) for purpose, names in sorted(found.items())}


def find_purpose(text: str, prompts: Iterable[Prompt]) -> Purpose | None:
    """The prompts that ask for all words of a purpose in one expectation; where none does, in one clause of their text; else None.

    >>> from lorascope.records.prompt import Expectation
    >>> lad = Prompt("lad", "a lad, green background", (Expectation("background", "bright green", (0, 255, 0)),))
    >>> find_purpose("best for green backgrounds", [lad])
    Purpose(text='best for green backgrounds', prompts=('lad',), features=('background',), things=False, by_text=False)
    """
    wanted = _words(text) - _EMPTY
    if not wanted:
        return None
    names: set[str] = set()
    features: set[str] = set()
    things = False
    known = list(prompts)
    for prompt in known:
        for expected in prompt.expectations:
            if wanted <= _words(f"{expected.color} {expected.feature}"):
                names.add(prompt.name)
                features.add(expected.feature)
        for trait in prompt.traits:
            if trait.present and wanted <= _words(trait.label):
                names.add(prompt.name)
                things = True
    if names:
        return Purpose(text, tuple(sorted(names)), tuple(sorted(features)), things)
    said = sorted({prompt.name for prompt in known for clause in prompt.text.split(",") if wanted <= _words(clause)})
    return Purpose(text, tuple(said), by_text=True) if said else None


def _words(text: str) -> frozenset[str]:
    """The words of a text, lower case, without the plural's s."""
    return frozenset(word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in _split(text))


def _split(text: str) -> list[str]:
    return [word.replace("grey", "gray") for word in _WORD.findall(text.lower())]
