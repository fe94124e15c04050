"""The contract of every caption check, tried on its own examples; a new check is covered before it has a test of its own."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from caption_examples import entry_of, findings_of, others_of

from lorascope.captions.audit import surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.clean import repair
from lorascope.captions.edits import loses_only_what_it_says
from lorascope.records.finding import FixKind, Severity

GRAVITY = [Severity.ERROR, Severity.WARNING, Severity.NOTE]
ALL = frozenset({FixKind.SAFE, FixKind.ASK})
GOOD = [pytest.param(check, example, id=f"{check.name}-{n}") for check in CHECKS for n, example in enumerate(check.good)]
BAD = [pytest.param(check, example, id=f"{check.name}-{n}") for check in CHECKS for n, example in enumerate(check.bad)]
MENDED = [param for param in BAD if param.values[1].fixed is not None]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_check_explains_itself(check):
    assert re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", check.name)
    assert check.title
    assert check.reason
    assert check.good
    assert check.bad
    assert check.find or check.survey
    assert all(work.__module__.endswith("." + check.name) for work in (check.find, check.survey) if work)


def test_names_are_unique():
    assert len({check.name for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize(("check", "example"), GOOD)
def test_good_examples_have_no_finding(check, example, knowledge):
    assert findings_of(check, example, knowledge) == []


@pytest.mark.parametrize(("check", "example"), BAD)
def test_bad_examples_are_found_exactly_where_they_are_marked(check, example, knowledge):
    findings = findings_of(check, example, knowledge)
    assert findings
    assert tuple((example.text or "")[start:end] for finding in findings for start, end in finding.spans) == example.marked


@pytest.mark.parametrize(("check", "example"), BAD)
def test_findings_keep_within_what_the_check_announces(check, example, knowledge):
    for finding in findings_of(check, example, knowledge):
        assert finding.check == check.name
        assert GRAVITY.index(finding.severity) >= GRAVITY.index(check.severity)
        assert finding.message
        assert "\n" not in finding.message
        if check.fix is FixKind.NONE:
            assert finding.fix is FixKind.NONE
        if finding.fix is FixKind.NONE:
            assert finding.edits == ()
        assert loses_only_what_it_says(example.text or "", finding.edits)


@pytest.mark.parametrize(("check", "example"), MENDED)
def test_the_fix_writes_what_the_example_says(check, example, set_up):
    assert repair(*set_up(example), ALL, [check]).after == example.fixed


@pytest.mark.parametrize(("check", "example"), MENDED)
def test_after_the_fix_the_finding_is_gone(check, example, knowledge):
    fixed = replace(example, text=example.fixed, encoding=type(example.encoding)())
    assert [finding for finding in findings_of(check, fixed, knowledge) if finding.fix is not FixKind.NONE] == []


@pytest.mark.parametrize(("check", "example"), BAD)
def test_a_survey_edits_nothing(check, example, knowledge):
    entries = [entry_of(example), *others_of(example)]
    around = surroundings(entries, knowledge, reader=example.reader, trigger=example.trigger)
    assert all(finding.edits == () for finding in (check.survey(entries, around) if check.survey else ()))


@pytest.mark.parametrize("check", [check for check in CHECKS if check.signal], ids=lambda check: check.name)
def test_whatever_a_check_finds_carries_its_signal(check, knowledge):
    signal = re.compile(check.signal, re.IGNORECASE)
    for _, other in (param.values for param in (*GOOD, *BAD)):
        entry, others = entry_of(other), others_of(other)
        around = surroundings([entry, *others], knowledge, reader=other.reader, trigger=other.trigger)
        if other.text is not None and any(finding.spans for finding in check.find(entry, around)):
            assert signal.search(other.text)


@pytest.mark.parametrize(("check", "example"), [param for param in BAD if param.values[1].fixed is None])
def test_without_a_stated_fix_the_caption_stays(check, example, set_up):
    if example.text is not None:
        assert repair(*set_up(example), ALL, [check]).after == example.text


def test_the_owner_of_a_shared_code_is_decided_by_the_pixels(set_up):
    check = next(check for check in CHECKS if check.name == "duplicate_color_code")
    by_pixels = [example for example in check.bad if example.background]
    assert by_pixels
    for example in by_pixels:
        assert [finding.fix for finding in check.find(*set_up(example))] == [FixKind.SAFE]
        blind = replace(example, background=None)
        assert [finding.fix for finding in check.find(*set_up(blind))] == [FixKind.ASK]
