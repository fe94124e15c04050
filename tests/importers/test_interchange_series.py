"""Series and hypotheses as JSON Lines, and the whole store there and back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.errors import BadFile
from lorascope.importers.interchange import read_lines
from lorascope.importers.interchange_format import HYPOTHESIS, SERIES, line
from lorascope.jobs.export_runs import export_runs
from lorascope.jobs.import_runs import import_runs
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset, DatasetItem, dataset_digest
from lorascope.records.hypothesis import Hypothesis, Verdict
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import Expectation, Prompt, PromptSuite
from lorascope.records.run import CountedIn, Run, RunStatus
from lorascope.records.sample import Sample, Score
from lorascope.records.series import Series
from lorascope.store import Store

HEADER = '{"type": "lorascope", "format": 1}'
POINTS = {"steps": [1, 2, 3], "values": [0.5, "NaN", "-Infinity"], "times": [1.5e9, 1.5e9, "NaN"]}


def read(*lines):
    return list(read_lines([text.encode() + b"\n" for text in (HEADER, *lines)], "runs.jsonl"))


def series(**keys):
    return json.dumps({"type": "series", "run": "first", "metric": "loss"} | POINTS | keys)


def test_numbers_that_json_lacks_are_written_as_texts_and_come_back():
    (part,) = read(series())
    (found,) = part.series
    assert found.steps == (1, 2, 3)
    assert math.isnan(found.values[1])
    assert found.values[2] == -math.inf
    assert json.loads(line(SERIES, found)) == json.loads(series())
    assert part.needs == (("first", "runs.jsonl:2"),)


@given(st.lists(st.tuples(st.integers(-(2**63) + 1, 2**63 - 1), st.floats(), st.floats()), max_size=20))
def test_any_series_survives_being_written_and_read(points):
    steps, values, times = (tuple(column) for column in zip(*points, strict=True)) if points else ((), (), ())
    (part,) = read(line(SERIES, Series("first", "loss", steps, values, times)))
    assert repr(part.series) == repr((Series("first", "loss", steps, values, times),))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (series(values=[1.0]), r"steps, values and times must be of one length \(3, 1, 3\)"),
        (series(values=[1.0, "nan", 2.0]), "must be a number"),
        (series(steps=[1, 2, 2.5]), "must be a whole number"),
        (series(unit="nats"), "key 'unit': a series has no other keys than run, metric, steps, values, times"),
        (series(values=None), "values = null: must be a list"),
        ('{"type": "hypothesis", "name": "h", "statement": "s", "source": "me", "prior": 1.5}', "between 0 and 1"),
        ('{"type": "hypothesis", "name": "h", "statement": "s", "source": "me", "verdict": "proven"}', "must be one of open, supported"),
        ('{"type": "hypothesis", "name": "h", "statement": "s", "source": "me", "direction": "up"}', "must be higher or lower"),
        ('{"type": "hypothesis", "name": "h", "statement": "s"}', "key 'source' is missing"),
        ('{"type": "hypothesis", "name": "h", "statement": "s", "source": "me", "claimed_n": -1}', "must not be negative"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_key(wrong, message):
    with pytest.raises(BadFile, match=message) as caught:
        read(wrong)
    assert caught.value.where == "runs.jsonl:2"


def test_a_series_that_stands_twice_is_refused():
    with pytest.raises(BadFile, match="stands above already"):
        read(series(), series())


def test_a_hypothesis_needs_no_run_that_is_known_and_keeps_other_keys():
    claim = {
        "type": "hypothesis",
        "name": "h",
        "statement": "s",
        "source": "me",
        "claimed_n": 3,
        "verdict": "open",
        "runs": ["unknown"],
        "by": [1],
    }
    (part,) = read(json.dumps(claim))
    assert part.needs == ()
    assert part.hypotheses[0].extra == {"by": [1]}
    assert json.loads(line(HYPOTHESIS, part.hypotheses[0])) == claim


ITEMS = (DatasetItem("a.png", "00" * 16, "a.txt", "a lad\x00with a \ud800 broken caption"),)
PARENT = Dataset("sprites", "as found", (), "0" * 32, extra={"by": "me"})
DATASET = Dataset("sprites", "data", ITEMS, dataset_digest(ITEMS), orphans=("c.txt",), parent=PARENT.digest, note="repaired")
PROMPT = Prompt("green", "green background", (Expectation("background", "green", (1, 255, 7)),), extra={"weight": 1.0})
RUNS = (
    Run(
        "first",
        "toy",
        RunStatus.FINISHED,
        {"network_dim": 32, "network_alpha": 16.0, "flip_aug": True, "my_own": "x", "unset": None},
        {"score": 9, "style": None},
        parent="zeroth",
        dataset_digest=DATASET.digest,
        base_model="SD 1.5",
        started_at=1.7e9 + 0.25,
        finished_at=1.7e9 + 99,
        environment={"gpu": "none"},
        extra={"note": [1, 2.0, None]},
    ),
    Run("second", "ai-toolkit", RunStatus.FAILED, reason="out of memory", counted_in=CountedIn.STEPS),
)


def fill(store):
    """One of everything a store can hold."""
    store.add_dataset(PARENT)
    store.add_dataset(DATASET)
    store.add_suite(PromptSuite("eight", (PROMPT,), seeds=(1, 2), negative="blurry", extra={"sampler": "ddim"}))
    store.import_runs(RUNS)
    store.add_checkpoints([Checkpoint("first", 1, 51, 204, "a.safetensors", 37, "d", 0.1, 3.5, 1.7e9, {"k": 1}, "ab" * 32)])
    store.add_checkpoints([Checkpoint("second", 500)])
    store.add_samples([Sample("first", 1, "green", 7, "0" * 32), Sample("first", 1, "green", None, "1" * 32, draw=1, extra={"k": "v"})])
    store.add_scores(
        [Score("first", 1, "green", 7, "m", 1.5, extra={"rgb": [1, 2, 3]}), Score("first", 1, "green", None, "m", None, "black")]
    )
    store.add_measurements([Measurement("first", 1, "m", "px", 1.5, None, None, 1, 2, 1, {"sd": 0.1})])
    store.put_series(
        [Series("first", "loss", (1, 2), (math.nan, math.inf), (1.7e9, math.nan)), Series("first", "lr", (1,), (1e-4,), (0.5,))]
    )
    store.put_hypotheses([Hypothesis("h", "s", "me", 3, "m", "higher", 0.1, 0.85, Verdict.REFUTED, ("first", "gone"), {"k": [1]})])
    store.keep_foreign(
        [
            ({"type": "finding", "run": "first", "check": "c", "count": 2}, 0),
            ({"type": "finding", "run": "first", "check": "c", "count": 2}, 1),
        ]
    )


def test_a_whole_store_written_and_read_into_an_empty_one_is_the_same_to_the_byte(tmp_path):
    file = tmp_path / "all.jsonl"
    with Store.open("sqlite://", tmp_path) as store, Store.open("sqlite://", tmp_path) as other:
        fill(store)
        written = "".join(f"{text}\n" for text in export_runs(store))
        file.write_text(written, "ascii")
        assert {json.loads(text)["type"] for text in written.splitlines()} == {
            *("lorascope", "dataset", "suite", "prompt", "run", "checkpoint", "sample"),
            *("score", "measurement", "series", "hypothesis", "finding"),
        }
        import_runs([file], other)
        assert "".join(f"{text}\n" for text in export_runs(other)) == written
        assert not any(import_runs([file], other).changed.values())
        for ask in ("runs", "datasets", "suites", "hypotheses", "foreign_records"):
            assert getattr(other, ask)() == getattr(store, ask)()
        assert repr(other.series("first")) == repr(store.series("first"))


def test_the_examples_of_the_reference_come_in_and_go_out_as_they_stand(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "reference" / "interchange.md").read_text("utf-8")
    blocks = [block for block in text.split("```")[1::2] if '{"type"' in block]
    assert len(blocks) >= 3
    file = tmp_path / "example.jsonl"
    for block in blocks:
        file.write_text(block.strip(), "utf-8")
        with Store.open("sqlite://", tmp_path) as store:
            import_runs([file], store)
            written = [json.loads(text) for text in export_runs(store)]
        for example in map(json.loads, block.strip().splitlines()):
            assert any(example.items() <= record.items() for record in written), example


def test_the_export_of_one_run_has_its_series_and_the_hypotheses_that_name_it(tmp_path):
    with Store.open("sqlite://", tmp_path) as store:
        fill(store)
        store.put_hypotheses([Hypothesis("other", "s", "me", runs=("second",))])
        types = [json.loads(text)["type"] for text in export_runs(store, ["first"])]
        assert types.count("series") == 2
        assert types.count("hypothesis") == 1
        assert "series" not in [json.loads(text)["type"] for text in export_runs(store, ["second"])]
