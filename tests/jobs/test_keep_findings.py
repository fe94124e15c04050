"""What an audit found stays with the dataset version that runs were trained on."""

from __future__ import annotations

import pytest
from PIL import Image

from lorascope.jobs.audit import audit
from lorascope.jobs.keep_findings import keep_findings
from lorascope.jobs.read_history import read_history
from lorascope.records.run import Run, RunStatus
from lorascope.store import Store


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "images"
    home.mkdir()
    for index, text in enumerate(["a lad, green background", "", "a lad a lad, red hat"]):
        Image.new("RGB", (24, 24), (index * 80, 90, 30)).save(home / f"{index}.png")
        (home / f"{index}.txt").write_text(text, "utf-8")
    return home


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs") as opened:
        yield opened


def test_a_run_is_known_by_the_findings_of_its_dataset(folder, store):
    result = audit(folder)
    store.add_dataset(result.dataset)
    store.add_run(Run("a", "kohya", RunStatus.FINISHED, dataset_digest=result.dataset.digest))
    assert keep_findings(store, result) == len(result.counts())
    (past,) = read_history(store).runs
    assert past.findings["missing_or_empty_caption"] == 1
    assert past.images == 3


def test_the_same_audit_again_adds_nothing_and_a_changed_one_replaces(folder, store):
    result = audit(folder)
    store.add_dataset(result.dataset)
    keep_findings(store, result)
    assert keep_findings(store, audit(folder)) == 0
    words_only = audit(folder, look_at_pixels=False)
    changed = {name for name, count in words_only.counts().items() if result.counts()[name] != count}
    assert keep_findings(store, words_only) == len(changed)
    assert keep_findings(store, result) == len(changed), "what was found last counts"


def test_a_folder_that_no_run_was_trained_on_is_not_kept(folder, store):
    assert keep_findings(store, audit(folder)) == 0
    assert store.foreign_records("finding") == []
