"""Choices, promotions and ratings from values, places and names that nobody planned for: no false certainty, and clear refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from lorascope.cli.main import cli
from lorascope.errors import AlreadyExists, BadParameter
from lorascope.evaluation.metric import Direction
from lorascope.jobs.evaluate import png_bytes
from lorascope.jobs.gather_evidence import metric_notes
from lorascope.jobs.pick import pick
from lorascope.jobs.promote import PromoteRequest, promote
from lorascope.jobs.rating_scores import keep_scores, refuse_other_kind
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Sample, Score
from lorascope.records.vote import Shown, Vote, vote_of
from lorascope.store import Store

ACCURACY = "background_color_accuracy"


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path / "blobs") as opened:
        opened.import_runs([Run("r", "kohya", RunStatus.IMPORTED)])
        yield opened


def fill(store, rows, metric=ACCURACY, **extra):
    store.add_scores([Score("r", e, f"p{n}", None, metric, v, extra=extra) for e, row in enumerate(rows, 1) for n, v in enumerate(row)])


def test_accuracies_in_percent_are_not_cut_at_one_nor_shown_as_shares(store):
    fill(store, [[90, 100, 100, 100], [100, 100, 90, 70]])
    found = pick(store, "r", ACCURACY)
    assert found.unit == "%"
    assert all(row.measured.low <= row.measured.mean <= row.measured.high <= 100 for row in found.checkpoints)
    assert "lie outside 0 to 1" in " ".join(found.notes)
    note = next(one for one in metric_notes(store.scores("r")) if one.name == ACCURACY)
    assert (note.unit, note.high) == ("%", 100)


@pytest.mark.parametrize(("unit", "scale"), [("%", 100), ("points of 10", 10), ("share of wins", 1)])
def test_an_imported_interval_ends_where_its_unit_does(store, unit, scale):
    fill(store, [[0.9 * scale, scale, scale], [scale, scale, 0.7 * scale]], "mine", unit=unit, direction="higher")
    assert max(row.measured.high for row in pick(store, "r", "mine").checkpoints) == scale


def test_one_number_per_checkpoint_written_for_each_prompt_is_one_number(store):
    fill(store, [[level] * 8 for level in (0.1, 0.5, 0.9)], "mine", direction="higher")
    found = pick(store, "r", "mine")
    assert (found.best, found.leader, found.cannot_tell) == (None, None, (1, 2, 3))
    assert "n is then 1" in found.notes[0]


def test_equal_checkpoints_share_the_probability_under_a_condition(store):
    fill(store, [[1.0] * 8] * 5, "mine", direction="higher")
    found = pick(store, "r", "mine", where="mine >= .9")
    assert found.best is None
    shares = [row.joint.p_best_feasible for row in found.checkpoints]
    assert max(shares) - min(shares) < 0.05


def test_a_huge_value_is_written_with_an_exponent(store):
    fill(store, [[1e99, 1, 2], [3, 1, 2]], "mine")
    assert max(map(len, pick(store, "r", "mine", direction=Direction.LOWER).notes)) < 300


def request(folder, **more):
    return PromoteRequest("r", 1, "green", folder, **more)


@pytest.mark.parametrize("place", ["file/below", "link", "new/.."])
def test_a_place_that_cannot_be_a_folder_is_refused_and_nothing_is_recorded(store, tmp_path, place):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "lora.safetensors").write_bytes(b"x")
    store.add_checkpoint(Checkpoint("r", 1, file=str(tmp_path / "lora.safetensors")))
    with pytest.raises((BadParameter, AlreadyExists)):
        promote(store, request(tmp_path / place))
    assert not store.foreign_records("decision")


def test_a_pickle_is_promoted_with_a_warning_and_under_a_harmless_name(store, tmp_path):
    file = tmp_path / "lora.ck<b>pt"
    file.write_bytes(b"\x80\x04.")
    store.add_checkpoint(Checkpoint("r", 1, file=str(file)))
    done = promote(store, request(tmp_path / "out"))
    assert "can run code" in " ".join(done.warnings)
    assert "r-epoch1.ck_b_pt" in done.written.files


def test_metrics_that_cannot_be_weighed_are_not_called_unmeasured(store, tmp_path):
    fill(store, np.random.default_rng(1).random((3, 8)).tolist(), "odd")
    said = " ".join(promote(store, request(tmp_path / "out")).warnings)
    assert "Nothing was measured" not in said
    assert "--metric" in said


def vote(metric):
    return Vote("v1", "anna", metric, (Shown("r", 1, "p0", None, 0),), 3.0)


def test_votes_never_take_the_place_of_measured_values(store):
    fill(store, [[0.9, 1.0]])
    fill(store, [[5.0, 6.0]], "mine")
    for metric in (ACCURACY, "mine"):
        with pytest.raises(BadParameter, match="is measured"):
            refuse_other_kind(store, metric, pairs=False)
        store.keep_foreign([(vote(metric).as_record(), 0)])
        with pytest.raises(BadParameter, match="is measured"):
            keep_scores(store, metric)
    assert [score.value for score in store.scores("r", "mine")] == [5.0, 6.0]


def test_a_vote_on_an_epoch_that_no_store_can_hold_is_no_vote():
    record = vote("rating").as_record()
    record["shown"] = [{"run": "r", "epoch": 10**400, "prompt": "p"}]
    assert vote_of(record) is None


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / ".lorascope").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    with Store.open(f"sqlite:///{tmp_path / '.lorascope' / 'lab.db'}", tmp_path / ".lorascope" / "blobs") as store:
        store.import_runs([Run("r", "kohya", RunStatus.IMPORTED)])
        yield store


def test_rating_for_a_program_prints_one_object(lab):
    lab.add_checkpoint(Checkpoint("r", 1))
    lab.add_samples([Sample("r", 1, "p", 1, lab.put_blob(png_bytes(np.zeros((4, 4, 3), np.uint8))))])
    done = CliRunner().invoke(cli, ["rate", "r", "--json", "--no-open"], input="7\nq\n")
    assert json.loads(done.stdout)["votes"] == 1


def test_a_decision_of_another_program_is_listed(lab):
    lab.keep_foreign([({"type": "decision", "run": "r", "number": "x", "p_best": "much"}, 0)])
    done = CliRunner().invoke(cli, ["promote", "r"], catch_exceptions=False)
    assert (done.exit_code, "stands" in done.output) == (0, True)


def test_a_run_with_a_very_long_name_finds_a_folder(lab):
    name = "n" * 4000
    lab.import_runs([Run(name, "kohya", RunStatus.IMPORTED)])
    lab.add_checkpoint(Checkpoint(name, 1))
    assert CliRunner().invoke(cli, ["promote", name, "1", "--purpose", "x"], catch_exceptions=False).exit_code == 0
