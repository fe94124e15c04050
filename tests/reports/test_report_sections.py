"""What analyses say, as sections: told where there is an answer, and where there is none, what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from lorascope.records.cause import Cause, Explanation
from lorascope.records.cause import Test as Check
from lorascope.records.effect import Claim, Effect, EffectSet, Impact
from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.records.proposal import Estimated, Next, Proposal
from lorascope.records.run import Run, RunStatus
from lorascope.reports.inquiry import DecisionNote, Inquiry, LedgerNote
from lorascope.reports.markdown import markdown, project_markdown
from lorascope.reports.page import page
from lorascope.reports.project import ProjectEvidence, by_outcome, project_page
from lorascope.reports.section import Sentence
from lorascope.reports.sections import SECTIONS
from lorascope.reports.sections.changes import impact_parts

IMPACT = Impact(
    "background_color_accuracy", "share of pictures", "higher", 40, {},
    (
        Effect("learning_rate", Claim.MATTERS, 0.97, 0.4, 0.001, estimate=0.12, low=0.05, high=0.19),
        Effect("keep_tokens", Claim.ALIASED, 0.4, aliased_with=("captions",)),
        Effect("clip_skip", Claim.CONSTANT),
    ),
    (EffectSet(("captions", "keep_tokens"), 0.8, {"keep_tokens": 1}, "dirty"),),
)  # fmt: skip
EXPLANATION = Explanation(
    "clean", "background_color_accuracy", "dirty",
    (
        Cause("lr_too_high", "the learning rate is too high", 0.62, ("loss is rough",), (), Check("halve it", "2.1 GPU hours", 2.1)),
        Cause("noise_only", "chance", 0.38, (), ("the drop is large",), Check("evaluate again", "minutes")),
    ),
)  # fmt: skip


def evidence_with(make, **changes):
    evidence = make().evidence
    inquiry = replace(Inquiry(run="clean", runs=2), **changes)
    return replace(evidence, runs=evidence.runs[1:], comparisons=(), inquiry=inquiry)


def section(evidence, name):
    return next(part for part in page(evidence).sections if part.id == name)


def words(found):
    return " ".join(part.text if isinstance(part, Sentence) else repr(part.table) for part in found.parts)


def test_no_section_vanishes_when_nothing_is_known(make):
    evidence = evidence_with(make)
    found = page(evidence).sections
    assert len(found) == len(SECTIONS)
    assert all(any(isinstance(part, Sentence) and part.kind == "missing" for part in one.parts) for one in found)


def test_one_run_alone_teaches_nothing_about_settings_and_that_is_said(make):
    assert "Nothing about settings can be learned from one run" in words(section(evidence_with(make, runs=1), "lessons"))


def test_a_cause_below_one_half_is_not_called_the_cause(make):
    weak = replace(EXPLANATION, causes=tuple(replace(cause, probability=0.4) for cause in EXPLANATION.causes))
    assert "No cause is more probable than not" in words(section(evidence_with(make, explanation=weak), "causes"))
    assert "Most probably: the learning rate is too high (62 %" in words(section(evidence_with(make, explanation=EXPLANATION), "causes"))


def test_evidence_against_is_told_also_when_there_is_none(make):
    told = words(section(evidence_with(make, explanation=EXPLANATION), "causes"))
    assert "Against it: none found" in told
    assert "Against it: the drop is large" in told


def test_settings_that_cannot_be_told_apart_are_named_together_with_the_run_that_splits_them(make):
    told = words(section(evidence_with(make, impact=IMPACT), "changes"))
    assert (
        "One of captions and keep_tokens matters (80 %); these runs cannot tell which. One run would: keep_tokens = 1 on top of dirty"
        in told
    )


def test_a_lesson_carries_its_n_and_interval(make):
    told = words(section(evidence_with(make, impact=IMPACT), "lessons"))
    assert "learning_rate matters" in told
    assert "n = 40 runs" in told
    assert "+5.0 to +19.0" in told


def test_an_exploratory_analysis_gives_no_lesson(make):
    assert "None yet" in words(section(evidence_with(make, impact=replace(IMPACT, exploratory=True)), "lessons"))


def test_only_decided_hypotheses_are_lessons(make):
    notes = (
        LedgerNote("a", "rank 64 is photorealistic", None, "supported", 0.5, 0.9, 12, "runs", exploratory=False),
        LedgerNote("b", "augmentation helps", None, "open", claimed_n=3),
    )
    evidence = evidence_with(make, ledger=notes)
    assert "rank 64 is photorealistic: supported (n = 12 runs" in words(section(evidence, "lessons"))
    assert "augmentation" not in words(section(evidence, "lessons"))
    assert "0 (claimed: 3)" in words(section(evidence, "ledger"))


def test_a_decision_is_told_with_its_grounds(make):
    note = DecisionNote("clean", 3, "sprites", 0.0, "the evidence was undecided.")
    told = words(section(evidence_with(make, decisions=(note,)), "advice"))
    assert "Epoch 3 of clean was promoted for sprites on 1970-01-01 00:00 UTC. Then the evidence was undecided." in told


def test_proposals_carry_information_gain_and_cost(make):
    proposal = Proposal("split", "dirty", {"keep_tokens": 1}, "splits the set", 0.7, Estimated(0.05, -0.02, 0.12), 2.0)
    told = words(section(evidence_with(make, proposals=Next("explain", "background_color_accuracy", (proposal,))), "next"))
    assert all(said in told for said in ("keep_tokens = 1", "0.7", "'2'"))


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "a | b \n# c", "\u202eevil", "[x](http://x.example)"])
def test_hostile_words_of_analyses_stay_words(make, hostile):
    cause = Cause("x", hostile, 0.9, (hostile,), (hostile,), Check(hostile, hostile))
    evidence = evidence_with(
        make, explanation=Explanation("clean", hostile, hostile, (cause,), notes=(hostile,)),
        ledger=(LedgerNote(hostile, hostile, None, "open"),), decisions=(DecisionNote(hostile, 1, hostile, None, hostile),), parent=hostile,
    )  # fmt: skip
    text = markdown(page(evidence))
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text)
    assert "<script" not in html
    assert "\u202e" not in text
    assert 'href="http' not in html


def test_every_piece_with_a_number_has_a_reference(make):
    evidence = evidence_with(make, impact=IMPACT, explanation=EXPLANATION)
    body = markdown(page(evidence)).partition("## Where the numbers come from")[0]
    lines = [
        line for line in body.splitlines() if any(sign.isdigit() for sign in line) and not line.startswith(("#", "- before", "- after"))
    ]
    assert [line for line in lines if "](#r" not in line and not line.startswith("sprite")] == []


def test_a_project_without_runs_says_what_to_do():
    text = project_markdown(project_page(ProjectEvidence(History(()), None, Inquiry(run="", runs=0))))
    assert "There is no run in this store yet" in text
    assert "No run is recorded" in text


def test_a_setting_that_stands_alone_is_told_in_the_table_and_not_once_more():
    alone = replace(IMPACT, sets=(EffectSet(("captions",), 0.99), *IMPACT.sets))
    points = [part.text for part in impact_parts(alone, Inquiry(run="clean", impact=alone)) if isinstance(part, Sentence)]
    assert not [text for text in points if text.startswith("captions (")]
    assert any(text.startswith("One of captions and keep_tokens") for text in points)


def test_a_project_of_many_runs_lists_the_first_and_counts_the_rest():
    runs = tuple(PastRun(Run(f"run-{place}", "kohya", RunStatus.FINISHED, {})) for place in range(500))
    text = project_markdown(project_page(ProjectEvidence(History(runs), None, Inquiry(run="", runs=500))))
    assert sum(line.startswith("| run-") for line in text.splitlines()) == 50
    assert "450 more: lorascope runs" in text


def test_no_run_is_ranked_among_runs_that_were_measured_otherwise():
    measured = (("a1", 5.0, "x"), ("b1", 9.0, "y"), ("a2", 7.0, "x"), ("none", None, ""))
    runs = tuple(
        PastRun(
            Run(name, "toy", RunStatus.FINISHED), outcomes={} if value is None else {"quality": Outcome(value)}, classes={"quality": own}
        )
        for name, value, own in measured
    )
    history = History(runs, {"quality": MetricFacts("quality", direction="higher")})
    assert [past.name for past in by_outcome(history, "quality")] == ["a2", "a1", "b1", "none"]
