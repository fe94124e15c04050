"""The statements of a real project that were checked by hand, in our own words with its numbers."""

from __future__ import annotations

import re

import pytest
from retold_reports import ANALYSIS, ROWS, TAXONOMY, A, T

from lorascope.claims.check import check_reports
from lorascope.claims.markdown import read_markdown
from lorascope.claims.report import Records, StoredSeries

TEXTS = {A: ANALYSIS, T: TAXONOMY}
LEVELS = {1: 323.857, 2: 335.714, 3: 272.571, 4: 314.429, 5: 238.857, 6: 313.571, 7: 296.0, 8: 216.571, 9: 277.857, 10: 315.857}


@pytest.fixture(scope="module")
def claims():
    return check_reports([read_markdown(text, name) for name, text in TEXTS.items()])


def said_at(claims, document, beginning):
    number = next(at for at, line in enumerate(TEXTS[document].splitlines(), 1) if line.startswith(beginning))
    return next(claim for claim in claims if (claim.place.document, claim.place.line) == (document, number))


@pytest.mark.parametrize("row", ROWS, ids=[f"{row[0]}-{row[2][:24]}" for row in ROWS])
def test_a_statement_checked_by_hand_gets_the_same_verdict(claims, row):
    _, document, beginning, verdict, flags, recomputed = row
    claim = said_at(claims, document, beginning)
    assert claim.verdict == verdict
    assert flags <= set(claim.flags)
    assert recomputed in claim.recomputed.replace("\N{MINUS SIGN}", "-")


def test_right_arithmetic_is_never_called_inconsistent(claims):
    for _, document, beginning, *_ in ROWS[:3]:
        assert said_at(claims, document, beginning).verdict != "inconsistent"


def test_at_least_24_different_flags_are_raised(claims):
    raised = {flag for claim in claims for flag in claim.flags}
    assert len(raised) >= 24
    assert raised >= {f"F{number:02}" for number in range(1, 25) if number != 25}


def test_the_shrunken_number_stands_beside_the_claimed_one(claims):
    claim = said_at(claims, A, "- **28% improvement**")
    assert claim.shrunk == pytest.approx(262, abs=1)  # mean 290.6, spread 38.8, noise 86.4 / sqrt(8) of the green prompt


def test_lines_that_claim_nothing_are_left_alone(claims):
    quiet = ("**Date:**", "1. The green background", "network_dim = 32", "  - SD15_DIM64: dim=64".replace("score", "x"))
    lines = {(claim.place.document, claim.place.line): claim for claim in claims}
    for beginning in quiet[:3]:
        number = next(at for at, line in enumerate(ANALYSIS.splitlines(), 1) if line.startswith(beginning))
        claim = lines.get((A, number))
        assert claim is None or not claim.flags


def test_a_column_that_was_recorded_is_checked_cell_by_cell():
    series = StoredSeries("caption_fix", "unique_colors_24px", None, LEVELS | {6: 200.0}, 7)
    claims = check_reports([read_markdown(ANALYSIS, A)], Records(series=(series,)))
    row = said_at(claims, A, "| **6** | 313.6")
    assert row.verdict == "inconsistent"
    assert "200 in the records of caption_fix" in row.recomputed
    assert "in the records" in said_at(claims, A, "| **1** | 323.9").recomputed


def test_of_recorded_scores_the_shrunken_number_is_that_of_pick():
    cells = {
        prompt: {epoch: value + shift * (epoch % 3 - 1) for epoch, value in LEVELS.items()}
        for prompt, shift in (("a", 90), ("b", -90), ("c", 0))
    }
    series = StoredSeries("caption_fix", "unique_colors_24px", None, LEVELS, 3, cells)
    claim = said_at(check_reports([read_markdown(ANALYSIS, A)], Records(series=(series,))), A, "- **28% improvement**")
    assert 216.6 < claim.shrunk < 291
    assert re.search(r"scores of caption_fix, 3 prompts", claim.recomputed)
