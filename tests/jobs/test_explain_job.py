"""``why`` from the interchange format alone, whatever of it is there and however another program spells it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lorascope.cli.main import cli
from lorascope.errors import NotFound
from lorascope.jobs.explain import answer, explain
from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.note_keys import LOSS_KEYS, WEIGHTS_KEYS, loss_of_curve, protocol_items, weights_numbers
from lorascope.jobs.read_notes import read_notes
from lorascope.records.run import Run, RunStatus
from lorascope.store import Store

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "interchange.md"


def lab(tmp_path, *lines):
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(map(json.dumps, [{"type": "lorascope", "format": 1}, *lines])), "utf-8")
    store = Store.open("sqlite://", tmp_path)
    import_runs([file], store)
    return store


def project(**of_bad):
    lines = []
    for at in range(6):
        run = {
            "type": "run",
            "name": f"good-{at}",
            "parameters": {"noise_offset": 0, "learning_rate": 1e-4, "network_dim": 8, "keep_tokens": 1},
        }
        lines.append(run | {"outcome": {"color_accuracy": 0.8 + 0.01 * (at % 3), "fidelity": 0.7}})
    bad = {"type": "run", "name": "bad", "parameters": {"noise_offset": 0.2, "learning_rate": 1e-4, "network_dim": 8, "keep_tokens": 1}}
    return [
        *lines,
        bad | {"outcome": {"color_accuracy": 0.5, "fidelity": 0.65}} | of_bad,
        {"type": "parent", "run": "bad", "parent": "good-2"},
    ]


def test_runs_with_settings_outcomes_and_parents_are_enough(tmp_path):
    with lab(tmp_path, *project()) as store:
        explanation = explain(store, "bad")
        assert explanation.causes[0].id == "noise_offset_high"
        assert explanation.compared_with == "good-2"
        said = answer(explanation)
    assert said["format"] == 1
    assert sum(cause["probability"] for cause in said["causes"]) == pytest.approx(1, abs=1e-4)
    assert set(said["causes"][0]) >= {"id", "probability", "for", "against", "test"}
    assert set(said["causes"][0]["test"]) >= {"what", "cost"}


def test_the_same_store_gives_the_same_bytes(tmp_path):
    with lab(tmp_path, *project()) as store:
        assert json.dumps(answer(explain(store, "bad"))) == json.dumps(answer(explain(store, "bad")))


def test_findings_weights_loss_and_protocol_may_stand_in_the_runs_own_line(tmp_path):
    bad = {"findings": {"C4": 60}, "images": 100, "weights": {"delta_norm": 3.0}, "loss": {"final": "NaN"}, "protocol": {"sampler": "ddim"}}
    with lab(tmp_path, *project(**bad)) as store:
        notes = read_notes(store, store.runs())
    assert notes.findings["bad"] == {"C4": 60}
    assert notes.images["bad"] == 100
    assert notes.weights["bad"] == {"norm": 3.0}
    assert notes.losses["bad"] == {"nan_share": 1.0}
    assert notes.protocols["bad"] == {"sampler": "ddim"}


def test_findings_are_read_by_count_by_share_and_one_by_one(tmp_path):
    lines = [
        {"type": "finding", "run": "a", "defect": "x", "n": 3},
        {"type": "finding", "run": "a", "check": "y", "share": 0.5, "images": 40},
        {"type": "finding", "run": "a", "check": "z", "file": "1.txt"},
        {"type": "finding", "run": "a", "check": "z", "file": "2.txt"},
        {"type": "finding", "dataset": "digest", "check": "w", "count": 1},
    ]
    with lab(tmp_path, {"type": "run", "name": "a"}, *lines) as store:
        notes = read_notes(store)
    assert notes.findings["a"] == {"x": 3, "y": 20, "z": 2}
    assert notes.findings_of(Run("b", "kohya", RunStatus.IMPORTED, dataset_digest="digest")) == {"w": 1}
    assert notes.findings_of(Run("b", "kohya", RunStatus.IMPORTED)) is None


def test_weights_may_be_nested_listed_or_not_a_number():
    assert weights_numbers({"unet": {"norm": 3.0}, "text_encoder": {"norm": 1.0}}) == {"unet_norm": 3.0, "text_encoder_norm": 1.0}
    assert weights_numbers({"norm": [3.0, 4.0], "effective_rank": [1, 2, 9]}) == {"norm": 5.0, "effective_rank": 2.0}
    assert weights_numbers({"norm": "NaN"}) == {"nan_count": 1.0}
    assert weights_numbers({"norm": None}) == {}


def test_a_loss_curve_is_summed_up():
    found = loss_of_curve([1.0, *[0.5] * 18, 0.2, "NaN", None])
    assert found["final"] == pytest.approx(0.35)
    assert found["nan_share"] == pytest.approx(2 / 22)
    assert loss_of_curve([]) == {}


def test_hashes_of_files_are_no_part_of_a_protocol():
    items, hashes = protocol_items(
        {"run": "a", "type": "protocol", "prompt_hash": "p", "file_hash": "f", "expected_hash": "e", "seeds": [1]}
    )
    assert items == {"prompt_hash": "p", "seeds": "[1]"}
    assert hashes == {"evaluated:file_hash": "f", "trained:expected_hash": "e"}


@pytest.mark.parametrize("keys", [WEIGHTS_KEYS, LOSS_KEYS], ids=["weights", "loss"])
def test_every_key_and_alias_of_a_diagnostic_is_documented(keys):
    kind = "weights" if keys is WEIGHTS_KEYS else "loss"
    text = REFERENCE.read_text("utf-8").split(f"### `{kind}`")[1].split("\n### ")[0]
    rows = {row.split("|")[1].strip(" `"): row.split("|")[2] for row in text.splitlines() if row.startswith("| `")}
    rows.pop("curve", None)
    assert list(rows) == [key.name for key in keys]
    for key in keys:
        assert [name.strip(" `") for name in rows[key.name].split(",")] == list(key.also)


def test_an_unknown_run_or_metric_is_answered_with_the_nearest(tmp_path):
    with lab(tmp_path, *project()) as store:
        with pytest.raises(NotFound) as caught:
            explain(store, "bda")
        assert "bad" in caught.value.next_step
        with pytest.raises(NotFound) as caught:
            explain(store, "bad", metric="color_acuracy")
        assert "color_accuracy" in caught.value.next_step


def test_the_command_tells_a_newcomer_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    assert runner.invoke(cli, ["init"]).exit_code == 0
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, [{"type": "lorascope", "format": 1}, *project()])), "utf-8")
    assert runner.invoke(cli, ["import", "in.jsonl"]).exit_code == 0
    shown = runner.invoke(cli, ["why", "bad"], catch_exceptions=False)
    assert shown.exit_code == 0
    for part in ("Worse than the good runs", "noise_offset", "for ", "against ", "first test", "not recorded"):
        assert part in shown.output
    assert json.loads(runner.invoke(cli, ["why", "bad", "--json"]).output)["run"] == "bad"
