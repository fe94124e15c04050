"""``lorascope impact`` from the store to the terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from lorascope.cli.impact import impact_command
from lorascope.errors import BadParameter, NotFound
from lorascope.jobs.begin import begin
from lorascope.jobs.impact import answer, draw_graph, find_impact
from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.read_history import read_history
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.settings import Settings
from lorascope.store import Store
from simulated_projects import METRIC, project

OWNER = Path(__file__).parents[2] / "examples" / "history" / "history.jsonl"
KEYS = {"name", "association", "q_value", "probability", "claim", "aliased_with", "pairs"}


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path) as opened:
        yield opened


def keep(store, made):
    """Simulated runs, as a store holds them: settings, and the number as an outcome somebody reported."""
    runs = []
    for past in made.history.runs:
        outcome = {METRIC: past.outcomes[METRIC].value}
        runs.append(replace(past.run, parameters=dict(past.settings), outcome=outcome, parent=None))
    store.import_runs(runs)


def test_the_answer_has_the_fixed_keys_and_is_the_same_twice(store):
    keep(store, project(1, 30))
    first, second = (answer(find_impact(store, METRIC)) for _ in range(2))
    assert json.dumps(first) == json.dumps(second)
    assert (first["format"], first["metric"], first["runs"]) == (1, METRIC, 30)
    assert all(set(parameter) >= KEYS for parameter in first["parameters"])
    assert all({"members", "probability", "splitting_run"} <= set(one) for one in first["sets"])
    assert {parameter["claim"] for parameter in first["parameters"]} <= {"matters", "undecided", "aliased", "constant"}


def test_the_owners_proven_rule_is_not_claimed_and_the_run_that_would_decide_is_named(store):
    import_runs([OWNER], store)
    found = answer(find_impact(store, "quality_score"))
    rank = next(parameter for parameter in found["parameters"] if parameter["name"] == "network_dim")
    assert (rank["claim"], rank["aliased_with"]) == ("undecided", ["adapter_scale"])
    scale = next(one for one in found["sets"] if one["kind"] == "scale")
    assert scale["splitting_run"] == {"network_dim": 64, "network_alpha": 32}
    asked = next(one for one in found["interactions"] if one["parameters"] == ["network_dim", "network_alpha"])
    assert asked["estimate"] is None
    assert asked["filling_run"]


def test_scores_of_another_version_of_the_metric_are_not_pooled(store):
    for name, version, dim in [("a", 1, 8), ("b", 1, 16), ("c", 1, 8), ("d", 2, 8), ("e", 2, 16)]:
        store.import_runs([Run(name, "kohya", RunStatus.IMPORTED, {"network_dim": dim})])
        store.add_scores([Score(name, 1, f"p{prompt}", 1, "m", float(dim + prompt), extra={"version": version}) for prompt in range(3)])
    assert sorted(facts["version"] for facts in read_history(store, ["m"]).class_facts.values()) == ["1", "2"]
    found = answer(find_impact(store, "m"))
    assert found["runs"] == 3
    assert set(found["left_out"]) == {"d", "e"}
    assert all("another version" in reason for reason in found["left_out"].values())


def test_a_metric_nobody_measured_is_refused_with_the_nearest_names(store):
    keep(store, project(1, 7))
    with pytest.raises(NotFound) as refused:
        find_impact(store, "style_scores")
    assert METRIC in refused.value.next_step
    with pytest.raises(NotFound, match="no run states nothing"):
        find_impact(store, METRIC, interactions=[("network_dim", "nothing")])
    with pytest.raises(BadParameter, match="itself"):
        find_impact(store, METRIC, interactions=[("network_dim", "network_dim")])
    with pytest.raises(BadParameter):
        find_impact(store, METRIC, chosen="first")


def test_an_empty_store_has_an_answer(store):
    found = find_impact(store, "anything")
    assert (found.runs, found.effects) == (0, ())
    assert "No run has a number of anything" in found.notes[0]


def test_where_leaves_runs_out(store):
    keep(store, project(2, 20))
    assert find_impact(store, METRIC, where="name contains '1'").runs < 20
    assert find_impact(store, METRIC, where="name = 'nobody'").runs == 0


def test_the_graph_is_an_svg_with_a_line_per_pair(store):
    store.import_runs(
        [
            Run(name, "kohya", RunStatus.IMPORTED, {"x": x, "y": y, "z": 1}, {"m": float(x + y)})
            for name, x, y in [("<a & b>", 1, 1), ("b", 2, 1), ("c", 2, 2)]
        ]
    )
    root = ET.fromstring(draw_graph(store, "m"))
    lines = root.findall(".//{http://www.w3.org/2000/svg}line")
    assert sorted(line.get("stroke-dasharray") is None for line in lines) == [False, True, True]
    assert "<a & b>" in "".join(root.itertext())


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    settings = Settings.at(tmp_path / ".lorascope")
    begin(settings.lab, settings.store_url, settings.blobs)
    with Store.open(settings.store_url, settings.blobs) as opened:
        keep(opened, project(3, 40))
    return tmp_path


def test_the_command_says_what_matters_what_never_varied_and_which_run_to_make(lab):
    shown = CliRunner().invoke(impact_command, [METRIC, "--graph", "runs.svg"], catch_exceptions=False).output
    assert "probability that it matters" in shown
    assert "again with" in shown
    assert (lab / "runs.svg").read_text().startswith("<svg")
    asked = json.loads(CliRunner().invoke(impact_command, [METRIC, "--json"], catch_exceptions=False).output)
    assert asked["runs"] == 40
