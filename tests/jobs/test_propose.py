"""What to run next, from histories with known truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from lorascope.analysis.where_text import parse_where
from lorascope.errors import AlreadyExists, BadParameter, NotFound
from lorascope.jobs.check import check
from lorascope.jobs.propose import Wish, propose
from lorascope.jobs.write_recipe import recipe_text
from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.records.proposal import Next
from lorascope.records.run import ParameterValue, Run, RunStatus
from lorascope.reports.proposals import next_json

METRIC = "style"
BASE: Mapping[str, ParameterValue] = {
    "network_dim": 32, "network_alpha": 16.0, "unet_lr": 1e-4, "text_encoder_lr": 5e-5, "keep_tokens": 1, "shuffle_caption": True,
    "max_train_epochs": 10, "train_batch_size": 4, "resolution": "512,512", "network_module": "networks.lora", "seed": 42,
    "lr_scheduler": "cosine", "caption_extension": ".txt",
}  # fmt: skip


def run_of(number: int, value: float | None, hours: float | None = None, **changed: ParameterValue) -> PastRun:
    settings = {**BASE, **changed}
    run = Run(f"run-{number:02}", "kohya", RunStatus.FINISHED, settings, started_at=float(number))
    outcomes = {} if value is None else {METRIC: Outcome(value)}
    return PastRun(run, settings, outcomes, classes=dict.fromkeys(outcomes, ""), gpu_hours=hours, images=100)


def history_of(*runs: PastRun, direction: str | None = "higher") -> History:
    return History(runs, {METRIC: MetricFacts(METRIC, "points", direction)} if any(past.outcomes for past in runs) else {})


_RANKS_AND_TOKENS = ((32, 1), (32, 1), (16, 1), (16, 2), (64, 1), (64, 2), (32, 2), (16, 1), (32, 0), (16, 0), (64, 0), (32, 1))
TWELVE = history_of(
    *(
        run_of(number, 50 + 4 * (dim == 16) + 0.3 * ((number * 7) % 5), 2.0, network_dim=dim, network_alpha=dim / 2, keep_tokens=keep)
        for number, (dim, keep) in enumerate(_RANKS_AND_TOKENS)
    )
)


def test_without_a_run_it_proposes_a_baseline_whose_recipe_passes_the_check(tmp_path: Path) -> None:
    found = propose(History(()), None, Wish(out=tmp_path))
    (baseline,) = found.proposals
    assert baseline.kind == "baseline"
    assert not check([Path(baseline.recipe)])[0].fails


def test_the_first_thing_to_learn_from_one_run_is_its_noise() -> None:
    found = propose(history_of(run_of(0, 50.0)), METRIC, Wish())
    assert [proposal.kind for proposal in found.proposals] == ["replicate", "screen", "screen"]
    assert found.proposals[0].change == {"seed": 43}
    assert found.proposals[1].gain.estimate is None  # one run says nothing of a gain


@pytest.mark.parametrize("objective", ["explain", "improve"])
def test_every_recipe_passes_the_check_and_says_the_change(tmp_path: Path, objective: str) -> None:
    found = propose(TWELVE, METRIC, Wish(objective, count=8, out=tmp_path))
    assert len(found.proposals) == 8
    for proposal in found.proposals:
        checked = check([Path(proposal.recipe)])[0]
        assert not checked.fails
        said = checked.configuration.training.settings
        assert {name: said[name].value for name in proposal.change} == dict(proposal.change)


@pytest.mark.parametrize("objective", ["explain", "improve"])
def test_no_run_is_repeated_but_for_replicates(objective: str) -> None:
    found = propose(TWELVE, METRIC, Wish(objective, count=10))
    made = [{name: value for name, value in past.settings.items() if name != "seed"} for past in TWELVE.runs]
    for proposal in found.proposals:
        base = TWELVE.find(proposal.base)
        assert base is not None
        settings = {**base.settings, **proposal.change}
        repeats = {name: value for name, value in settings.items() if name != "seed"} in made
        assert repeats == (proposal.kind == "replicate")


def test_every_fifth_run_is_a_replicate_of_the_incumbent() -> None:
    found = propose(TWELVE, METRIC, Wish(count=11))
    kinds = [proposal.kind for proposal in found.proposals]
    repeated = [at for at, kind in enumerate(kinds) if kind == "replicate"]
    assert repeated
    assert max(later - earlier for earlier, later in zip([-5, *repeated], repeated, strict=False)) <= 5
    seeds = [proposal.change["seed"] for proposal in found.proposals if proposal.kind == "replicate"]
    assert len(set(seeds)) == len(seeds)
    assert {found.proposals[at].base for at in repeated} == {found.incumbent.run if found.incumbent else None}


def test_another_rank_takes_alpha_along() -> None:
    found = propose(history_of(run_of(0, 50.0), run_of(1, 50.4, seed=7)), METRIC, Wish(design="single", count=15))
    ranks = [proposal.change for proposal in found.proposals if "network_dim" in proposal.change]
    assert ranks
    assert all(change["network_alpha"] == change["network_dim"] / 2 for change in ranks)  # type: ignore[operator]


@pytest.mark.parametrize("objective", ["explain", "improve"])
def test_a_condition_holds_for_every_proposal(objective: str) -> None:
    where = parse_where("network_dim <= 16 and keep_tokens >= 1")
    found = propose(TWELVE, METRIC, Wish(objective, count=6, where=where))
    for proposal in found.proposals:
        base = TWELVE.find(proposal.base)
        settings = {**(base.settings if base else {}), **proposal.change}
        assert proposal.kind == "replicate" or (settings["network_dim"] <= 16 and settings["keep_tokens"] >= 1)  # type: ignore[operator]


def test_an_improvement_changes_no_more_than_asked() -> None:
    found = propose(TWELVE, METRIC, Wish("improve", count=8, most_changes=1))
    assert all(len(set(proposal.change) - {"network_alpha"}) <= 1 for proposal in found.proposals)


def test_the_incumbent_is_shrunk_for_having_been_picked_out() -> None:
    found = propose(TWELVE, METRIC, Wish())
    assert found.incumbent is not None
    assert found.incumbent.true.estimate is not None
    assert found.incumbent.true.estimate < max(past.outcomes[METRIC].value for past in TWELVE.runs)


def test_the_cost_is_that_of_earlier_runs_per_picture() -> None:
    longer = history_of(run_of(0, 50.0, 2.0), run_of(1, 51.0, 2.2, seed=1), run_of(2, 49.0, 4.0, max_train_epochs=20))
    found = propose(longer, METRIC, Wish(design="single", count=25, price_per_gpu_hour=0.5))
    halved = next(proposal for proposal in found.proposals if proposal.change.get("max_train_epochs") == 5)
    assert halved.gpu_hours == pytest.approx(1.0)
    assert halved.money == pytest.approx(0.5)


def test_a_screen_is_twelve_runs_and_one_of_them_is_the_incumbent() -> None:
    found = propose(TWELVE, METRIC, Wish(design="screen"))
    assert len(found.proposals) == 12
    assert [proposal.kind for proposal in found.proposals].count("replicate") == 1


def test_the_same_wish_gives_the_same_answer() -> None:
    for objective in ("explain", "improve"):
        wish = Wish(objective, count=6, seed=3)
        assert json.dumps(next_json(propose(TWELVE, METRIC, wish))) == json.dumps(next_json(propose(TWELVE, METRIC, wish)))


def test_a_number_that_is_none_is_left_out_and_said() -> None:
    found = propose(history_of(*TWELVE.runs, run_of(20, float("nan"))), METRIC, Wish())
    assert found.runs == 12
    assert any("left out" in note for note in found.notes)


def test_an_unknown_metric_suggests_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        propose(TWELVE, "stlye", Wish())
    assert "style" in caught.value.next_step


def test_an_improvement_needs_a_direction() -> None:
    unknown = replace(TWELVE, metrics={METRIC: MetricFacts(METRIC)})
    with pytest.raises(BadParameter, match="which way"):
        propose(unknown, METRIC, Wish("improve"))
    assert propose(unknown, METRIC, Wish()).proposals


def test_runs_without_measurements_are_to_be_measured_first() -> None:
    found = propose(history_of(run_of(0, None), run_of(1, None)), None, Wish())
    assert found.proposals == ()
    assert "lorascope evaluate run-01" in found.notes[-1]


def test_runs_that_are_all_equal_propose_changes_without_a_gain() -> None:
    found: Next = propose(history_of(*(run_of(number, 50.0, seed=number) for number in range(6))), METRIC, Wish(count=6))
    assert found.proposals
    assert all(proposal.gain.estimate in {None, 0.0} for proposal in found.proposals)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    first = propose(TWELVE, METRIC, Wish(out=tmp_path)).proposals[0]
    propose(TWELVE, METRIC, Wish(out=tmp_path))  # the same recipes stay
    Path(first.recipe).write_text("mine", "utf-8")
    with pytest.raises(AlreadyExists):
        propose(TWELVE, METRIC, Wish(out=tmp_path))


def test_a_setting_that_no_trainer_has_is_left_to_the_reader() -> None:
    assert recipe_text(TWELVE.runs[0], {"dataset": "abc"}, ()).startswith("# set dataset = abc yourself")
