"""The checklist of a complete record counts what is there, and only that."""

from __future__ import annotations

import pytest

from lorascope.analysis.completeness import CHECKLIST, Recorded, Stage, check, completeness
from lorascope.records.run import Run, RunStatus

EVERYTHING = Recorded(
    Run(
        "full",
        "kohya",
        RunStatus.FINISHED,
        {
            "network_dim": 32, "network_alpha": 16.0, "network_module": "networks.lora", "learning_rate": 1e-4, "lr_scheduler": "cosine",
            "optimizer_type": "AdamW8bit", "train_batch_size": 4, "max_train_epochs": 10, "seed": 42,
            "resolution": "512,512",
            "flip_aug": False, "color_aug": False, "shuffle_caption": True,
        },
        dataset_digest="d",
        base_model="sd15",
        started_at=1.0,
        environment={"gpus": [{"name": "RTX 3060"}]},
    ),
    images=203, captions=203, checkpoints=10, with_bytes=10, with_duration=10, with_loss=10, with_memory=10, drawn=10, measured=10,
    rated=10, kept={"observation": 1, "decision": 1, "cause": 2, "proposal": 3},
)  # fmt: skip
NOTHING = Recorded(Run("bare", "unknown", RunStatus.IMPORTED))


def shares(recorded):
    return {checked.item.name: checked.share for checked in check(recorded)}


def test_a_full_record_is_complete_and_an_empty_one_has_nothing():
    assert completeness(check(EVERYTHING)) == 1
    assert completeness(check(NOTHING)) == 0


def test_every_stage_of_the_list_is_there_and_every_item_says_how_to_supply_it():
    assert {item.stage for item in CHECKLIST} == set(Stage)
    assert all(item.next_step for item in CHECKLIST)
    assert len({item.name for item in CHECKLIST}) == len(CHECKLIST)


def test_what_half_of_the_checkpoints_have_counts_half():
    assert shares(Recorded(NOTHING.run, checkpoints=10, with_loss=5))["loss"] == 0.5


def test_a_logged_loss_counts_without_any_checkpoint():
    assert shares(Recorded(NOTHING.run, has_loss_series=True))["loss"] == 1


def test_a_value_that_was_said_to_be_unset_is_recorded():
    run = Run("r", "kohya", RunStatus.IMPORTED, {"network_dim": None, "network_alpha": 1.0, "network_args": None})
    assert shares(Recorded(run))["architecture parameters"] == 1


@pytest.mark.parametrize(
    ("environment", "share"), [({"gpus": []}, 1), ({"gpu": "A4000"}, 0.5), ({"gpu": "A4000", "vram": "16 GB"}, 1), ({}, 0)]
)
def test_a_machine_that_says_it_has_no_gpu_has_answered(environment, share):
    assert shares(Recorded(Run("r", "toy", RunStatus.FINISHED, environment=environment)))["hardware: GPU and memory"] == share
