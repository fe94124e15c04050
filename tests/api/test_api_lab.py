"""``lorascope.open``: runs as records and as data frames."""

from __future__ import annotations

import sys

import pytest

import lorascope
from lorascope.errors import BadParameter, MissingExtra, MissingFile, NotFound
from lorascope.records.run import Run, RunStatus
from lorascope.records.series import Series
from lorascope.store import Store


@pytest.fixture
def lab(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs") as store:
        for place, dim in enumerate([8, 32, "auto"]):
            store.add_run(
                Run(
                    f"r{place}",
                    "toy",
                    RunStatus.FINISHED,
                    {"network_dim": dim, "status": "x"},
                    {"score": float(place)},
                    started_at=1.0 + place,
                )
            )
        store.put_series([Series("r1", "loss", (1, 2, 3), (3.0, 1.0, 2.0), (0.0, 0.0, 0.0))])
    with lorascope.open(tmp_path / "lab.db") as opened:
        yield opened


@pytest.mark.parametrize("frame", ["polars", "pandas"])
def test_a_frame_has_facts_parameters_and_metrics(lab, frame):
    table = lab.runs(frame=frame)
    assert list(table["name"]) == ["r0", "r1", "r2"]
    assert list(table["parameter.status"]) == ["x"] * 3
    assert list(table["last.score"]) == [0.0, 1.0, 2.0]
    assert table["last.loss"][1] == 2.0
    assert table["best.loss"][1] == 1.0


def test_a_column_of_numbers_and_texts_becomes_text_in_polars(lab):
    assert lab.runs()["network_dim"].to_list() == ["8", "32", "auto"]


def test_runs_can_be_asked_for_sorted_and_cut(lab):
    table = lab.runs("score >= 1", sort="-score", columns=["score", "rank"], limit=1)
    assert table.to_dicts() == [{"name": "r2", "score": 2.0, "rank": "auto"}]
    assert [run.name for run in lab.runs(sort="-score", frame=None)] == ["r2", "r1", "r0"]


def test_an_empty_answer_is_an_empty_frame(lab):
    assert lab.runs("score > 100").height == 0
    assert lab.runs("score > 100", columns=["rank"]).columns == ["name", "rank"]


def test_series_and_their_names(lab):
    assert lab.metrics("r1") == ["loss"]
    assert lab.series("r1", "loss").values == (3.0, 1.0, 2.0)
    with pytest.raises(NotFound):
        lab.series("r1", "lass")


def test_mistakes_are_said_with_their_column(lab):
    with pytest.raises(BadParameter, match="column 9"):
        lab.runs("score > ")
    with pytest.raises(NotFound, match="column 1"):
        lab.runs("scoer > 1")


def test_a_missing_library_is_named_with_the_command(lab, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtra, match="polars") as caught:
        lab.runs()
    assert "lorascope[frames]" in caught.value.next_step


def test_a_folder_without_a_lab_is_refused(tmp_path):
    with pytest.raises(MissingFile, match="no lab"):
        lorascope.open(tmp_path)


def test_the_public_names_are_few_and_there():
    assert lorascope.__all__ == sorted(lorascope.__all__)
    assert len(lorascope.__all__) <= 15
    assert all(getattr(lorascope, name) for name in lorascope.__all__)
    with pytest.raises(AttributeError):
        _ = lorascope.nothing
