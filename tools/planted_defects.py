"""Plant one kind of defect into true captions, and know exactly where and how it is to be mended.

A planter takes a figure with the pieces of its caption and returns the defective caption, the planted stretches between
``«`` and ``»``, and the text that a repair must write (None where a repair is not the point). All chance comes from the
generator's seed: a seed for choosing rules, other seeds for measuring them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lorascope.captions.dialect import Dialect
from lorascope.captions.window import WINDOW_TOKENS
from lorascope.jobs.read_assets import clip_tokenizer
from lorascope.records.color import Rgb, hex_code, oklab_distance
from planted_figures import (
    BACKGROUNDS,
    HAIR,
    TRIGGER,
    Figure,
    Part,
    draw,
    enlarged,
    figure,
    joined,
    other_word,
    parts,
    shades,
)  # fmt: skip

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
CODED, TAGS, PROSE = Dialect.CODED, Dialect.TAGS, Dialect.PROSE


@dataclass(frozen=True)
class Defect:
    """A defective caption. ``spans`` are character offsets of what was planted; ``fixed`` what a repair must make of it, or None."""

    figure: Figure
    text: str
    spans: tuple[tuple[int, int], ...]
    fixed: str | None


@dataclass(frozen=True)
class Case:
    """One image with its caption in a planted dataset. ``defect`` is None for a true caption."""

    name: str
    figure: Figure
    picture: Pixels
    text: str
    defect: Defect | None


Draft = tuple[Figure, str, str | None]
Planter = Callable[[np.random.Generator, Figure, list[Part], Dialect], Draft]


@dataclass(frozen=True)
class Class:
    """A class of defects: the check that must find it, the dialects it occurs in, its planter, the share of captions it is planted in."""

    name: str
    check: str
    dialects: tuple[Dialect, ...]
    plant: Planter
    share: float = 0.15
    safe: bool = False


def dataset(kind: Class | None, dialect: Dialect, seed: int, count: int = 100, factor: int = 8) -> list[Case]:
    """A dataset of true captions, with a class of defects planted in a share of them."""
    rng = np.random.default_rng([seed, *kind.name.encode()] if kind else [seed])
    cases = []
    for index in range(count):
        one = figure(rng)
        if one.glasses and dialect is TAGS:
            one = replace(one, glasses="glasses")
        while clip_tokenizer().count(joined(parts(one, dialect), dialect)) > WINDOW_TOKENS:  # what is not planted must be read whole
            one = replace(one, details=one.details[1:]) if one.details else one.without("lips" if "lips" in one.colors else "hat")
        defect = None
        text = joined(parts(one, dialect), dialect)
        if kind and rng.random() < kind.share:
            after, marked, fixed = kind.plant(rng, one, parts(one, dialect), dialect)
            one, defect = after, read(after, marked, fixed)
            text = defect.text
        cases.append(Case(f"{index:04d}", one, enlarged(draw(one, rng), factor), text, defect))
    return cases


def read(one: Figure, marked: str, fixed: str | None) -> Defect:
    """A draft with its marks taken out."""
    text, spans, at = "", [], 0
    for piece in re.split("([«»])", marked):
        if piece == "«":
            at = len(text)
        elif piece == "»":
            spans.append((at, len(text)))
        else:
            text += piece
    return Defect(one, text, tuple(spans), fixed)


def _with(pieces: list[Part], index: int, words: str) -> list[Part]:
    return [*pieces[:index], (pieces[index][0], words), *pieces[index + 1 :]]


def _at(pieces: list[Part], what: str) -> int:
    return next(index for index, (part, _) in enumerate(pieces) if part == what)


def _place(rng: np.random.Generator, pieces: list[Part]) -> int:
    """Somewhere behind the trigger and the subject."""
    return int(rng.integers(2 if len(pieces) > 7 else 1, len(pieces) + 1))


def _inserted(pieces: list[Part], at: int, words: str) -> list[Part]:
    return [*pieces[:at], ("planted", words), *pieces[at:]]


def _code_of(words: str) -> str:
    found = re.search("#[0-9a-f]{6}", words)
    assert found
    return found.group()


def shared_code(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """The code of one foreground thing on another as well: nobody knows whose it is."""
    hair, top = _at(pieces, "hair"), _at(pieces, "top")
    code = _code_of(pieces[top][1])
    bare = [(part, re.sub(r" \(#\w+\)", "", words) if part in {"hair", "top"} else words) for part, words in pieces]
    marked = [(part, words.replace(_code_of(words), f"«{code}»") if part in {"hair", "top"} else words) for part, words in pieces]
    return one, joined(marked, dialect), joined(bare, dialect) if hair != top else None


def background_code_on_feature(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A feature that inherited the background's code, as it is or a shade off; the background says its color in a word only."""
    at, ground = _at(pieces, str(rng.choice(["hair", "top"]))), _at(pieces, "background")
    pieces = _with(pieces, ground, re.sub(r" \(#\w+\)", "", pieces[ground][1]))
    rgb = one.colors["background"][1]
    near = rgb
    for _ in range(20):
        red, green, blue = (int(level) for level in np.clip(np.array(rgb) + rng.integers(-2, 3, 3), 0, 255))
        if float(oklab_distance((red, green, blue), rgb)) <= 0.015:
            near = (red, green, blue)
    words = pieces[at][1]
    fixed = joined(_with(pieces, at, re.sub(r" \(#\w+\)", "", words)), dialect)
    return one, joined(_with(pieces, at, words.replace(_code_of(words), f"«{hex_code(near)}»")), dialect), fixed


def absent_code(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A code of the right name that the picture does not hold: a neighbor is replaced by the picture's own, a stranger dropped."""
    part = str(rng.choice(["hair", "top"]))
    at, (_, true) = _at(pieces, part), one.colors[part]
    everything = [*(rgb for _, rgb in one.colors.values()), one.skin, *shades(one)]
    while True:
        rgb: Rgb = tuple(int(level) for level in np.clip(np.array(true) + rng.integers(-60, 61, 3), 0, 255))  # type: ignore[assignment]
        distances = sorted((float(oklab_distance(rgb, other)), hex_code(other)) for other in everything)
        if distances[0][0] > 0.05 and not 0.07 < distances[0][0] < 0.1 and distances[0][1] == hex_code(true):
            break
    words = pieces[at][1]
    near = distances[0][0] <= 0.07
    mended = words if near else re.sub(r" \(#\w+\)", "", words)
    fixed = joined(_with(pieces, at, mended), dialect)
    return one, joined(_with(pieces, at, words.replace(_code_of(words), f"«{hex_code(rgb)}»")), dialect), fixed


def wrong_word_for_code(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A color word beside the code of another color."""
    part = str(rng.choice(["hair", "top"]))
    at, (word, rgb) = _at(pieces, part), one.colors[part]
    wrong = other_word(rng, rgb, HAIR)
    return one, joined(_with(pieces, at, pieces[at][1].replace(word, f"«{wrong}»")), dialect), None


def wrong_background_word(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A background's color word that the pixels refute."""
    at, (word, rgb) = _at(pieces, "background"), one.colors["background"]
    clean = _with(pieces, at, re.sub(r" \(#\w+\)", "", pieces[at][1]))
    wrong = other_word(rng, rgb, BACKGROUNDS)
    return one, joined(_with(clean, at, clean[at][1].replace(word, f"«{wrong}»")), dialect), joined(clean, dialect)


def palette_list(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A "palette:" list, at the end or before other words."""
    codes = ", ".join(hex_code(rgb) for _, rgb in one.colors.values())
    at = int(rng.integers(len(pieces) - 2, len(pieces) + 1))
    words = f"«{rng.choice(['palette', 'Palette'])}: {codes}»"
    if dialect is PROSE:
        return one, f"{joined(pieces, dialect)} {words}", joined(pieces, dialect)
    return one, joined(_inserted(pieces, at, words), dialect), joined(pieces, dialect)


def bare_codes(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """Codes said of nothing, one after the other."""
    codes = ", ".join(hex_code(rgb) for _, rgb in one.colors.values())
    return one, f"{joined(pieces, dialect)}, «{codes}»", joined(pieces, dialect)


BOILERPLATE = {
    TAGS: "sharp_pixel_edges, no_anti-aliasing",
    CODED: "sharp pixel edges, no anti-aliasing",
    PROSE: "Sharp pixel edges and no anti-aliasing.",
}


def boilerplate(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """The same phrases in nearly every caption."""
    return one, joined([*pieces, ("planted", f"«{BOILERPLATE[dialect]}»")], dialect), joined(pieces, dialect)


def bare_noun(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """What a stripped code leaves of a clause."""
    noun = str(rng.choice(["hair", "eyes", "lips", "skin", "clothing"]))
    at = _place(rng, pieces[:-1])
    if noun in {"hair", "eyes", "lips"}:
        pieces = [(part, words) for part, words in pieces if part not in {noun, "style"}]
        at = min(at, len(pieces) - 1)
    return one, joined(_inserted(pieces, at, f"«{noun}»"), dialect), joined(pieces, dialect)


def too_long(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A caption of far more than 75 tokens: its last words are never read."""
    words = [f"{rng.choice(('tiny', 'large', 'round', 'narrow', 'wooden', 'shiny'))} {thing}" for thing in rng.permutation(_THINGS)]
    if dialect is PROSE:
        filler = [("planted", f"There is a {word} beside a {other}.") for word, other in zip(words[::2], words[1::2], strict=False)]
    else:
        filler = [("planted", word.replace(" ", "_") if dialect is TAGS else word) for word in words]
    full = [*pieces[:-1], *filler]
    return one, joined([*full, ("background", f"«{pieces[-1][1]}»")], dialect), None


_THINGS = (
    "table lamp", "garden chair", "window frame", "paper kite", "stone wall", "river bank", "market stall", "train ticket", "coffee mug",
    "iron gate", "kitchen shelf", "bicycle wheel", "leather suitcase", "fishing boat", "church tower", "wheat field", "street sign",
    "picture book", "flower pot", "music box", "mountain hut", "snow sledge", "tennis ball", "clay jar", "rope bridge", "oil barrel",
)  # fmt: skip


def contradiction(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """Hair of two colors, with no word that would explain it."""
    at, (word, rgb) = _at(pieces, "hair"), one.colors["hair"]
    wrong = other_word(rng, rgb, HAIR)
    if dialect is PROSE:
        he = "He" if one.subject == "1boy" else "She"
        first = pieces[at][1].replace(f"{word} hair", f"«{word} hair»")
        return one, joined(_inserted(_with(pieces, at, first), 2, f"{he} has «{wrong} hair»."), dialect), None
    first = f"«{pieces[at][1]}»"
    second = f"«{wrong}_hair»" if dialect is TAGS else f"«{wrong} hair»"
    return one, joined(_inserted(_with(pieces, at, first), len(pieces) - 1, second), dialect), None


def covered_eyes(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """Eyes of a color, behind sunglasses."""
    at = _at(pieces, "hair" if dialect is PROSE else "eyes")
    eyes = f"{one.colors['eyes'][0]}_eyes" if dialect is TAGS else f"{one.colors['eyes'][0]} eyes"
    seen = _with(pieces, at, pieces[at][1].replace(eyes, f"«{eyes}»"))
    one = replace(one, glasses="sunglasses")
    if dialect is PROSE:
        he = "He" if one.subject == "1boy" else "She"
        return one, joined(_inserted(seen, 2, f"{he} wears dark sunglasses."), dialect), None
    return (
        one,
        joined(_inserted(seen, len(seen) - 1, "sunglasses" if dialect is TAGS else "wearing black sunglasses covering eyes"), dialect),
        None,
    )


def repeated(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """The same clause, or sentence, a second time."""
    source = int(rng.integers(1, len(pieces) - 1))
    words = pieces[source][1]
    if dialect is CODED and rng.random() < 0.3 and not words.startswith("wearing") and "#" not in words:
        words = f"with {words}"
    at = int(rng.integers(source + 1, len(pieces) + 1))
    return one, joined(_inserted(pieces, at, f"«{words}»"), dialect), joined(pieces, dialect)


def doubled(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A word twice in a row."""
    clean = joined(pieces, dialect)
    words = [match for match in re.finditer(r"(?<![\w#(])[a-z]{4,}(?![\w)])", clean) if match.group() not in {"light", "that", TRIGGER}]
    word = words[int(rng.integers(len(words)))]
    return one, f"{clean[: word.start()]}«{word.group()} {word.group()}»{clean[word.end() :]}", clean
