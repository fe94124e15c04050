"""Charts carry the numbers of their tables and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

from lorascope.reports.charts import PALETTE, curve_spec
from lorascope.reports.curves import curve, curve_table, curves

ACCURACY = "background_color_accuracy"


def layers(spec, kind):
    return [layer for layer in spec["layer"] if layer["mark"]["type"] == kind]


def test_the_judging_metric_comes_first(experiment):
    assert [one.metric for one in curves(experiment.evidence)] == [ACCURACY, "unique_colors"]


def test_a_line_shows_the_measured_means_in_percent_with_their_interval(experiment):
    line = layers(curve_spec(curve(experiment.evidence, ACCURACY)), "line")[1]
    measured = [m for m in experiment.evidence.runs[1].measurements if m.metric == ACCURACY]
    assert [value["y"] for value in line["data"]["values"]] == [float(f"{100 * m.mean:.6g}") for m in measured]
    assert [value["low"] for value in line["data"]["values"]] == [float(f"{100 * m.low:.6g}") for m in measured]


def test_the_table_has_the_same_numbers_with_unit_and_n(experiment):
    table = curve_table(curve(experiment.evidence, ACCURACY))
    measured = [m for m in experiment.evidence.runs[0].measurements if m.metric == ACCURACY]
    assert [row.cells[1] for row in table.rows] == [f"{100 * m.mean:.1f}" for m in measured]
    assert [column.heading for column in table.columns[:5]] == ["epoch", "dirty: mean [%]", "95 % interval [%]", "n prompts", "n images"]


def test_every_prompt_is_a_point_at_every_epoch(experiment):
    dots = layers(curve_spec(curve(experiment.evidence, ACCURACY)), "point")[0]["data"]["values"]
    assert len(dots) == 4 * 3


def test_a_run_keeps_its_color_dash_and_shape_in_every_chart(experiment):
    for one in curves(experiment.evidence):
        marks = [layer["mark"] for layer in layers(curve_spec(one), "line")]
        assert [(mark["color"], mark["strokeDash"]) for mark in marks] == [(PALETTE[0], [1, 0]), (PALETTE[1], [5, 3])]


def test_the_chosen_epoch_has_a_ring_in_the_judging_metric_only(experiment):
    rings = [[layer for layer in layers(curve_spec(one), "point") if not layer["mark"]["filled"]] for one in curves(experiment.evidence)]
    assert [len(of_curve) for of_curve in rings] == [2, 0]


def test_a_mean_without_an_interval_is_a_point_without_a_band(experiment):
    run = experiment.evidence.runs[0]
    bare = replace(run, measurements=tuple(replace(m, low=None, high=None, prompts=1) for m in run.measurements))
    spec = curve_spec(curve(replace(experiment.evidence, runs=(bare,)), ACCURACY))
    assert all(value["low"] == value["y"] == value["high"] for value in layers(spec, "line")[0]["data"]["values"])


def test_a_specification_is_plain_json_without_names_that_people_chose(experiment):
    run = experiment.evidence.runs[0]
    named = replace(experiment.evidence, runs=(replace(run, run=replace(run.run, name="{{7*7}} datum.x")),))
    text = json.dumps(curve_spec(curve(named, ACCURACY)), allow_nan=False)
    assert "7*7" not in text


def test_a_chart_of_nothing_is_still_a_specification(experiment):
    run = replace(experiment.evidence.runs[0], measurements=(), scores=())
    assert curve_spec(curve(replace(experiment.evidence, runs=(run,)), ACCURACY))["layer"] == []
