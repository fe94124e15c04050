"""accelerate's tracker: a script records itself with one line."""

from __future__ import annotations

import pytest

import lorascope
from lorascope.jobs.move_journal import close_shared
from lorascope.records.run import RunStatus

accelerate = pytest.importorskip("accelerate")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_a_training_with_accelerate_is_recorded(tmp_path):
    import torch
    from PIL import Image

    file = tmp_path / "lab.db"
    accelerator = accelerate.Accelerator(cpu=True, log_with=lorascope.tracker("first", store=file))
    accelerator.init_trackers("a project", config={"rank": 4, "learning_rate": 0.1})
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model, optimizer = accelerator.prepare(model, optimizer)
    for step in range(5):
        loss = model(torch.ones(1, 2)).pow(2).mean()
        accelerator.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        accelerator.log({"train_loss": loss.detach().item(), "tensor": loss.detach()}, step=step)
    accelerator.get_tracker("lorascope").log_images  # noqa: B018 - it is there
    for tracker in accelerator.trackers:
        tracker.log_images({"a lad": [Image.new("RGB", (2, 2))]}, step=5)
    accelerator.end_training()
    with lorascope.open(file) as lab:
        run = lab.run("first")
        assert (run.status, run.trainer, run.parameters) == (RunStatus.FINISHED, "accelerate", {"network_dim": 4, "learning_rate": 0.1})
        assert lab.series("first", "train_loss").steps == (0, 1, 2, 3, 4)
        assert lab.metrics("first") == ["tensor", "train_loss"]
        assert [sample.prompt for sample in lab._store.samples("first")] == ["a lad"]
    close_shared(f"sqlite:///{file}", tmp_path / "blobs")
