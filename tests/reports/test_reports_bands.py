"""A report's numbers beside those of the training images."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lorascope.reports.bands import bands_table
from lorascope.reports.curves import curves
from lorascope.reports.evidence import BandNote
from lorascope.reports.markdown import markdown
from lorascope.reports.page import page


@pytest.fixture
def evidence(experiment):
    plain = experiment.evidence
    bands = {"unique_colors": BandNote(9, 11, 15, 203)}
    return replace(plain, runs=tuple(replace(run, bands=bands) for run in plain.runs))


def test_the_chosen_epoch_stands_beside_the_band_and_what_lies_outside_is_marked(evidence):
    table = bands_table(evidence, evidence.runs[1])
    (row,) = table.rows
    assert row.marked
    assert row.cells[0] == "unique colors"
    assert row.cells[5:] == ("9 to 15", "11", "203", "above")
    assert "epoch 3" in table.caption
    assert "Outside: 1 of 1." in table.notes[0]


def test_without_bands_there_is_no_table(experiment):
    plain = experiment.evidence
    assert bands_table(plain, plain.runs[0]) is None


def test_what_only_describes_is_drawn_as_a_curve_unless_it_stands_beside_a_band(evidence, experiment):
    assert [curve.metric for curve in curves(evidence)] == ["background_color_accuracy"]
    assert "unique_colors" in {curve.metric for curve in curves(experiment.evidence)}


def test_the_table_is_in_the_report(evidence):
    assert "clean: epoch 3 beside its training images" in markdown(page(evidence))
