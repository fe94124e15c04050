"""The history of a real project: nine runs and what was claimed of them, in one command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lorascope.importers.interchange_format import HYPOTHESIS, RUN, line
from lorascope.jobs.export_runs import export_runs
from lorascope.jobs.import_runs import import_runs
from lorascope.records.hypothesis import Verdict
from lorascope.store import Store

EXAMPLES = Path(__file__).parents[2] / "examples"
HISTORY = EXAMPLES / "history" / "history.jsonl"
CAPTION_FIX = EXAMPLES / "caption_fix" / "caption_fix.jsonl"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open("sqlite://", tmp_path_factory.mktemp("blobs")) as opened:
        summary = import_runs([HISTORY], opened)
        assert (summary.changed["runs"], summary.changed["hypotheses"]) == (9, 65)
        yield opened


def test_importing_it_again_changes_nothing(store):
    before = list(export_runs(store))
    assert not any(import_runs([HISTORY], store).changed.values())
    assert list(export_runs(store)) == before


def test_the_runs_have_what_is_stated_and_nothing_else(store):
    stated = {run.name: (dict(run.parameters), dict(run.outcome)) for run in store.runs()}
    assert stated["SD15_PERFECT"] == (
        {"network_dim": 32, "learning_rate": 1e-4, "caption_dropout_rate": 0.0},
        {"quality_score": 9, "best_epoch": 7},
    )
    assert stated["SD15_PERFECT_SDXL"] == ({"network_dim": 32, "caption_dropout_rate": 0.1}, {"quality_score": 9})
    assert stated["SD15_DIM64_TEST"] == ({"network_dim": 64}, {"quality_score": 3})
    assert stated["SD15_DIM128_TEST"] == ({"network_dim": 128}, {"quality_score": 2})
    assert stated["SD15_SLOW_LR"] == ({"learning_rate": 5e-5}, {})
    assert stated["SD15_ACCURATE_CAPTIONS"] == ({}, {"quality_score": 7})
    assert all("quality_score_scale" in run.extra for run in store.runs() if "quality_score" in run.outcome)
    assert all(run.extra["stated_in"] for run in store.runs())


def test_no_claim_counts_as_proven_and_each_names_its_line(store):
    claims = {claim.name: claim for claim in store.hypotheses()}
    assert {claim.verdict for claim in claims.values()} == {Verdict.OPEN}
    for claim in claims.values():
        document, _, number = claim.source.partition(":")
        assert document in {"parameter-taxonomy.md", "caption-fix-analysis.md"}
        assert 0 < int(number) < 700
    assert claims["dim_64_and_more_gives_photorealism"].claimed_n == 3
    assert claims["dim_64_and_more_gives_photorealism"].extra["said_as"] == "100% FAILURE RATE"
    assert claims["dim_32_keeps_pixel_art"].claimed_n is None
    assert [claims[name].prior for name in sorted(claims) if name.startswith("experiment_")] == [0.85, 0.45, 0.55, 0.4, 0.3]
    assert {name.split("_")[1] for name in claims if name.startswith("pattern_") and name[8].isdigit()} == {"1", "2", "3"}


def test_every_run_that_a_claim_speaks_of_is_there(store):
    names = {run.name for run in store.runs()}
    assert {run for claim in store.hypotheses() for run in claim.runs} <= names


def test_the_run_whose_images_are_in_the_other_example_does_not_contradict_it(tmp_path):
    with Store.open("sqlite://", tmp_path) as store:
        import_runs([HISTORY, CAPTION_FIX], store)
        told, measured = store.run("SD15_CAPTION_FIX_EXPERIMENT"), store.run("caption_fix")
        assert told.extra["same_training_as"] == "caption_fix"
        assert told.parameters == measured.parameters
        assert (told.trainer, told.base_model) == (measured.trainer, measured.base_model)
        assert not store.scores(told.name)


def test_the_file_is_what_the_readable_scripts_write():
    code = "import make_history as m; print('\\n'.join([*(m.line(m.RUN, r) for r in m.ALL), *(m.line(m.HYPOTHESIS, c) for c in m.CLAIMS)]))"
    folder = HISTORY.parent
    written = subprocess.run([sys.executable, "-B", "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert written.splitlines() == HISTORY.read_text("ascii").splitlines()[1:]


def test_its_lines_are_as_an_export_writes_them(store):
    kept = {json.loads(text)["name"]: text for text in HISTORY.read_text("ascii").splitlines()[1:]}
    assert {run.name: line(RUN, run) for run in store.runs()} | {
        claim.name: line(HYPOTHESIS, claim) for claim in store.hypotheses()
    } == kept
