"""Records of ours that somebody else wrote into a file: numbers beyond all numbers count as not said."""

from __future__ import annotations

from lorascope.records.hypothesis import Hypothesis
from lorascope.records.judgment import judgment_of
from lorascope.records.plan import plan_of
from lorascope.records.vote import vote_of

HUGE = 10**400
SHOWN = [{"run": "r", "epoch": 1, "prompt": "p"}]


def test_a_judgment_with_a_number_beyond_all_numbers_is_read_without_it():
    found = judgment_of({"type": "judgment", "hypothesis": "h", "verdict": "undecided", "prior": HUGE, "n": HUGE, "low": 0.5})
    assert (found.prior, found.n, found.low) == (None, 0, 0.5)


def test_a_vote_with_an_answer_beyond_all_numbers_is_none():
    vote = {"type": "vote", "id": "a", "rater": "r", "metric": "m", "shown": SHOWN}
    assert vote_of({**vote, "answer": HUGE}) is None
    assert vote_of({**vote, "answer": 3, "at": HUGE}).at is None


def test_a_plan_takes_such_a_number_as_not_said_and_a_value_of_nothing_as_said():
    plan = plan_of(Hypothesis("h", "…", "a person", extra={"sd": HUGE, "value": 0}))
    assert (plan.sd, plan.value) == (None, 0.0)
    assert plan_of(Hypothesis("h", "…", "a person", extra={"value": HUGE})).value == 1.0
