"""Every flag keeps what it says: raised in each of its examples that fire, in none of the silent ones, and the same twice."""

from __future__ import annotations

import pytest

from lorascope.claims.check import check_reports
from lorascope.claims.flags import FLAGS
from lorascope.claims.markdown import read_markdown

FIRES = [(flag, at, example) for flag in FLAGS for at, example in enumerate(flag.fires)]
SILENT = [(flag, at, example) for flag in FLAGS for at, example in enumerate(flag.silent)]


def raised(example):
    claims = check_reports([read_markdown(example.text, "report.md")], example.records)
    return {flag for claim in claims for flag in claim.flags}


def test_the_flags_are_f01_to_f30_in_order():
    assert [flag.id for flag in FLAGS] == [f"F{number:02}" for number in range(1, 31)]


@pytest.mark.parametrize(("flag", "at", "example"), FIRES, ids=[f"{flag.id}-{at}" for flag, at, _ in FIRES])
def test_a_flag_is_raised_where_its_example_says(flag, at, example):
    assert flag.id in raised(example)


@pytest.mark.parametrize(("flag", "at", "example"), SILENT, ids=[f"{flag.id}-{at}" for flag, at, _ in SILENT])
def test_a_flag_stays_down_where_its_example_says(flag, at, example):
    assert flag.id not in raised(example)


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.id)
def test_a_flag_explains_itself(flag):
    assert flag.fires
    assert flag.silent
    for text in (flag.title, flag.meaning, flag.misleads, flag.remedy):
        assert text
        assert text[0].isupper() or text[0].isdigit()
    assert all(text.endswith(".") for text in (flag.meaning, flag.misleads, flag.remedy))


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.id)
def test_every_finding_says_what_holds_and_points_into_the_report(flag):
    for example in flag.fires:
        document = read_markdown(example.text, "report.md")
        found = [one for claim in check_reports([document], example.records) for one in claim.found if one.flag == flag.id]
        assert found
        for one in found:
            assert one.recomputed
            assert 1 <= one.place.line <= len(example.text.splitlines())
            assert one.place.text
