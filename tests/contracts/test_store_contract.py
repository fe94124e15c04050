"""What every store must do, whatever database it lies in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lorascope.errors import AlreadyExists, BadParameter, NotFound
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset, DatasetItem, dataset_digest
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import Expectation, Prompt, PromptSuite
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Sample, Score
from lorascope.store import Counts, Store

RUN = Run(
    name="first",
    trainer="toy",
    status=RunStatus.FINISHED,
    parameters={"network_dim": 32, "network_alpha": 16.0, "flip_aug": True, "my_own": "x", "unset": None},
    outcome={"score": 9, "style": None},
    parent="zeroth",
    base_model="toy-base",
    started_at=1_700_000_000.25,
    environment={"gpu": "none", "versions": {"torch": "2.5"}},
    extra={"note": [1, 2.0, None]},
)
ITEMS = (DatasetItem("a.png", "00" * 16, "a.txt", "a lad\x00with a \ud800 broken caption"), DatasetItem("b.png", "11" * 16, None, None))
DATASET = Dataset("sprites", "data/sprites", ITEMS, dataset_digest(ITEMS), orphans=("c.txt",), note="as downloaded", extra={"by": "me"})
PROMPT = Prompt("green", "green background", (Expectation("background", "green", (1, 255, 7)),), extra={"weight": 1.0})
SUITE = PromptSuite("eight", (PROMPT,), seeds=(1, 2), negative="blurry", extra={"sampler": "ddim"})


def a_score(**changes):
    return replace(Score("first", 1, "green", 1, "unique_colors", 12.0), **changes)


@pytest.fixture(params=["file", "memory", "postgres"])
def store(request, tmp_path):
    """An empty store of each kind; the one on PostgreSQL is a real server's."""
    urls = {"file": f"sqlite:///{tmp_path / 'lab.db'}", "memory": "sqlite://"}
    url = urls.get(request.param) or request.getfixturevalue("postgres_url")
    with Store.open(url, tmp_path / "blobs") as opened:
        yield opened


@pytest.fixture
def lab(store):
    """A store that has the run "first"."""
    store.add_run(RUN)
    return store


class TestRuns:
    def test_a_run_comes_back_as_it_was_recorded(self, lab):
        assert lab.run("first") == RUN

    def test_whole_numbers_and_decimals_stay_what_they_are(self, lab):
        parameters = lab.run("first").parameters
        assert [type(parameters[name]) for name in ("network_dim", "network_alpha", "flip_aug")] == [int, float, bool]

    def test_a_second_run_of_the_same_name_is_refused(self, lab):
        with pytest.raises(AlreadyExists, match="first"):
            lab.add_run(replace(RUN, trainer="other"))
        assert lab.run("first") == RUN

    def test_an_update_replaces_everything(self, lab):
        ended = Run("first", "toy", RunStatus.FAILED, reason="out of memory")
        lab.update_run(ended)
        assert lab.runs() == [ended]

    def test_an_unknown_run_is_not_found_and_the_nearest_name_suggested(self, lab):
        for ask in (lab.run, lab.checkpoints, lab.samples, lab.scores, lab.measurements, lab.metrics, lab.counts):
            with pytest.raises(NotFound) as caught:
                ask("frist")
            assert caught.value.next_step == "did you mean first?"
        with pytest.raises(NotFound):
            lab.update_run(replace(RUN, name="frist"))

    def test_runs_come_in_the_order_they_started_and_those_without_a_start_last(self, store):
        for name, started_at in (("late", 30.0), ("unknown", None), ("early", 10.0), ("unknown too", None), ("middle", 20.0)):
            store.add_run(Run(name, "toy", RunStatus.FINISHED, started_at=started_at))
        assert [run.name for run in store.runs()] == ["early", "middle", "late", "unknown", "unknown too"]

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_a_parameter_that_is_no_finite_number_is_refused(self, store, value):
        with pytest.raises(BadParameter):
            store.add_run(Run("a", "toy", RunStatus.FINISHED, {"learning_rate": value}))
        assert store.runs() == []


class TestRunningAndInterrupted:
    def test_a_run_being_recorded_is_running(self, store):
        store.add_run(replace(RUN, status=RunStatus.RUNNING))
        assert store.run("first").status is RunStatus.RUNNING
        assert store.mark_interrupted() == []

    def test_a_run_that_nobody_works_on_any_more_is_interrupted(self, store):
        store.add_run(replace(RUN, status=RunStatus.RUNNING))
        store.release_run("first")
        assert store.run("first").status is RunStatus.INTERRUPTED
        assert [run.status for run in store.runs()] == [RunStatus.INTERRUPTED]
        assert store.mark_interrupted() == ["first"]
        assert store.mark_interrupted() == []

    def test_an_interrupted_run_runs_again_when_it_is_taken_up(self, store):
        store.add_run(replace(RUN, status=RunStatus.RUNNING))
        store.release_run("first")
        store.claim_run("first")
        store.update_run(replace(store.run("first"), status=RunStatus.RUNNING))
        assert store.run("first").status is RunStatus.RUNNING

    def test_a_finished_run_is_given_back(self, store):
        store.add_run(replace(RUN, status=RunStatus.RUNNING))
        store.update_run(RUN)
        assert store.run("first").status is RunStatus.FINISHED
        store.update_run(replace(RUN, reason="again"))

    def test_an_imported_run_that_said_it_runs_keeps_saying_so(self, store):
        store.import_runs([replace(RUN, status=RunStatus.RUNNING)])
        assert store.run("first").status is RunStatus.RUNNING


class TestImportedRuns:
    def test_the_same_run_again_changes_nothing_and_another_version_replaces_it(self, store):
        assert store.import_runs([RUN]) == 1
        assert store.import_runs([RUN]) == 0
        assert store.import_runs([replace(RUN, outcome={"score": 3})]) == 1
        assert store.run("first").outcome == {"score": 3}

    def test_a_run_recorded_here_is_never_overwritten(self, lab):
        assert lab.import_runs([RUN]) == 0
        with pytest.raises(AlreadyExists):
            lab.import_runs([replace(RUN, outcome={"score": 3})])
        assert lab.run("first") == RUN


class TestCheckpoints:
    def test_checkpoints_come_in_order_of_epoch(self, lab):
        second = Checkpoint("first", 2, 200, 800, "b.safetensors", 36_000_000, "ab" * 16, 0.11, 12.5, 1.7e9, {"losses": [0.1, 0.12]})
        lab.add_checkpoint(second)
        lab.add_checkpoint(Checkpoint("first", 1))
        assert lab.checkpoints("first") == [Checkpoint("first", 1), second]

    def test_a_checkpoint_recorded_again_replaces_the_one_before(self, lab):
        assert lab.add_checkpoints([Checkpoint("first", 1, step=10, mean_loss=0.5)]) == 1
        assert lab.add_checkpoints([Checkpoint("first", 1, step=10, mean_loss=0.5)]) == 0
        assert lab.add_checkpoints([Checkpoint("first", 1, step=20)]) == 1
        assert lab.checkpoints("first") == [Checkpoint("first", 1, step=20)]

    def test_a_checkpoint_needs_its_run(self, store):
        with pytest.raises(NotFound):
            store.add_checkpoint(Checkpoint("nobody", 1))


class TestDatasetsAndSuites:
    def test_a_dataset_comes_back_by_digest_and_by_name_however_broken_its_captions(self, store):
        assert store.add_dataset(DATASET)
        assert not store.add_dataset(DATASET)
        assert store.dataset(DATASET.digest) == store.dataset("sprites") == DATASET
        assert store.datasets() == [DATASET]

    def test_a_name_means_its_latest_version(self, store):
        cleaned = replace(DATASET, items=ITEMS[:1], digest=dataset_digest(ITEMS[:1]), parent=DATASET.digest)
        store.add_dataset(DATASET)
        store.add_dataset(cleaned)
        assert store.dataset("sprites") == cleaned

    def test_an_unknown_dataset_or_suite_is_not_found(self, store):
        store.add_dataset(DATASET)
        store.add_suite(SUITE)
        with pytest.raises(NotFound) as caught:
            store.dataset("sprits")
        assert caught.value.next_step == "did you mean sprites?"
        with pytest.raises(NotFound):
            store.suite("nine")

    def test_a_suite_comes_back_and_is_not_replaced_by_another_of_its_name(self, store):
        assert store.add_suite(SUITE)
        assert not store.add_suite(SUITE)
        with pytest.raises(AlreadyExists, match="eight"):
            store.add_suite(replace(SUITE, guidance=5.0))
        assert store.suites() == [store.suite("eight")] == [SUITE]


class TestSamplesAndScores:
    def test_scores_come_back_in_an_order_that_does_not_depend_on_how_they_came(self, lab):
        scores = [
            a_score(seed=None),
            a_score(seed=None, draw=1),
            a_score(seed=-1),
            a_score(seed=1, metric="uniformity"),
            a_score(seed=2, value=None, reason="black image", extra={"rgb": [0, 0, 0]}),
            a_score(prompt="red"),
            a_score(epoch=2),
        ]
        assert lab.add_scores(scores[::-1]) == 7
        assert lab.scores("first") == scores
        assert lab.scores("first", "uniformity") == [scores[3]]
        assert lab.metrics("first") == ["uniformity", "unique_colors"]

    @pytest.mark.parametrize("seed", [None, 0, 7])
    def test_a_score_recorded_again_replaces_the_one_before_also_without_a_seed(self, lab, seed):
        assert lab.add_scores([a_score(seed=seed)]) == 1
        assert lab.add_scores([a_score(seed=seed)]) == 0
        assert lab.add_scores([a_score(seed=seed, value=13.0)]) == 1
        assert [score.value for score in lab.scores("first")] == [13.0]

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
    def test_a_score_that_is_no_finite_number_is_refused_and_nothing_is_kept(self, lab, value):
        with pytest.raises(BadParameter, match="finite"):
            lab.add_scores([a_score(), a_score(seed=2, value=value)])
        assert lab.scores("first") == []

    def test_a_seed_beyond_64_bits_is_refused(self, lab):
        with pytest.raises(BadParameter):
            lab.add_scores([a_score(seed=2**64)])

    def test_samples_come_back_whole_and_by_epoch(self, lab):
        samples = [Sample("first", 0, "green", None, "aa" * 16), Sample("first", 1, "green", 3, "bb" * 16, draw=1, extra={"ms": 5})]
        lab.add_samples(samples)
        assert lab.samples("first") == samples
        assert lab.samples("first", epoch=1) == samples[1:]
        assert lab.counts("first") == Counts(checkpoints=0, losses=0, samples=2, scores=0)

    def test_an_evaluation_is_recorded_whole_or_not_at_all(self, lab):
        with pytest.raises(BadParameter):
            lab.add_evaluation([Sample("first", 1, "green", 1, "aa" * 16)], [a_score(value=float("nan"))])
        assert lab.samples("first") == []

    def test_measurements_live_beside_the_checkpoint_of_their_epoch_and_without_one(self, lab):
        base, tuned = (
            Measurement("first", epoch, "unique_colors", "colors", 12.5, None, None, 8, 32, extra={"by": "x"}) for epoch in (0, 1)
        )
        lab.add_measurements([base, tuned])
        lab.add_checkpoint(Checkpoint("first", 1, step=10))
        other = replace(tuned, metric="uniformity", extra={})
        assert lab.add_measurements([other]) == 1
        assert lab.add_measurements([other]) == 0
        assert lab.measurements("first") == [base, other, tuned]
        assert lab.measurements("first", "uniformity") == [other]
        assert [checkpoint.epoch for checkpoint in lab.checkpoints("first")] == [1]


class TestTransactions:
    def test_after_an_error_nothing_of_a_transaction_is_kept(self, lab):
        def checkpoint_and_bad_scores():
            with lab.transaction():
                lab.add_checkpoint(Checkpoint("first", 1))
                lab.add_scores([a_score(), a_score(run="nobody")])

        with pytest.raises(NotFound):
            checkpoint_and_bad_scores()
        assert lab.checkpoints("first") == []

    def test_inside_a_transaction_one_reads_what_one_wrote(self, lab):
        with lab.transaction():
            lab.add_checkpoint(Checkpoint("first", 1))
            assert len(lab.checkpoints("first")) == 1
        assert len(lab.checkpoints("first")) == 1


class TestForeignRecords:
    def test_they_are_kept_in_order_once_and_equal_ones_as_often_as_they_came(self, store):
        records = [
            ({"type": "loss", "run": "first", "value": 1}, 0),
            ({"type": "loss", "run": "first", "value": 1}, 1),
            ({"type": "note"}, 0),
        ]
        assert store.keep_foreign(records) == 3
        assert store.keep_foreign(records) == 0
        assert store.foreign_records() == [record for record, _ in records]
        assert store.foreign_records("note") == [{"type": "note"}]
        assert len(store.foreign_records(run="first")) == 2


class TestAnyValue:
    def test_whole_numbers_have_64_bits(self, lab):
        large = 2**63 - 1
        checkpoint = Checkpoint("first", 2**40, step=large, samples_seen=large, file_bytes=large)
        lab.add_checkpoint(checkpoint)
        assert lab.checkpoints("first") == [checkpoint]
        scores = [a_score(epoch=2**40, seed=seed) for seed in (-(2**62), large)]
        lab.add_scores(scores)
        assert lab.scores("first") == scores

    def test_numbers_in_parameters_keep_their_kind_and_every_digit(self, store):
        values = {"a": 1, "b": 1.0, "c": True, "d": 1e22, "e": 10**22, "f": 5e-324, "g": -0.0, "h": 0.1 + 0.2, "i": 2**63, "j": 1e-7}
        store.add_run(Run("exact", "toy", RunStatus.FINISHED, values))
        assert {name: repr(value) for name, value in store.run("exact").parameters.items()} == {
            name: repr(value) for name, value in values.items()
        }

    def test_a_change_of_kind_alone_is_a_change(self, lab):
        sample = Sample("first", 1, "green", 1, "aa" * 16, extra={"scale": 1})
        assert [
            lab.add_samples([one]) for one in (sample, replace(sample, extra={"scale": 1.0}), replace(sample, extra={"scale": 1.0}))
        ] == [1, 1, 0]
        assert isinstance(lab.samples("first")[0].extra["scale"], float)

    def test_text_sorts_by_code_point_everywhere(self, lab):
        prompts = ["B", "_", "a", "a b", "ab", "ä", "漢", "🎨"]
        lab.add_scores([a_score(prompt=prompt) for prompt in reversed(prompts)])
        assert [score.prompt for score in lab.scores("first")] == prompts

    @pytest.mark.parametrize("text", ["nul \0 inside", "␛0000", "'; DROP TABLE training_runs; --", "%s %(x)s :x {x} \\", "漢字 🎨"])
    def test_text_comes_back_as_it_was(self, store, text):
        run = Run(text, text, RunStatus.FINISHED, {text: text}, {text: 1.0}, parent=text, reason=text, extra={text: [text, {text: None}]})
        store.add_run(run)
        assert store.run(text) == run
        scores = [a_score(run=text, prompt=f"{number} {text}", metric=text, value=None, reason=text) for number in range(6)]
        store.add_scores(scores)
        assert store.scores(text, text) == scores
        store.keep_foreign([({"type": text, "run": text, text: text}, 0)])
        assert store.foreign_records(text, text) == [{"type": text, "run": text, text: text}]

    def test_half_a_surrogate_pair_is_no_name(self, store):
        with pytest.raises(BadParameter):
            store.add_run(Run("a \ud800", "toy", RunStatus.FINISHED))
        assert store.runs() == []

    @pytest.mark.parametrize("count", [2, 30])
    def test_of_two_with_one_key_the_later_counts(self, lab, count):
        lab.add_scores([a_score(value=float(number)) for number in range(count)])
        lab.add_scores([a_score(value=float(number), seed=number % 2) for number in range(count)])
        assert [score.value for score in lab.scores("first")] == [count - 2, count - 1]

    def test_many_rows_some_known_and_some_not(self, lab):
        scores = [a_score(seed=seed) for seed in range(100)]
        assert lab.add_scores(scores[:50]) == 50
        assert lab.add_scores([*scores[:50], *(replace(score, value=0.5) for score in scores[40:])]) == 60
        assert sum(score.value == 0.5 for score in lab.scores("first")) == 60
