"""The numbers of a training before it, against counts done by hand."""

from __future__ import annotations

import pytest

from lorascope.errors import BadParameter
from lorascope.parameters.bucket_plan import BucketRules
from lorascope.parameters.flight_plan import MOST_FILES, DatasetPlan, files_left, plan_flight

SQUARE = BucketRules((512, 512), enable_bucket=True, bucket_no_upscale=True)
RANK_32 = {"network_dim": 32, "network_alpha": 16.0, "save_precision": "fp16", "max_train_epochs": 10}


def images(*counts, repeats=1):
    """So many images of 512, 448, 384 … px width: one bucket each."""
    return tuple(((512 - 64 * position, 512), repeats) for position, count in enumerate(counts) for _ in range(count))


def flight(dataset_images, batch_size=4, family="sd15", regularization=(), **parameters):
    return plan_flight([DatasetPlan(SQUARE, batch_size, dataset_images, regularization)], parameters, family=family)


def test_203_square_images_in_batches_of_4_are_51_steps():
    plan = flight(images(203), **RANK_32)
    assert (plan.batches_per_epoch, plan.steps_per_epoch, plan.total_steps, plan.epochs) == (51, 51, 510, 10)
    assert plan.whole_epochs
    assert plan.samples_seen == 2030


@pytest.mark.parametrize(
    ("counts", "batch", "steps"),
    [((100, 50, 50, 3), 4, 52), ((101, 51, 50, 1), 4, 53), ((100, 50, 50, 3), 8, 28), ((102, 50, 48, 3), 8, 27)],
)
def test_every_bucket_is_rounded_up_on_its_own(counts, batch, steps):
    assert sum(-(-count // batch) for count in counts) == steps
    assert flight(images(*counts), batch, max_train_epochs=1).total_steps == steps


def test_accumulation_rounds_up_once_more():
    assert flight(images(203), max_train_epochs=1, gradient_accumulation_steps=4).steps_per_epoch == 13


def test_repeats_count_as_images():
    assert flight(images(20, repeats=10), max_train_epochs=1).total_steps == 50


def test_regularization_images_double_the_steps():
    plan = flight(images(20), batch_size=1, max_train_epochs=1, regularization=images(3))
    assert (plan.steps_per_epoch, plan.regularization_per_epoch, plan.shown_per_epoch) == (40, 20, 40)


def test_datasets_add_up():
    plan = plan_flight([DatasetPlan(SQUARE, 4, images(5)), DatasetPlan(SQUARE, 2, images(5))], {"max_train_epochs": 1}, family="sd15")
    assert plan.batches_per_epoch == 2 + 3
    assert [bucket.count for bucket in plan.buckets] == [10]


@pytest.mark.parametrize(
    ("family", "unet_only", "size_mib"), [("sd15", False, 36.0), ("sd15", True, 25.9), ("sdxl", False, 217.5), ("sdxl", True, 162.3)]
)
def test_file_sizes_at_rank_32_in_fp16(family, unet_only, size_mib):
    plan = flight(images(4), family=family, network_train_unet_only=unet_only, **RANK_32)
    assert plan.file_bytes is not None
    assert round(plan.file_bytes / 2**20, 1) == size_mib
    assert plan.all_bytes == plan.file_bytes * len(plan.files)


def test_unsaid_precision_saves_floats_and_full_bf16_halves_them():
    whole, half = (flight(images(4), network_dim=8, max_train_epochs=1, full_bf16=full).file_bytes for full in (False, True))
    assert whole == 2 * half


def test_ten_epochs_give_nine_numbers_and_one_name():
    plan = flight(images(203), output_name="cat", save_every_n_epochs=1, **RANK_32)
    assert [file.name for file in plan.files] == [*(f"cat-{epoch:06d}.safetensors" for epoch in range(1, 10)), "cat.safetensors"]
    assert plan.files[-1].epoch == 10


def test_files_by_steps_and_the_ones_deleted_again():
    files, deleted = files_left({"save_every_n_steps": 100, "output_name": "cat"}, 10, 500, {"save_last_n_steps": 200})
    assert [file.name for file in files] == [
        "cat-step00000300.safetensors",
        "cat-step00000400.safetensors",
        "cat-step00000500.safetensors",
        "cat.safetensors",
    ]
    assert deleted == 2
    files, deleted = files_left({"save_every_n_epochs": 1, "save_last_n_epochs": 2}, 10, 500)
    assert ([file.name for file in files], deleted) == (["epoch-000008.safetensors", "epoch-000009.safetensors", "last.safetensors"], 7)


def test_keeping_the_last_0_epochs_deletes_each_file_as_it_is_written():
    files, deleted = files_left({"save_every_n_epochs": 1, "save_last_n_epochs": 0}, 4, 40)
    assert ([file.name for file in files], deleted) == (["last.safetensors"], 3)


def test_neither_epochs_nor_steps_take_1600_and_cut_the_last_epoch():
    plan = flight(images(203))
    assert (plan.total_steps, plan.epochs, plan.whole_epochs) == (1600, 32, False)


def test_a_ratio_of_warm_up_becomes_steps():
    assert flight(images(203), lr_warmup_steps=0.05, **RANK_32).warmup_steps == 25
    assert flight(images(203), lr_warmup_steps=100, **RANK_32).warmup_steps == 100


def test_the_scale_is_alpha_over_rank_and_alpha_0_is_rank():
    assert flight(images(1), **RANK_32).adapter_scale == 0.5
    assert flight(images(1), network_dim=8, network_alpha=0.0).adapter_scale == 1
    assert flight(images(1), network_dim=None).adapter_scale == 0.25


def test_an_unknown_base_model_or_network_is_said():
    assert flight(images(1), family="").notes != ()
    assert flight(images(1), network_module="lycoris.kohya").file_bytes is None


@pytest.mark.parametrize(
    ("dataset", "parameters", "says"),
    [
        ((), {}, "no image"),
        (images(4), {"max_train_steps": 10**9, "save_every_n_steps": 1}, "files would be saved"),
        ((((24, 24), 1),), {}, "below bucket_reso_steps"),
    ],
)
def test_what_cannot_be_planned_is_refused(dataset, parameters, says):
    with pytest.raises(BadParameter, match=says):
        flight(dataset, **parameters)


def test_absurd_numbers_do_not_hang():
    rules = BucketRules((512, 512), enable_bucket=True, max_bucket_reso=10**15)
    with pytest.raises(BadParameter, match="no image is larger"):
        plan_flight([DatasetPlan(rules, 1, images(1))], {}, family="")
    plan = flight((((512, 512), 10**9),), max_train_epochs=10**300, save_every_n_epochs=10**14, network_dim=10**400, network_alpha=10**400)
    assert len(plan.files) == 10
    assert len(plan.files) < MOST_FILES
