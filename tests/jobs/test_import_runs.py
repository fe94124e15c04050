"""Import and export: nothing is lost, nothing is half there."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lorascope.errors import AlreadyExists, BadFile, MissingFile, NotFound
from lorascope.importers.interchange_keys import LARGEST_MEASURED
from lorascope.jobs.export_runs import export_runs
from lorascope.jobs.import_runs import import_runs
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset, DatasetItem, dataset_digest
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import Expectation, Prompt, PromptSuite
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Sample, Score
from lorascope.store import Store

HEADER = '{"type": "lorascope", "format": 1}'


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path / "blobs") as opened:
        yield opened


def write(path, *lines):
    path.write_text("\n".join([HEADER, *lines]) + "\n", "utf-8")
    return path


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
raw = st.text(max_size=8)  # captions may hold anything, half surrogate pairs included
numbers = st.floats(allow_nan=False, allow_infinity=False)
wholes = st.integers(-(2**63) + 1, 2**63 - 1)
small = st.integers(0, 3)
scalars = st.none() | st.booleans() | st.integers() | numbers | raw
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(raw, inner, max_size=2), max_leaves=4)
extras = st.just({}) | st.dictionaries(raw.map(lambda key: f"x-{key}"), anything, min_size=1, max_size=2)
maybe = st.none() | numbers
measured = st.none() | st.floats(-LARGEST_MEASURED, LARGEST_MEASURED)

runs = st.builds(
    Run,
    name=names,
    trainer=words,
    status=st.sampled_from(RunStatus),
    parameters=st.dictionaries(raw, scalars, max_size=4),
    outcome=st.dictionaries(raw, st.none() | numbers | st.integers(), max_size=2),
    parent=st.none() | words,
    dataset_digest=st.none() | words,
    base_model=st.none() | words,
    started_at=maybe,
    finished_at=maybe,
    reason=words,
    environment=st.dictionaries(raw, anything, max_size=2),
    extra=extras,
)
items = st.builds(DatasetItem, raw, raw, st.none() | raw, st.none() | raw)
datasets = st.lists(items, max_size=2).flatmap(
    lambda found: st.builds(
        Dataset,
        name=words,
        folder=words,
        items=st.just(tuple(found)),
        digest=st.just(dataset_digest(found)),
        orphans=st.lists(raw, max_size=2).map(tuple),
        parent=st.none() | words,
        note=words,
        extra=extras,
    )
)
levels = st.integers(0, 255)
expectations = st.builds(Expectation, words, words, st.tuples(levels, levels, levels))
prompts = st.builds(Prompt, names, words, st.lists(expectations, max_size=2).map(tuple), extras)
suites = st.builds(
    PromptSuite,
    name=names,
    prompts=st.lists(prompts, min_size=1, max_size=2, unique_by=lambda prompt: prompt.name).map(tuple),
    seeds=st.lists(wholes, max_size=2).map(tuple),
    steps=small,
    guidance=numbers,
    negative=words,
    width_px=small,
    height_px=small,
    extra=extras,
)
seeds = st.none() | wholes


def of_run(name):
    """Everything that can be recorded of a run."""
    run = st.just(name)
    return st.tuples(
        st.lists(st.builds(Checkpoint, run, small, st.none() | wholes, st.none() | wholes, st.none() | words, extra=extras), max_size=2),
        st.lists(st.builds(Sample, run, small, words, seeds, words, draw=small, extra=extras), max_size=2),
        st.lists(st.builds(Score, run, small, words, seeds, names, measured, words, extras, small), max_size=4),
        st.lists(st.builds(Measurement, run, small, names, words, maybe, maybe, maybe, small, small, small, extras), max_size=2),
    )


foreign = st.tuples(
    st.fixed_dictionaries({"type": st.sampled_from(["loss", "weights", "finding"])}, optional={"run": anything, "y": anything}), small
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_exported_and_imported_is_the_same_to_the_byte(tmp_path, data):
    with Store.open("sqlite://", tmp_path) as first, Store.open("sqlite://", tmp_path) as second:
        recorded = data.draw(st.lists(runs, min_size=1, max_size=3, unique_by=lambda run: run.name))
        for run in recorded:
            first.add_run(run)
            checkpoints, samples, scores, measurements = data.draw(of_run(run.name))
            first.add_checkpoints(checkpoints)
            first.add_evaluation(samples, scores)
            first.add_measurements(measurements)
        for dataset in data.draw(st.lists(datasets, min_size=1, max_size=2)):
            first.add_dataset(dataset)
        for suite in data.draw(st.lists(suites, min_size=1, max_size=2, unique_by=lambda suite: suite.name)):
            first.add_suite(suite)
        kept = data.draw(st.lists(foreign.map(lambda pair: pair[0]), max_size=2))
        for record in kept:
            first.keep_foreign([(record, 0)])
        exported = list(export_runs(first))
        file = tmp_path / "export.jsonl"
        file.write_text("".join(f"{line}\n" for line in exported), "ascii")
        import_runs([file], second)
        assert list(export_runs(second)) == exported
        assert second.runs() == first.runs()
        assert second.datasets() == first.datasets()
        assert second.suites() == first.suites()
        for run in recorded:
            for ask in ("checkpoints", "samples", "scores", "measurements"):
                assert getattr(second, ask)(run.name) == getattr(first, ask)(run.name)
        assert not any(import_runs([file], second).changed.values())


def test_after_a_wrong_line_nothing_of_any_file_is_kept(store, tmp_path):
    good = write(tmp_path / "good.jsonl", '{"type": "run", "name": "a"}')
    long = [json.dumps({"type": "checkpoint", "run": "a", "epoch": epoch}) for epoch in range(12_000)]
    bad = write(tmp_path / "bad.jsonl", *long, '{"type": "score"}')
    with pytest.raises(BadFile, match=r"bad\.jsonl:12002"):
        import_runs([good, bad], store)
    assert store.runs() == []


def test_a_later_file_may_speak_of_the_runs_of_an_earlier_one(store, tmp_path):
    first = write(tmp_path / "a.jsonl", '{"type": "run", "name": "a"}')
    second = write(tmp_path / "b.jsonl", '{"type": "checkpoint", "run": "a", "epoch": 1}')
    summary = import_runs([first, second], store)
    assert summary.changed["checkpoints"] == 1


def test_a_run_that_is_nowhere_is_said_with_the_place_and_the_nearest_name(store, tmp_path):
    file = write(tmp_path / "a.jsonl", '{"type": "run", "name": "first"}', '{"type": "checkpoint", "run": "frist", "epoch": 1}')
    with pytest.raises(BadFile, match=r"a\.jsonl:3") as caught:
        import_runs([file], store)
    assert caught.value.next_step == "did you mean first?"
    assert store.runs() == []


def test_a_run_recorded_here_is_not_overwritten_by_one_of_its_name(store, tmp_path):
    store.add_run(Run("a", "toy", RunStatus.FINISHED))
    with pytest.raises(AlreadyExists, match=r"recorded here.*a\.jsonl"):
        import_runs([write(tmp_path / "a.jsonl", '{"type": "run", "name": "a"}')], store)


def test_an_interrupted_run_is_exported_as_such(store):
    store.add_run(Run("a", "toy", RunStatus.RUNNING))
    store.release_run("a")
    assert json.loads(list(export_runs(store))[1])["status"] == "interrupted"


def test_the_export_of_one_run_has_what_belongs_to_it_and_no_more(store):
    items = (DatasetItem("a.png", "00", None, None),)
    first = Dataset("first", "f", items, dataset_digest(items))
    cleaned = Dataset("cleaned", "f", (), "cleaned's digest", parent=first.digest)
    for dataset in (first, cleaned, Dataset("other", "f", (), "other's digest")):
        store.add_dataset(dataset)
    for name in ("a", "b"):
        store.add_run(Run(name, "toy", RunStatus.FINISHED, dataset_digest=cleaned.digest if name == "a" else None))
        store.add_suite(PromptSuite(f"suite of {name}", (Prompt(f"prompt of {name}", ""),), ()))
        store.add_scores([Score(name, 1, f"prompt of {name}", None, "m", 1.0)])
        store.keep_foreign([({"type": "loss", "run": name}, 0)])
    records = [json.loads(line) for line in export_runs(store, ["a"])]
    summary = [(record["type"], record.get("name") or record.get("run")) for record in records[1:]]
    assert summary == [
        ("dataset", "first"),
        ("dataset", "cleaned"),
        ("suite", "suite of a"),
        ("prompt", "prompt of a"),
        ("run", "a"),
        ("score", "a"),
        ("loss", "a"),
    ]
    with pytest.raises(NotFound):
        list(export_runs(store, ["c"]))


@pytest.mark.parametrize("content", [b"", b"epoch,prompt\n", b'{"type": "run", "name": "a"}\n', b"\x89PNG\r\n\x1a\n"])
def test_a_file_of_no_known_format_is_refused(store, tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(BadFile, match=r"no known format|empty"):
        import_runs([tmp_path / "file"], store)


def test_a_missing_file_is_refused_and_an_empty_folder_is_nothing_new(store, tmp_path):
    with pytest.raises(MissingFile, match="nowhere"):
        import_runs([tmp_path / "nowhere"], store)
    (tmp_path / "empty").mkdir()
    assert not any(import_runs([tmp_path / "empty"], store).read.values())
