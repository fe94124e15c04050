"""Reports of other projects, in other words: what is wrong in them is found, and nothing else is called inconsistent."""

from __future__ import annotations

import pytest
from other_reports import REPORTS

from lorascope.claims.check import check_reports
from lorascope.claims.markdown import read_markdown

WRONG = [(name, beginning, expected) for name, (_, wrong) in REPORTS.items() for beginning, expected in wrong.items() if expected]


def claims_of(name):
    return {claim.place.line: claim for claim in check_reports([read_markdown(REPORTS[name][0], name)])}


@pytest.mark.parametrize(("name", "beginning", "expected"), WRONG, ids=[f"{name}-{beginning[:20]}" for name, beginning, _ in WRONG])
def test_what_is_wrong_is_found(name, beginning, expected):
    lines = REPORTS[name][0].splitlines()
    number = next(at for at, line in enumerate(lines, 1) if line.startswith(beginning))
    claim = claims_of(name)[number]
    assert expected in {*claim.flags, str(claim.verdict)}


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_else_is_called_inconsistent(name):
    text, wrong = REPORTS[name]
    lines = text.splitlines()
    alarms = [lines[at - 1] for at, claim in claims_of(name).items() if claim.verdict == "inconsistent"]
    assert [line for line in alarms if not line.startswith(tuple(beginning for beginning, expected in wrong.items() if expected))] == []


def test_an_honest_report_raises_no_flag():
    assert {flag for claim in claims_of("honest").values() for flag in claim.flags} == set()
