"""RUN, SKIP or UNDECIDED, before a training is paid for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from lorascope.cli.main import cli
from lorascope.errors import BadFile, BadParameter, NotFound, UnknownParameter
from lorascope.jobs.predict import predict, read_plan
from lorascope.jobs.recorded_predictions import Resolved, calibration
from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.records.proposal import Advice, Prediction
from lorascope.records.run import ParameterValue, Run, RunStatus

METRIC = "style"
BASE: Mapping[str, ParameterValue] = {
    "network_dim": 32, "network_alpha": 16.0, "unet_lr": 1e-4, "keep_tokens": 1, "shuffle_caption": True, "max_train_epochs": 10,
    "train_batch_size": 4, "resolution": "512,512", "network_module": "networks.lora", "caption_extension": ".txt",
}  # fmt: skip


def _run(number: int, value: float, **changed: ParameterValue) -> PastRun:
    settings = {**BASE, "seed": number, **changed}
    run = Run(f"run-{number:02}", "kohya", RunStatus.FINISHED, settings, started_at=float(number))
    return PastRun(run, settings | {"trainer": "kohya"}, {METRIC: Outcome(value)}, classes={METRIC: ""}, gpu_hours=2.0, images=100)


def _history(direction: str | None = "higher") -> History:
    """Rank 64 is bad, keep_tokens does nothing."""
    runs = []
    for number in range(24):
        dim = (16, 32, 64)[number % 3]
        value = {16: 60.0, 32: 58.0, 64: 30.0}[dim] + 0.5 * ((number * 5) % 7 - 3)
        runs.append(_run(number, value, network_dim=dim, network_alpha=dim / 2, keep_tokens=(0, 1, 2)[(number // 3) % 3]))
    return History(tuple(runs), {METRIC: MetricFacts(METRIC, "points", direction)})


def _file(folder: Path, text: str, name: str = "train.toml") -> str:
    path = folder / name
    path.write_text(text, "utf-8")
    return str(path)


def _toml(**changed: ParameterValue) -> str:
    from lorascope.parameters.dialects.kohya import write_kohya_toml

    return write_kohya_toml({**BASE, **changed})


def _predict(history: History, config: str, changes: Mapping[str, object] | None = None, **asked: object) -> Prediction:
    return predict(history, read_plan(history, config, changes or {}), **asked)  # type: ignore[arg-type]


def test_what_was_always_bad_is_skipped_with_the_rule_that_says_so(tmp_path: Path) -> None:
    found = _predict(_history(), _file(tmp_path, _toml(network_dim=64, network_alpha=32.0)))
    assert found.verdict is Advice.SKIP
    assert "excludes the target" in found.reason
    learned = [risk for risk in found.risks if risk.n]
    assert learned
    assert learned[0].n == 8
    assert "8 of 8 runs" in learned[0].evidence
    assert 0.7 < (learned[0].probability or 0) < 1  # 8 of 8 is not 100 %


def test_what_was_good_and_beats_the_target_is_run(tmp_path: Path) -> None:
    found = _predict(_history(), _file(tmp_path, _toml(network_dim=16, network_alpha=8.0)), target=50)
    assert found.verdict is Advice.RUN
    metric = found.metrics[0]
    assert metric.expected.low is not None
    assert metric.expected.high is not None
    assert metric.expected.low < 60 < metric.expected.high
    assert found.nearest is not None
    assert found.gpu_hours == pytest.approx(2.0)


def test_what_nobody_has_tried_is_undecided_and_named(tmp_path: Path) -> None:
    found = _predict(_history(), _file(tmp_path, _toml(network_dim=16, network_alpha=8.0, unet_lr=1e-2)), target=50)
    assert found.verdict is Advice.UNDECIDED
    assert found.unseen == ("unet_lr = 0.01 (runs had 0.0001)",)


def test_without_history_nothing_is_promised(tmp_path: Path) -> None:
    found = _predict(History(()), _file(tmp_path, _toml()))
    assert found.verdict is Advice.UNDECIDED
    assert found.metrics == ()
    few = History(_history().runs[:4], _history().metrics)
    assert _predict(few, _file(tmp_path, _toml(network_dim=16)), target=1).verdict is Advice.UNDECIDED


def test_what_stops_the_trainer_is_skipped(tmp_path: Path) -> None:
    text = _toml(lr_scheduler="constant", lr_warmup_steps=100)
    found = _predict(_history(), _file(tmp_path, text))
    assert found.verdict is Advice.SKIP
    assert "stop" in found.reason
    assert next((risk.n, risk.probability) for risk in found.risks if "warmup" in risk.rule) == (0, 1.0)


def test_a_recorded_run_with_a_change_is_a_configuration(tmp_path: Path) -> None:
    history = _history()
    found = _predict(history, "run-00", {"network_dim": "64", "network_alpha": "32"})
    assert found.verdict is Advice.SKIP
    assert found.change == {} or "network_dim" not in found.change  # the nearest run has rank 64 too
    with pytest.raises(UnknownParameter):
        read_plan(history, "run-00", {"netwrok_dim": "8"})
    with pytest.raises(BadParameter):
        read_plan(history, "run-00", {"network_dim": "many"})
    with pytest.raises(NotFound) as caught:
        read_plan(history, "run-0", {})
    assert "run-0" in str(caught.value)


def test_a_configuration_of_another_trainer_is_undecided_and_said(tmp_path: Path) -> None:
    text = json.dumps({"training_method": "LORA", "learning_rate": 1e-4, "lora_rank": 16, "lora_alpha": 8.0, "epochs": 10})
    plan = read_plan(_history(), _file(tmp_path, text, "onetrainer.json"), {}, trainer="onetrainer")
    found = predict(_history(), plan)
    assert found.verdict is not Advice.RUN
    assert any("onetrainer" in note for note in found.notes)


def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile):
        read_plan(History(()), _file(tmp_path, "a = [1,", "broken.toml"), {})


def test_a_target_needs_a_direction(tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="which way"):
        _predict(_history(direction=None), _file(tmp_path, _toml()), target=50)
    assert _predict(_history(direction=None), _file(tmp_path, _toml())).verdict is Advice.UNDECIDED


def test_scores_are_told_from_twenty_resolved_on() -> None:
    done = [Resolved(f"p{at}", METRIC, 0.0, 1.0, "r", 0.5 if at else 2.0, 0.8, reached=at > 3) for at in range(20)]
    assert calibration([]) is None
    few, enough = calibration(done[:19]), calibration(done)
    assert few is not None
    assert enough is not None
    assert (few["coverage"], few["brier"]) == (None, None)
    assert enough["coverage"] == pytest.approx(0.95)
    assert enough["brier"] == pytest.approx((16 * 0.04 + 4 * 0.64) / 20)


def _lines(runs: tuple[PastRun, ...]) -> str:
    records: list[dict[str, object]] = [{"type": "lorascope", "format": 1}]
    records += [
        {
            "type": "run", "name": past.name, "trainer": "kohya", "status": "imported", "parameters": dict(past.run.parameters),
            "outcome": {METRIC: past.outcomes[METRIC].value},
        }
        for past in runs
    ]  # fmt: skip
    return "\n".join(map(json.dumps, records)) + "\n"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    _invoke("init")
    Path("runs.jsonl").write_text(_lines(_history().runs), "utf-8")
    _invoke("import", "runs.jsonl")
    return tmp_path


def _invoke(*arguments: str) -> str:
    result = CliRunner().invoke(cli, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_recorded_prediction_is_held_against_the_run_that_follows(lab: Path) -> None:
    config = _file(lab, _toml(network_dim=16, network_alpha=8.0, keep_tokens=0, network_dropout=0.1))
    _invoke("predict", config, "--direction", "higher", "--record", "dropout")
    before = json.loads(_invoke("predict", config, "--direction", "higher", "--json"))
    assert before["calibration"]["resolved"] == 0
    new = _run(90, 59.0, network_dim=16, network_alpha=8.0, keep_tokens=0, network_dropout=0.1)
    Path("new.jsonl").write_text(_lines((new,)), "utf-8")
    _invoke("import", "new.jsonl")
    after = json.loads(_invoke("predict", config, "--direction", "higher", "--json"))
    assert after["calibration"] | {"coverage": None} == after["calibration"]
    (told,) = after["predictions"]
    assert (told["run"], told["measured"], told["covered"]) == ("run-90", 59.0, True)
    result = CliRunner().invoke(cli, ["predict", config, "--record", "dropout"])
    assert result.exit_code != 0  # a recorded prediction is never changed


def test_next_and_predict_print_the_fixed_keys_and_the_same_twice(lab: Path) -> None:
    (lab / ".lorascope" / "settings.toml").write_text("price_per_gpu_hour = 0.5\n", "utf-8")
    proposed = _invoke("next", "--direction", "higher", "--json", "--out", "recipes", "--n", "4")
    assert proposed == _invoke("next", "--direction", "higher", "--json", "--out", "recipes", "--n", "4")
    answer = json.loads(proposed)
    assert answer["format"] == 1
    assert set(answer["proposals"][0]) >= {"change", "recipe", "information_bits", "gain", "cost"}
    recipe = answer["proposals"][1]["recipe"]
    _invoke("check", recipe)
    told = json.loads(_invoke("predict", recipe, "--direction", "higher", "--json"))
    assert set(told) >= {"format", "verdict", "metrics", "risks"}
    assert told["verdict"] in {"RUN", "SKIP", "UNDECIDED"}
    assert "to explain" in _invoke("next", "--direction", "higher")
    assert "nearest run" in _invoke("predict", recipe)
