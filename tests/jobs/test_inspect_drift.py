"""A row of checkpoints is put in order and compared, module by module."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lora_files import KOHYA, TEXT, UNET, module, write

from lorascope.jobs.inspect import inspect
from lorascope.reports.lora_drift import drift_sentences


def full(tensors, name=UNET, scale=0.5):
    return scale * tensors[f"{name}.lora_up.weight"] @ tensors[f"{name}.lora_down.weight"]


def checkpoint(folder, epoch, tensors, last=3):
    name = "cat.safetensors" if epoch == last else f"cat-{epoch:06d}.safetensors"
    return write(folder / name, tensors, KOHYA | {"ss_epoch": str(epoch), "ss_num_epochs": str(last)}, dtype="F32")


def test_drift_is_that_of_the_full_matrices(tmp_path):
    first, second = module(seed=1), module(seed=2, rank=3, alpha=1.5)
    drift = inspect([checkpoint(tmp_path, 2, second), checkpoint(tmp_path, 1, first)]).drift
    (step,) = drift.steps
    (whole, unet) = step.parts
    one, other = full(first), full(second)
    assert drift.numbers == (1, 2)
    assert (whole.norm_before, whole.norm) == pytest.approx((np.linalg.norm(one), np.linalg.norm(other)), rel=1e-5)
    assert whole.cosine == pytest.approx(np.sum(one * other) / np.linalg.norm(one) / np.linalg.norm(other), rel=1e-4)
    assert whole.change == pytest.approx(np.linalg.norm(one - other) / max(np.linalg.norm(one), np.linalg.norm(other)), rel=1e-4)
    assert (unet.part, [block.part for block in step.blocks]) == ("unet", ["1"])


def test_checkpoints_come_in_the_order_of_their_epochs(tmp_path):
    paths = [checkpoint(tmp_path, epoch, module(seed=epoch)) for epoch in (3, 1, 2)]
    found = inspect(paths)
    assert [each.origin.number for each in found.files] == [1, 2, 3]
    assert found.drift.counted_in == "epochs"


def test_files_without_numbers_keep_the_order_they_were_given_in(tmp_path):
    paths = [write(tmp_path / f"{name}.safetensors", module(seed=seed)) for seed, name in enumerate("ba")]
    found = inspect(paths).drift
    assert (found.counted_in, [Path(file).name for file in found.files]) == ("files", ["b.safetensors", "a.safetensors"])


def test_files_with_the_same_weights_are_told(tmp_path):
    paths = [checkpoint(tmp_path, 1, module()), write(tmp_path / "copy.safetensors", module(), dtype="F32")]
    drift = inspect(paths).drift
    assert [sorted(Path(file).name for file in group) for group in drift.same] == [["cat-000001.safetensors", "copy.safetensors"]]
    assert drift.steps[0].same_weights


def test_a_layer_that_only_one_file_adapts_counts_as_unchanged_in_the_other(tmp_path):
    paths = [checkpoint(tmp_path, 1, module()), checkpoint(tmp_path, 2, module() | module(TEXT))]
    text = inspect(paths).drift.steps[0].parts[-1]
    assert (text.part, text.norm_before, text.change, text.cosine) == ("text_encoder", 0, 1, None)


def test_what_cannot_be_measured_is_left_out_of_the_drift(tmp_path):
    spoiled = module() | module(TEXT)
    spoiled[f"{TEXT}.lora_up.weight"][:] = np.nan
    step = inspect([checkpoint(tmp_path, 1, module() | module(TEXT)), checkpoint(tmp_path, 2, spoiled)]).drift.steps[0]
    assert ([part.part for part in step.parts], step.modules) == (["all", "unet"], 1)


def test_a_final_file_that_says_nothing_comes_last(tmp_path):
    paths = [write(tmp_path / f"{name}.safetensors", module(seed=seed)) for seed, name in enumerate(("cat", "cat-000001", "cat-000002"))]
    found = inspect(paths)
    assert [Path(each.lora.file).stem for each in found.files] == ["cat-000001", "cat-000002", "cat"]
    assert (found.drift.counted_in, found.drift.numbers) == ("epochs", (1, 2, 3))


def row(folder, sizes, constant=TEXT):
    """Checkpoints whose U-Net module has these sizes, while another module never changes."""
    paths = []
    for epoch, size in enumerate(sizes, 1):
        tensors = module() if constant is None else module() | module(constant)
        tensors[f"{UNET}.lora_up.weight"] *= size
        paths.append(checkpoint(folder, epoch, tensors, last=len(sizes)))
    return drift_sentences(inspect(paths).drift)


def test_growth_is_told_per_epoch_over_the_second_half(tmp_path):
    sentences = row(tmp_path, [1e-3, 1, 10, 20, 40], constant=None)
    assert sentences[0].endswith("it grows 100.0 % per epoch since epoch 3.")


def test_a_part_that_stands_still_is_told_with_the_epoch_since_when(tmp_path):
    assert any("The U-Net stands still from epoch 2 on" in sentence for sentence in row(tmp_path, [1, 2, 2.001, 2.002]))


def test_a_jump_is_told(tmp_path):
    assert any("A jump between epoch 4 and 5" in sentence for sentence in row(tmp_path, [10, 10.5, 11, 11.5, 30, 30.5, 31]))


def test_a_change_is_a_share_of_the_larger_norm(tmp_path):
    tensors = [module(), module()]
    tensors[1][f"{UNET}.lora_up.weight"] *= 0.5
    (step,) = inspect([checkpoint(tmp_path, epoch, each) for epoch, each in enumerate(tensors, 1)]).drift.steps
    assert (step.parts[0].change, step.parts[0].cosine) == pytest.approx((0.5, 1), abs=1e-3)
