"""The rule for color words against the survey it is made from, each color left out of its own term's exemplars.

What is asked of the rule: no name that people gave conflicts, and names of other colors are caught.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest

from lorascope.jobs.read_assets import color_names, color_table
from lorascope.records.color import oklab
from lorascope.records.color_names import BASIC_TERMS, SYNONYMS, TERMS, Agreement, ColorNames, ColorPhrase, read_phrase

NAMES = color_names()
KNOWN = sorted({SYNONYMS.get(term, term) for term in TERMS} & set(NAMES.exemplars))


def head(name):
    last = name.split()[-1].replace("grey", "gray")
    return SYNONYMS.get(last, last)


@cache
def survey(terms):
    """(name, RGB, term, the names without this color) of every name that ends in a term which has other exemplars too."""
    rows = []
    for name, rgb in color_table().items():
        term = head(name)
        if term in terms:
            others = NAMES.exemplars[term][np.abs(NAMES.exemplars[term] - oklab(rgb)).sum(axis=-1) > 1e-9]
            if len(others):
                rows.append((name, rgb, term, ColorNames({**NAMES.exemplars, term: others}, NAMES.medians)))
    return rows


def phrase_of(name, term):
    modifiers = read_phrase(name)
    return ColorPhrase((term,), modifiers.modifiers if modifiers else ())


@pytest.mark.parametrize(("terms", "least_colors", "least_agreeing"), [(BASIC_TERMS, 590, 0.97), (tuple(KNOWN), 680, 0.92)])
def test_no_color_of_the_survey_conflicts_with_its_name(terms, least_colors, least_agreeing):
    rows = survey(terms)
    verdicts = {name: names.agreement(phrase_of(name, term), rgb) for name, rgb, term, names in rows}
    assert len(rows) >= least_colors
    assert [name for name, verdict in verdicts.items() if verdict is Agreement.CONFLICT] == []
    assert Counter(verdicts.values())[Agreement.AGREE] / len(rows) >= least_agreeing


def test_the_nearest_exemplar_recovers_the_basic_word_of_most_names():
    rows = survey(BASIC_TERMS)
    right = sum(min(BASIC_TERMS, key=lambda word: names.distance(ColorPhrase((word,)), rgb)) == term for _, rgb, term, names in rows)
    assert right / len(rows) >= 0.87


def test_nine_of_ten_wrong_basic_words_are_doubted_and_most_conflict():
    colors = [(rgb, term) for _, rgb, term, _ in survey(BASIC_TERMS)]
    counts = Counter()
    for word in BASIC_TERMS:
        wrong = np.array([rgb for rgb, term in colors if term != word], np.uint8)
        counts.update(NAMES.agreements(ColorPhrase((word,)), wrong).tolist())
    total = sum(counts.values())
    assert counts["conflict"] / total >= 0.78
    assert counts["agree"] / total <= 0.09
