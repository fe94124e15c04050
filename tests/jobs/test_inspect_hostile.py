"""Nothing in a file from a stranger crashes, hangs, executes or fills the memory."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lora_files import TEXT, UNET, module, raw, texts, write

from lorascope.errors import BadFile, BadParameter, MissingFile, UnfinishedFile
from lorascope.importers.safetensors_header import TensorInfo
from lorascope.jobs.inspect import diagnose, inspect
from lorascope.jobs.read_lora import as_floats
from lorascope.records.lora import ModuleState


@pytest.mark.parametrize("head", [b"PK\x03\x04rest of a torch file", b"\x80\x02}q\x00.", b"\x80\x04K\x01."])
def test_pickles_are_refused_by_their_bytes(tmp_path, head):
    path = tmp_path / "a.safetensors"
    path.write_bytes(head)
    with pytest.raises(BadFile, match="pickle"):
        inspect([path])


@pytest.mark.parametrize("ending", [".ckpt", ".pt", ".bin"])
def test_pickles_are_refused_by_their_names(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    path.write_bytes(b"anything")
    with pytest.raises(BadFile, match="pickle"):
        inspect([path])


def test_a_header_whose_length_begins_like_a_pickle_is_read(tmp_path):
    tensors = module(alpha=None)
    path = write(tmp_path / "a.safetensors", tensors, {"note": ""})
    length = int.from_bytes(path.read_bytes()[:8], "little")
    write(path, tensors, {"note": "x" * (0x280 - length)})
    assert path.read_bytes()[:2] == b"\x80\x02"
    assert len(diagnose(path).lora.modules) == 1


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingFile):
        inspect([tmp_path / "none.safetensors"])


def test_a_file_cut_off(tmp_path):
    path = write(tmp_path / "a.safetensors", module())
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UnfinishedFile):
        inspect([path])


def test_a_whole_model_is_no_lora(tmp_path):
    with pytest.raises(BadFile, match=r"holds no LoRA: 1 tensors, such as 'first_stage_model.decoder.weight'"):
        inspect([write(tmp_path / "a.safetensors", {"first_stage_model.decoder.weight": np.ones((2, 2))})])
    with pytest.raises(BadFile, match="holds no LoRA: 0 tensors"):
        inspect([write(tmp_path / "b.safetensors", {})])


@pytest.mark.parametrize(
    "tensors",
    [
        {f"{UNET}.lora_down.weight": np.ones((4, 6))},
        {f"{UNET}.lora_down.weight": np.ones((4, 6)), f"{UNET}.lora_up.weight": np.ones((5, 3))},
        {f"{UNET}.lora_down.weight": np.ones((0, 6)), f"{UNET}.lora_up.weight": np.ones((5, 0))},
        {f"{UNET}.lora_down.weight": np.ones((4, 6)), f"{UNET}.lora_up.weight": np.ones((5, 4)), f"{UNET}.alpha": np.ones(3)},
        {f"{UNET}.lora_down.weight": np.ones(()), f"{UNET}.lora_up.weight": np.ones(())},
    ],
)
def test_a_broken_module_is_told_and_the_others_are_measured(tmp_path, tensors):
    found = diagnose(write(tmp_path / "a.safetensors", tensors | module(TEXT)))
    assert {each.name: each.state for each in found.lora.modules} == {UNET: ModuleState.BROKEN, TEXT: ModuleState.MEASURED}
    assert texts(found)[0].startswith("1 module cannot work.")


def test_a_claimed_rank_of_a_billion_costs_nothing(tmp_path):
    """The file is sparse: its length is as claimed, and no byte of it is there."""
    rank = 10**9
    down, up = 2 * rank * 8, 2 * rank * 5
    path = raw(
        tmp_path / "a.safetensors",
        {
            f"{UNET}.lora_down.weight": {"dtype": "F16", "shape": [rank, 8], "data_offsets": [0, down]},
            f"{UNET}.lora_up.weight": {"dtype": "F16", "shape": [5, rank], "data_offsets": [down, down + up]},
        },
    )
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + down + up)
    (found,) = inspect([path], header_only=True).files
    assert found.lora.modules[0].state is ModuleState.TOO_LARGE
    with pytest.raises(BadFile, match="larger than any LoRA"):
        inspect([path])


def test_integers_are_not_taken_for_weights(tmp_path):
    data = bytes(24)
    path = raw(
        tmp_path / "a.safetensors",
        {
            f"{UNET}.lora_down.weight": {"dtype": "I16", "shape": [2, 3], "data_offsets": [0, 12]},
            f"{UNET}.lora_up.weight": {"dtype": "I16", "shape": [3, 2], "data_offsets": [12, 24]},
        },
        data,
    )
    (found,) = diagnose(path).lora.modules
    assert (found.state, found.problem) == (ModuleState.BROKEN, "holds I16, which is not read as numbers")


@pytest.mark.parametrize(("dtype", "one"), [("F8_E4M3", 0x38), ("F8_E5M2", 0x3C)])
def test_eight_bit_floats_are_read(tmp_path, dtype, one):
    path = raw(
        tmp_path / "a.safetensors",
        {
            f"{UNET}.lora_down.weight": {"dtype": dtype, "shape": [1, 9], "data_offsets": [0, 9]},
            f"{UNET}.lora_up.weight": {"dtype": dtype, "shape": [4, 1], "data_offsets": [9, 13]},
        },
        bytes([one] * 13),
    )
    assert diagnose(path).lora.modules[0].spectrum.norm == pytest.approx(6)  # ones everywhere: the root of 4 x 9


def test_ten_thousand_modules_with_names_that_move_the_cursor(tmp_path):
    tensors = {}
    for number in range(10_000):
        name = f"lora_unet_\x1b[2J{number}\u202e"
        tensors |= {f"{name}.lora_down.weight": np.ones((1, 2)), f"{name}.lora_up.weight": np.zeros((2, 1))}
    found = diagnose(write(tmp_path / "a.safetensors", tensors))
    assert len(found.lora.modules) == 10_000
    assert not any("\x1b" in text or "\u202e" in text for text in texts(found))


def test_too_many_files_are_refused(tmp_path):
    with pytest.raises(BadParameter, match="201 files"):
        inspect([tmp_path / "a"] * 201)
    with pytest.raises(BadParameter, match="0 files"):
        inspect([])


def test_eight_bit_floats_have_the_values_of_their_definition():
    """Zero, the smallest, one, the largest, NaN (F8_E4M3 has no infinity), and a negative number."""
    info = TensorInfo("F8_E4M3", (6,), 0, 6)
    found = as_floats(memoryview(bytes([0x00, 0x01, 0x38, 0x7E, 0x7F, 0xB8])), info)
    assert found.tolist() == pytest.approx([0, 2.0**-9, 1, 448, np.nan, -1], nan_ok=True)
