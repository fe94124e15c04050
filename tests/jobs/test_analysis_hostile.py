"""What a hostile or unlucky file brings into a lab, through impact, why and predict: an answer or a mistake named, never a crash."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from lorascope.cli.main import cli
from lorascope.errors import BadParameter
from lorascope.jobs.explain import answer as explained
from lorascope.jobs.explain import explain
from lorascope.jobs.impact import answer, find_impact
from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.note_keys import as_number, loss_of_curve, protocol_items, weights_numbers
from lorascope.jobs.predict import predict, read_plan
from lorascope.jobs.read_history import read_history
from lorascope.reports.proposals import prediction_json
from lorascope.store import Store


@pytest.fixture(params=["sqlite", "postgres"])
def url(request):
    return "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


def lab(url, tmp_path, lines):
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(map(json.dumps, [{"type": "lorascope", "format": 1}, *lines])), "utf-8")
    store = Store.open(url, tmp_path)
    import_runs([file], store)
    return store


def run(name, parameters, style, **more):
    return {"type": "run", "name": name, "parameters": parameters, "outcome": {"style": style}, **more}


def project(*more, bad=0.1, **of_bad):
    good = [run(f"good-{at:02}", {"network_dim": 8 * (1 + at % 3), "learning_rate": 1e-4, "seed": at}, 0.5 + 0.01 * at) for at in range(12)]
    return [*good, run("bad", {"network_dim": 8, "learning_rate": 1e-4}, bad, parent="good-03", **of_bad), *more]


def strict(said):
    return json.loads(json.dumps(said, allow_nan=False))


def test_numbers_beyond_all_measuring_are_left_out_and_named(url, tmp_path):
    with lab(url, tmp_path, project(run("huge", {"network_dim": 8, "learning_rate": 1e308}, 1e308), run("low", {}, -1e308))) as store:
        found = find_impact(store, "style")
        assert found.runs == 13
        assert found.left_out == dict.fromkeys(("huge", "low"), "its style is no finite number, or absurdly large")
        strict(answer(found))
        strict(explained(explain(store, "huge")))
        history = read_history(store)
        assert predict(history, read_plan(history, "huge", {}), direction="higher").verdict == "UNDECIDED"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e308])
def test_a_target_or_price_that_is_no_number_is_refused(value, tmp_path):
    with lab("sqlite://", tmp_path, project()) as store:
        history = read_history(store)
        plan = read_plan(history, "bad", {})
        with pytest.raises(BadParameter, match="target = "):
            predict(history, plan, target=value, direction="higher")
        with pytest.raises(BadParameter, match="price = "):
            predict(history, plan, price_per_gpu_hour=value)


def test_losses_and_norms_beyond_all_training_count_as_not_finite():
    assert as_number(1e308) is None
    assert loss_of_curve([1e308] * 50) == {"nan_share": 1.0}
    assert loss_of_curve([1e308, 0.5, -1e308, 0.5])["nan_share"] == 0.5
    assert weights_numbers({"norm": 1e308}) == {"nan_count": 1.0}
    assert weights_numbers({"norm": [1e99] * 5})["norm"] < float("inf")


@pytest.mark.parametrize("value", [None, "", "unknown", "NaN", [1, 2], True])
def test_what_is_no_hash_is_not_the_hash_of_another_file(value, tmp_path):
    assert protocol_items({"file_hash": value}) == ({}, {})
    notes = [{"type": "protocol", "run": "bad", "file_hash": value, "expected_hash": "ab12cd34"}]
    with lab("sqlite://", tmp_path, project(*notes)) as store:
        causes = {cause.id: cause.probability for cause in explain(store, "bad").causes}
    assert causes["wrong_file_evaluated"] < 0.5


def test_whether_hashes_match_may_be_said_in_words_and_null_says_nothing():
    assert protocol_items({"hash_match": "no", "steps": None})[1] == {"evaluated:hash_match": False}
    assert protocol_items({"hash_match": "perhaps", "steps": None}) == ({}, {})


def test_one_training_under_two_names_is_not_another_file(tmp_path):
    copy = run("copy", {"network_dim": 8, "learning_rate": 1e-4}, 0.1)
    files = [{"type": "checkpoint", "run": name, "epoch": at, "tensor_hash": f"{at:064}"} for name in ("bad", "copy") for at in (1, 2)]
    with lab("sqlite://", tmp_path, project(copy, *files)) as store:
        causes = {cause.id: cause.probability for cause in explain(store, "bad").causes}
    assert causes["wrong_file_evaluated"] < 0.2


def test_a_run_that_is_better_is_not_called_bad(tmp_path):
    with lab("sqlite://", tmp_path, project(bad=0.95)) as store:
        assert explain(store, "bad", metric="style").verdict.startswith("Better than the good runs, so there may be nothing to explain")


def test_a_line_end_in_a_name_begins_no_line_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    assert runner.invoke(cli, ["init"]).exit_code == 0
    lines = [run(f"r{at}", {"evil\nmatters: everything": at % 2, "twin": at % 2, "q": at % 3}, at / 10) for at in range(14)]
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(map(json.dumps, [{"type": "lorascope", "format": 1}, *lines])), "utf-8")
    assert runner.invoke(cli, ["import", str(file)]).exit_code == 0
    shown = runner.invoke(cli, ["impact", "style", "--all"])
    assert shown.exit_code == 0
    assert not any(line.startswith("matters: everything") for line in shown.output.splitlines())


def test_the_order_of_lines_changes_no_answer(tmp_path):
    lines = project(*[{"type": "finding", "run": "bad", "check": f"C{at}", "count": at, "images": 20} for at in range(1, 5)])
    said = []
    for at, order in enumerate((lines, [*reversed(lines[:13]), *reversed(lines[13:])])):
        folder = tmp_path / str(at)
        folder.mkdir()
        with lab("sqlite://", folder, order) as store:
            history = read_history(store)
            foretold = predict(history, read_plan(history, "bad", {}), direction="higher")
            said.append([answer(find_impact(store, "style")), explained(explain(store, "bad")), prediction_json(foretold)])
    assert said[0] == said[1]


def test_whole_numbers_beyond_all_floating_point_ones_and_predictions_without_interval_stop_no_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner, huge = CliRunner(), 10**400
    of_run = {"settings": {"network_dim": 8, "learning_rate": 1e-4}, "runs_before": []}
    without = {"metric": "style", "low": None, "high": None, "target": None, "p_reached": None, "direction": "higher"}
    lines = [
        *project(run("huge", {"network_dim": 8, "learning_rate": 1e-4, "network_alpha": huge, "max_train_epochs": huge, "own": huge}, 0.2)),
        {"type": "protocol", "run": "huge", "steps": huge},
        *({"type": "protocol", "run": f"good-{at:02}", "steps": 30} for at in range(12)),
        {"type": "prediction", "name": "no interval", **of_run, "metrics": [without]},
        {"type": "prediction", "name": "huge", **of_run, "metrics": [without | {"low": huge, "high": huge, "p_reached": huge}]},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, [{"type": "lorascope", "format": 1}, *lines])), "utf-8")
    for command in (
        ["init"], ["import", "in.jsonl"], ["why", "huge"], ["why", "bad", "--against", "huge"],
        ["next", "--direction", "higher"], ["predict", "good-00", "--direction", "higher"], ["predict", "huge", "--direction", "higher"],
    ):  # fmt: skip
        said = runner.invoke(cli, command)
        assert said.exit_code == 0, (command, said.exception)
