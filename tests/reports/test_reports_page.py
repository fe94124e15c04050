"""What a report says, and that it says it from the numbers."""

from __future__ import annotations

from dataclasses import replace

from lorascope.records.run import RunStatus
from lorascope.reports.answers import Choice, choice_from_json, comparison_from_json
from lorascope.reports.comparison import differing, reading
from lorascope.reports.page import page
from lorascope.reports.protocol import measured_by
from lorascope.reports.repairs import pieces
from lorascope.reports.undecided import undecided


def sentences(evidence):
    return [said.sentence for said in page(evidence).lead]


def with_run(evidence, place, **changes):
    runs = list(evidence.runs)
    runs[place] = replace(runs[place], **changes)
    return replace(evidence, runs=tuple(runs))


def test_the_lead_has_three_to_six_statements_with_winner_difference_and_n(experiment):
    said = sentences(experiment.evidence)
    assert 3 <= len(said) <= 6
    assert (
        "+71.0 points of background color accuracy (95 % interval +52.0 to +90.0; p < 0.001, paired over 3 prompts): clean is better"
        in said[1]
    )
    assert "clean: epoch 3 is the best with probability 93 %" in said[4]
    assert "n = 6 images" in said[4]


def test_the_lead_says_what_the_base_model_reaches(experiment):
    assert "the base model without a LoRA has 93.9 %" in sentences(experiment.evidence)[3]


def test_nothing_is_called_best_when_nothing_can_be(experiment):
    choice = experiment.evidence.runs[0].choice
    evidence = with_run(experiment.evidence, 0, choice=replace(choice, best_epoch=None, best_p=None, cannot_tell=(1, 2)))
    verdict = page(evidence).runs[0].verdict
    assert verdict.startswith("dirty: undecided. Epoch 1 leads")
    assert "epoch 2 cannot be told from it" in verdict
    assert any("About 31 prompts (now 3) would decide it" in sentence for sentence in undecided(evidence))


def test_a_run_without_a_choice_says_so(experiment):
    verdict = page(with_run(experiment.evidence, 0, choice=None)).runs[0].verdict
    assert "no checkpoint was measured by background color accuracy" in verdict


def test_a_metric_of_which_nobody_knows_what_is_better_chooses_nothing(experiment):
    evidence = with_run(replace(experiment.evidence, metric="unique_colors"), 0, choice=None)
    assert "whether more or less unique colors is better is not known" in page(evidence).runs[0].verdict


def test_without_probabilities_the_leader_has_the_best_mean_and_the_earliest_wins_a_tie():
    rows = [{"epoch": epoch, "mean": mean, "low": None, "high": None, "n": 1} for epoch, mean in ((1, 3.0), (2, 1.0), (3, 1.0))]
    answer = {"metric": "m", "unit": "", "direction": "lower", "prompts": 1, "seeds": 1, "checkpoints": rows, "best": None}
    assert choice_from_json(answer).leader == 2
    assert choice_from_json({**answer, "direction": "higher"}).leader == 1


def test_the_answers_of_pick_and_compare_are_read_from_their_json():
    row = {"epoch": 4, "mean": 0.9, "low": 0.8, "high": 1.0, "n": 32, "shrunk": 0.88, "p_best": 0.7}
    answer = {
        "format": 1, "run": "a", "metric": "m", "unit": "share", "direction": "higher",
        "prompts": 8, "seeds": 4, "differ": {"p_value": 0.01},
        "checkpoints": [row], "best": {"epoch": 4, "p_best": 0.7}, "cannot_tell": [3, 4], "notes": ["x"], "prompts_to_decide": 20,
    }  # fmt: skip
    choice = choice_from_json(answer)
    assert (choice.best_epoch, choice.best_p, choice.differ_p, choice.cannot_tell, choice.prompts_to_decide) == (4, 0.7, 0.01, (3, 4), 20)
    assert isinstance(choice, Choice)
    metric = {"metric": "m", "difference": -1.0, "low": None, "high": None, "p_value": None, "n": 1, "detectable": None, "epochs": [2, 3]}
    compared = comparison_from_json({"metrics": [metric], "notes": ["one"]}, "at the last epoch")
    assert compared.of("m").epochs == (2, 3)
    assert compared.notes == ("one",)


def test_only_parameters_that_differ_are_shown_and_the_rest_is_folded(experiment):
    evidence = experiment.evidence
    assert differing(evidence) == ()
    assert page(evidence).different is None
    run = evidence.runs[1].run
    changed = with_run(evidence, 1, run=replace(run, parameters={**run.parameters, "learning_rate": 0.01}))
    assert [row.cells for row in page(changed).different.rows] == [("learning_rate", "0.001", "0.01")]
    assert "learning_rate" not in [row.cells[0] for row in page(changed).same.rows]


def test_two_changes_at_once_leave_the_cause_undecided(experiment):
    run = experiment.evidence.runs[1].run
    evidence = with_run(experiment.evidence, 1, run=replace(run, parameters={**run.parameters, "network_dim": 64}))
    assert undecided(evidence)[0].startswith("2 things changed at once (network_dim and the dataset)")


def test_one_training_of_each_setting_is_always_named_as_open(experiment):
    assert any("Each setting was trained once" in sentence for sentence in undecided(experiment.evidence))


def test_an_interval_across_zero_is_undecided_with_the_prompts_that_would_decide(experiment):
    found = next(sentence for sentence in undecided(experiment.evidence) if sentence.startswith("unique colors"))
    # 3 prompts detect 31 colors; 9 colors need 3 * (31 / 9) ** 2 = 35.6
    assert "if the true one is 9 colors, about 36 prompts would decide" in found


def test_a_test_that_disagrees_with_its_interval_is_not_a_decision(experiment):
    row = replace(experiment.evidence.comparisons[1].differences[0], p_value=0.03)
    assert reading(experiment.evidence, row) == "undecided: interval and test disagree"


def test_an_interval_beside_zero_that_the_exact_test_does_not_confirm_is_no_decision(experiment):
    """Three prompts that agree: Student's interval may leave out zero, but of eight sign patterns two are as extreme (p = 0.25)."""
    evidence = experiment.evidence
    first, *others = evidence.comparisons
    rows = tuple(replace(row, p_value=0.25) if row.metric == evidence.metric else row for row in first.differences)
    changed = replace(evidence, comparisons=(replace(first, differences=rows), *others))
    assert reading(changed, changed.comparisons[0].of(evidence.metric)) == "undecided: interval and test disagree"
    assert "clean is better" not in sentences(changed)[1]
    assert any("leaves one sign, the test does not decide (p = 0.25, 3 prompts)" in sentence for sentence in undecided(changed))


def test_another_machine_or_version_is_no_nothing_else(experiment):
    run = experiment.evidence.runs[1].run
    moved = with_run(experiment.evidence, 1, run=replace(run, environment={**run.environment, "python": "3.99"}))
    assert "nothing else" in sentences(experiment.evidence)[0]
    assert "nothing else" not in sentences(moved)[0]
    assert "other software versions or on another machine" in sentences(moved)[0]


def test_the_same_seeds_are_claimed_only_where_they_were_used(experiment):
    run = experiment.evidence.runs[1]
    assert "with the same seeds" in measured_by(experiment.evidence)
    fewer = with_run(experiment.evidence, 1, scores=tuple(s for s in run.scores if (s.epoch, s.seed) != (1, 1)))
    assert "Not every epoch drew" in measured_by(fewer)
    unknown = with_run(experiment.evidence, 1, scores=tuple(replace(score, seed=None) for score in run.scores))
    assert "seeds are not known" in measured_by(unknown)


def test_lower_is_better_turns_the_reading_around(experiment):
    evidence = experiment.evidence
    notes = tuple(replace(note, direction="lower") for note in evidence.metrics)
    row = evidence.comparisons[0].of("background_color_accuracy")
    assert reading(replace(evidence, metrics=notes), row) == "dirty is better"


def test_an_unfinished_run_and_unmeasurable_pictures_are_open_ends(experiment):
    evidence = experiment.evidence
    run, measured = evidence.runs[0].run, evidence.runs[0].measurements
    changed = with_run(
        evidence, 0, run=replace(run, status=RunStatus.INTERRUPTED), measurements=(replace(measured[0], not_measurable=3), *measured[1:])
    )
    said = " ".join(undecided(changed))
    assert "dirty: the training is interrupted" in said
    assert "3 pictures gave no number for background color accuracy" in said


def test_the_grid_starts_with_the_base_model_and_marks_the_chosen_epoch(experiment):
    grid = page(experiment.evidence).runs[1].grid
    assert [row.label for row in grid.rows] == ["base", "1", "2", "3"]
    assert [row.label for row in grid.rows if row.marked] == ["3"]


def test_epochs_stand_in_natural_order(make):
    assert [row.label for row in page(make(epochs=11).evidence).runs[0].grid.rows][-3:] == ["9", "10", "11"]


def test_a_trainer_that_counts_from_0_has_no_base_model(experiment):
    run = experiment.evidence.runs[0]
    saved = (replace(run.checkpoints[0], epoch=0), *run.checkpoints)
    assert page(with_run(experiment.evidence, 0, checkpoints=saved)).runs[0].grid.rows[0].label == "0"


def test_a_cell_is_met_from_half_on_and_says_its_share(experiment):
    cells = [cell for row in page(experiment.evidence).runs[0].grid.rows for cell in row.cells]
    for cell in cells:
        assert cell.mark == ("\N{CHECK MARK}" if float(cell.value.removesuffix(" %")) >= 50 else "\N{BALLOT X}")
    assert {cell.mark for cell in cells} == {"\N{CHECK MARK}", "\N{BALLOT X}"}


def test_a_picture_says_in_words_what_it_shows(experiment):
    sample = experiment.evidence.runs[0].samples[-1]
    cell = page(experiment.evidence).runs[0].grid.rows[-1].cells[-1]
    assert cell.others[0].digest == sample.image_digest
    assert cell.others[0].alt.startswith("run dirty, epoch 3, prompt red_lad, seed 2, background ")
    assert cell.others[0].alt.endswith(" % as asked")


def test_a_picture_that_was_not_drawn_leaves_its_cell_empty(experiment):
    run = experiment.evidence.runs[0]
    grid = page(with_run(experiment.evidence, 0, samples=run.samples[1:])).runs[0].grid
    assert grid.rows[0].cells[0].picture is not None  # the second seed moves up
    grid = page(with_run(experiment.evidence, 0, samples=run.samples[2:])).runs[0].grid
    assert grid.rows[0].cells[0].picture is None


def test_scores_without_pictures_still_make_a_report(experiment):
    evidence = replace(experiment.evidence, runs=tuple(replace(run, samples=()) for run in experiment.evidence.runs), suite=None)
    shown = page(evidence)
    assert shown.overview is None
    assert not shown.runs[0].grid.has_pictures
    assert shown.runs[0].grid.rows[1].cells[0].value.endswith("%")


def test_one_run_alone_has_no_comparison(experiment):
    shown = page(replace(experiment.evidence, runs=experiment.evidence.runs[:1], comparisons=()))
    assert (shown.difference, shown.differences, shown.different) == ((), (), None)


def test_an_empty_run_makes_a_report_that_says_so(experiment):
    empty = replace(experiment.evidence.runs[0], checkpoints=(), samples=(), scores=(), measurements=(), choice=None, dataset=None)
    shown = page(replace(experiment.evidence, runs=(empty,), suite=None, comparisons=(), repairs=(), repaired=None))
    assert shown.lead[0].sentence.startswith("0 checkpoints were measured")
    assert (shown.curves, shown.captions, shown.metrics) == ((), None, None)


def test_findings_are_counted_by_check_before_and_after(experiment):
    rows = [row.cells for row in page(experiment.evidence).captions.findings.rows]
    assert rows == [
        ("beyond window", "22", "1"),
        ("color contradicts code", "61", "0"),
        ("duplicate code", "84", "0"),
        ("all checks", "167", "1"),
    ]


def test_a_repair_can_be_put_together_again_from_its_pieces(experiment):
    for repair in experiment.evidence.repairs:
        found = pieces(repair)
        assert "".join(piece.text for piece in found if piece.kind != "added") == repair.before
        assert "".join(piece.text for piece in found if piece.kind != "removed") == repair.after
