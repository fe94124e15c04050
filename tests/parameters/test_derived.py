"""Steps, file sizes and file names, against numbers counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.errors import BadParameter
from lorascope.parameters.derived import (
    SD15,
    SDXL,
    batches_per_epoch,
    checkpoint_names,
    lora_tensor_bytes,
    number_of_epochs,
    regularization_uses,
    samples_seen,
    steps_per_epoch,
    total_steps,
)

MIB = 2**20


def sd15_unet_coverage():
    """(weights, modules) per unit of rank of the U-Net's transformers, pointwise layers and 3x3 convolutions, layer by layer."""
    transformer, pointwise, conv = [], [], []
    for width, blocks in ((320, 5), (640, 5), (1280, 6)):  # 2 on the way down, 3 on the way up, 1 in the middle
        attention = [2 * width] * 6 + [width + 768] * 2
        transformer += blocks * [*attention, 2 * width, 2 * width, width + 8 * width, 4 * width + width]
    down = [(320, 320), (320, 320), (320, 640), (640, 640), (640, 1280), (1280, 1280), (1280, 1280), (1280, 1280)]
    middle = [(1280, 1280), (1280, 1280)]
    up_wide = [(2560, 1280), (2560, 1280), (2560, 1280), (2560, 1280), (2560, 1280), (1920, 1280)]
    up = [*up_wide, (1920, 640), (1280, 640), (960, 640), (960, 320), (640, 320), (640, 320)]
    for inputs, outputs in down + middle + up:
        pointwise.append(1280 + outputs)  # time_emb_proj
        conv += [9 * inputs + outputs, 9 * outputs + outputs]
        if inputs != outputs:
            pointwise.append(inputs + outputs)  # conv_shortcut
    conv += [10 * width for width in (320, 640, 1280)] + [10 * width for width in (1280, 1280, 640)]  # down- and upsamplers
    return [(sum(part), len(part)) for part in (transformer, pointwise, conv)]


def test_the_coverage_of_sd15_counted_layer_by_layer():
    counted = [(part.weights, part.modules) for part in (SD15.unet, SD15.pointwise, SD15.convolutions)]
    assert counted == sd15_unet_coverage()
    text_encoder = 12 * [768 + 768] * 4 + 12 * [768 + 3072] * 2
    assert (SD15.text_encoders.weights, SD15.text_encoders.modules) == (sum(text_encoder), len(text_encoder))


@pytest.mark.parametrize(
    ("model", "unet_only", "mib"),
    [(SD15, False, 36.0), (SD15, True, 25.9), (SDXL, False, 217.5), (SDXL, True, 162.3)],
)
def test_file_sizes_at_rank_32_in_16_bits(model, unet_only, mib):
    assert lora_tensor_bytes(model, 32, unet_only=unet_only, precision="fp16") / MIB == pytest.approx(mib, abs=0.05)


def test_32_bit_files_are_twice_as_large_and_convolutions_add_their_share():
    half = lora_tensor_bytes(SD15, 16, precision="bf16")
    assert lora_tensor_bytes(SD15, 16) == 2 * half
    with_conv = lora_tensor_bytes(SD15, 16, conv_dim=8, precision="bf16")
    assert with_conv - half == 2 * (8 * 544_000 + 50 + 16 * 82_880 + 36)


def test_an_unknown_precision_is_refused():
    with pytest.raises(BadParameter, match="fp8"):
        lora_tensor_bytes(SD15, 4, precision="fp8")


def test_203_images_in_four_buckets():
    buckets = [100, 60, 40, 3]
    assert batches_per_epoch([203], 4) == 51
    assert batches_per_epoch([101, 60, 40, 2], 4) == 52
    assert batches_per_epoch([100, 60, 40, 3], 8) == 13 + 8 + 5 + 1
    assert steps_per_epoch(buckets, 1) == 203


@given(st.lists(st.integers(0, 500), max_size=6), st.integers(1, 16), st.integers(1, 8), st.integers(1, 4))
def test_a_step_holds_at_most_its_batches(counts, batch, accumulation, processes):
    steps = steps_per_epoch(counts, batch, accumulation=accumulation, processes=processes)
    batches = batches_per_epoch(counts, batch)
    assert (steps - 1) * accumulation * processes < batches <= steps * accumulation * processes or batches == steps == 0
    assert sum(counts) <= batches * batch


def test_epochs_come_before_steps_and_1600_comes_last():
    assert total_steps(51, max_train_epochs=10, max_train_steps=99) == 510
    assert total_steps(51, max_train_epochs=None, max_train_steps=99) == 99
    assert total_steps(51, max_train_epochs=None) == 1600
    assert number_of_epochs(99, 51) == 2


def test_samples_seen_count_repeats_and_whole_epochs():
    assert samples_seen([20, 3], 10) == 230


def test_regularization_images_fill_up_to_the_training_images():
    assert regularization_uses(10, [1, 1, 1]) == (4, 3, 3)
    assert regularization_uses(3, [2, 2, 2]) == (2, 2, 0)
    assert regularization_uses(5, []) == ()
    assert regularization_uses(5, [0]) == (0,)


def test_the_last_file_carries_no_number():
    names = [name for _, name in checkpoint_names("cat", 10, save_every_n_epochs=1)]
    assert names[0] == "cat-000001.safetensors"
    assert names[-2:] == ["cat-000009.safetensors", "cat.safetensors"]
    assert len(names) == 10


def test_files_saved_every_few_epochs_kept_or_unnamed():
    assert checkpoint_names("cat", 9, save_every_n_epochs=4) == (
        (4, "cat-000004.safetensors"),
        (8, "cat-000008.safetensors"),
        (9, "cat.safetensors"),
    )
    assert [epoch for epoch, _ in checkpoint_names("cat", 9, save_every_n_epochs=1, save_last_n_epochs=2)] == [7, 8, 9]
    assert checkpoint_names("cat", 9, save_every_n_epochs=None) == ((9, "cat.safetensors"),)
    assert [name for _, name in checkpoint_names(None, 2, save_every_n_epochs=1)] == ["epoch-000001.safetensors", "last.safetensors"]
