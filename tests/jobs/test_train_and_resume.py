"""What the user says wins over the preset; what was trained is recorded, however the process ends."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import load_file  # noqa: E402

from lorascope.errors import BadParameter  # noqa: E402
from lorascope.jobs.evaluate import EvaluateRequest, evaluate  # noqa: E402
from lorascope.jobs.read_assets import demo_base_model, demo_dataset  # noqa: E402
from lorascope.jobs.read_suite import read_suite  # noqa: E402
from lorascope.jobs.train import TrainRequest, resume, train  # noqa: E402
from lorascope.records.run import RunStatus  # noqa: E402
from lorascope.store import Store  # noqa: E402

SMALL = {"network_dim": 2, "conv_dim": 1, "train_batch_size": 4}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "sprites").mkdir()
    for path in sorted(demo_dataset().glob("0*.*"))[:16]:
        shutil.copy(path, tmp_path / "sprites")
    return tmp_path


def opened(home, kind=Store):
    return kind.open(f"sqlite:///{home / 'lab.db'}", home / "blobs")


def request(home, name, **parameters):
    return TrainRequest(name, home / "sprites", demo_base_model(), home / "out" / name, {**SMALL, **parameters})


def last_file(store, name):
    return load_file(store.checkpoints(name)[-1].file)


def test_a_learning_rate_and_a_step_count_that_the_user_says_are_not_overruled_by_the_preset(home):
    with opened(home) as store:
        for name, rate in (("slow", 1e-6), ("fast", 1e-2)):
            train(store, request(home, name, learning_rate=rate, max_train_steps=3))
        assert [store.checkpoints(name)[-1].step for name in ("slow", "fast")] == [3, 3]
        slow, fast = last_file(store, "slow"), last_file(store, "fast")
        assert any(not torch.equal(slow[key], fast[key]) for key in slow)


def test_a_constant_schedule_drops_the_presets_warmup(home):
    with opened(home) as store:
        run = train(store, request(home, "constant", lr_scheduler="constant", max_train_epochs=1))
        assert "lr_warmup_steps" not in run.parameters


class DiesAtEpochTwo(Store):
    """A store whose process ends when the second epoch is to be recorded."""

    def add_checkpoint(self, checkpoint):
        if checkpoint.epoch == 2:
            raise KeyboardInterrupt
        super().add_checkpoint(checkpoint)


def test_a_checkpoint_that_was_written_but_not_recorded_is_recorded_on_resume(home):
    with opened(home, DiesAtEpochTwo) as store, pytest.raises(KeyboardInterrupt):
        train(store, request(home, "cut", max_train_epochs=2))
    with opened(home) as store:
        assert [c.epoch for c in store.checkpoints("cut")] == [1]
        assert store.run("cut").status is RunStatus.INTERRUPTED
        assert resume(store, "cut").status is RunStatus.FINISHED
        assert [c.epoch for c in store.checkpoints("cut")] == [1, 2]
        train(store, request(home, "whole", max_train_epochs=2))
        cut, whole = last_file(store, "cut"), last_file(store, "whole")
        assert all(torch.equal(cut[key], whole[key]) for key in whole)


def test_a_run_resumes_from_its_own_folder_when_a_copy_was_recorded_first_and_is_gone(home):
    shutil.copytree(home / "sprites", home / "copy")
    with opened(home) as store:
        train(store, replace(request(home, "first", max_train_epochs=1), dataset=home / "copy"))
    with opened(home, DiesAtEpochTwo) as store, pytest.raises(KeyboardInterrupt):
        train(store, request(home, "second", max_train_epochs=2))
    shutil.rmtree(home / "copy")
    with opened(home) as store:
        assert resume(store, "second").status is RunStatus.FINISHED


def test_pictures_of_two_protocols_are_not_mixed(home):
    suite = read_suite(None)
    one = replace(suite, name="one", prompts=suite.prompts[:2], seeds=(1,), steps=2)
    with opened(home) as store:
        train(store, request(home, "run", max_train_epochs=1))
        evaluate(store, EvaluateRequest("run", one))
        other_protocol = replace(one, name="two", prompts=suite.prompts[2:4], steps=3)
        with pytest.raises(BadParameter, match="the protocol differs"):
            evaluate(store, EvaluateRequest("run", other_protocol))
        more_prompts = replace(one, name="three", prompts=suite.prompts[2:4])
        assert evaluate(store, EvaluateRequest("run", more_prompts)) == 4
