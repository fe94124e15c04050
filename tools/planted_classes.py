"""The rest of the planters, and the list of all classes of planted defects."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from lorascope.captions.dialect import Dialect
from planted_defects import (
    CODED,
    PROSE,
    TAGS,
    Class,
    Draft,
    _at,
    _inserted,
    _place,
    _with,
    absent_code,
    background_code_on_feature,
    bare_codes,
    bare_noun,
    boilerplate,
    contradiction,
    covered_eyes,
    doubled,
    palette_list,
    repeated,
    shared_code,
    too_long,
    wrong_background_word,
    wrong_word_for_code,
)  # fmt: skip
from planted_figures import TRIGGER, Figure, Part, joined, parts

ALL = (TAGS, PROSE, CODED)


def punctuation(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """Debris of a careless edit: empty parentheses, commas without words, spaces too many."""
    clean = joined(pieces, dialect)
    commas = [match.start() for match in re.finditer(", (?![^(]*\\))", clean)]
    at = commas[int(rng.integers(len(commas)))]
    before, after = clean[:at], clean[at + 2 :]
    marked = str(rng.choice([
        f"{before}«, ,» {after}", f"{before}«,,» {after}", f"{before} «(, )», {after}", f"{before}« ,» {after}", f"{before},«   »{after}",
        f"{clean}«,»",
    ]))  # fmt: skip
    return one, marked, clean


def instruction(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A note to whoever writes the captions."""
    words = str(rng.choice([
        "describe the hair better", "get lip color", "dont forget the background", "explain the outfit in more detail",
        "describe how you would see this person", "get hair color right", "don't forget to mention the earring",
    ]))  # fmt: skip
    if dialect is PROSE:
        words = f"{words[0].upper()}{words[1:]}."
    return one, joined(_inserted(pieces, _place(rng, pieces), f"«{words}»"), dialect), joined(pieces, dialect)


def typo(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A slip in a word that many captions of the set spell right."""
    clean = joined(pieces, dialect)
    words = [match for match in re.finditer("background|portrait|bespoke|hair(?= )", clean) if match.group() in {"background", "portrait"}]
    word = words[int(rng.integers(len(words)))]
    letters = list(word.group())
    at = int(rng.integers(1, len(letters) - 1))
    kind = rng.integers(3)
    if kind == 0:
        del letters[at]
    elif kind == 1 and letters[at] != letters[at + 1]:
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    else:
        letters.insert(at, "x")
    return one, f"{clean[: word.start()]}«{''.join(letters)}»{clean[word.end() :]}", clean


def fused(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """Two words without the space between them."""
    clean = joined(pieces, dialect)
    gap = "_" if dialect is TAGS else " "
    pairs = [f"{word}{gap}{noun}" for part, noun in (("hair", "hair"), ("eyes", "eyes"), ("background", "background"))
             for word in [one.colors[part][0]]]  # fmt: skip
    found = [pair for pair in pairs if pair in clean]
    pair = found[int(rng.integers(len(found)))]
    start = clean.index(pair)
    return one, f"{clean[:start]}«{pair.replace(gap, '')}»{clean[start + len(pair) :]}", clean if dialect is not TAGS else None


def trigger_gone(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """No trigger, or one with a slip."""
    clean = joined(pieces, dialect)
    rest = clean.removeprefix(f"{TRIGGER}, ")
    slip = str(rng.choice(["", "bespok", "besspoke", "bepsoke"]))
    return one, f"«{slip}», {rest}" if slip else rest, clean


def missing_part(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """Nothing is said of the hair, of which all others speak (and no hat hides it)."""
    one = one.without("hat")
    pieces = parts(one, dialect)
    if dialect is PROSE:
        at, word = _at(pieces, "hair"), one.colors["hair"][0]
        words = re.sub(f" with \\w+ {word} hair and", " with", pieces[at][1])
        return one, joined(_with(pieces, at, re.sub(f" with \\w+ {word} hair", "", words)), dialect), None
    return one, joined([piece for piece in pieces if piece[0] not in {"hair", "style"}], dialect), None


def wrong_pattern(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A background that is said to be solid and is not, or the reverse."""
    at, word = _at(pieces, "background"), one.colors["background"][0]
    kind = str(rng.choice(["checkered", "split"]))
    gap = "_" if dialect is TAGS else " "
    words = re.sub(r" \(#\w+\)", "", pieces[at][1])
    if rng.random() < 0.5:
        one, said = replace(one, pattern=kind), "solid"
    else:
        said = kind
    marked = words.replace(word, f"a «{said}» {word}" if dialect is PROSE else f"«{said}»{gap}{word}")
    return one, joined(_with(pieces, at, marked), dialect), None


def torn_codes(rng: np.random.Generator, one: Figure, pieces: list[Part], dialect: Dialect) -> Draft:
    """A comma inside parentheses, where the trainer's shuffling cuts."""
    at = _at(pieces, "hair")
    if dialect is CODED:
        words = pieces[at][1].replace(")", ", #101010)")
        return one, joined(_with(pieces, at, re.sub(r"(\(.*\))", r"«\1»", words)), dialect), None
    return one, joined(_inserted(pieces, at + 1, "«(soft, warm light)»"), dialect), None


CLASSES: tuple[Class, ...] = (
    Class("one code on two things", "duplicate_color_code", (CODED,), shared_code),
    Class("background's code on a feature", "feature_code_is_background", (CODED,), background_code_on_feature, safe=True),
    Class("code that no pixel shows", "code_absent_from_image", (CODED,), absent_code),
    Class("word against code", "color_word_contradicts_code", (CODED,), wrong_word_for_code),
    Class("background word against pixels", "background_word_contradicts_pixels", ALL, wrong_background_word),
    Class("palette list", "palette_tail", (CODED, PROSE), palette_list, safe=True),
    Class("bare codes", "anonymous_codes", (CODED,), bare_codes, safe=True),
    Class("boilerplate", "boilerplate_tail", ALL, boilerplate, share=0.9),
    Class("bare noun", "bare_noun", (CODED, TAGS), bare_noun, safe=True),
    Class("beyond the window", "beyond_window", ALL, too_long),
    Class("contradiction", "contradiction", ALL, contradiction),
    Class("covered feature", "covered_feature", ALL, covered_eyes),
    Class("repeated clause", "repeated_clause", ALL, repeated, safe=True),
    Class("doubled word", "doubled_word", (CODED, PROSE), doubled, safe=True),
    Class("stray punctuation", "stray_punctuation", ALL, punctuation, safe=True),
    Class("leaked instruction", "leaked_instruction", ALL, instruction),
    Class("typo", "typo", ALL, typo, share=0.05),
    Class("fused words", "fused_words", ALL, fused),
    Class("trigger missing or misspelt", "trigger_placement", ALL, trigger_gone),
    Class("missing attribute", "missing_attribute", ALL, missing_part, share=0.06),
    Class("pattern against pixels", "background_pattern_contradicts_pixels", ALL, wrong_pattern),
    Class("torn by shuffling", "shuffle_hazard", ALL, torn_codes),
)
