"""LoRA files of every origin are inspected from their tensors alone, and what is surprising or damaged is named."""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lora_files import KOHYA, TEXT, UNET, lora, module, raw, said, texts, write
from safetensors.numpy import save

from lorascope.jobs.inspect import diagnose, inspect
from lorascope.records.lora import Family, ModuleState, Part
from lorascope.reports.lora_notes import expected_bytes


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A complete SD 1.5 file of rank 4, as sd-scripts writes it."""
    return write(tmp_path_factory.mktemp("lora") / "cat-000008.safetensors", lora(Family.SD1, 4, alpha=2.0), KOHYA)


@pytest.mark.parametrize(("dtype", "accuracy"), [("F64", 1e-6), ("F32", 1e-6), ("F16", 1e-3), ("BF16", 1e-2)])
def test_the_norm_is_that_of_the_change_of_weights(tmp_path, dtype, accuracy):
    tensors = module()
    (found,) = diagnose(write(tmp_path / "a.safetensors", tensors, dtype=dtype)).lora.modules
    assert found.spectrum.norm == pytest.approx(
        np.linalg.norm(0.5 * tensors[f"{UNET}.lora_up.weight"] @ tensors[f"{UNET}.lora_down.weight"]), rel=accuracy
    )
    assert (found.rank, found.alpha, found.scale) == (4, 2.0, 0.5)


def test_a_whole_file_tells_its_model_coverage_and_recipe(whole):
    found = diagnose(whole)
    lora_file, origin = found.lora, found.origin
    assert lora_file.family is Family.SD1
    assert (lora_file.coverage.unet.adapted, lora_file.coverage.text_encoder.adapted) == (192, 72)
    assert {each.state for each in lora_file.modules} == {ModuleState.MEASURED}
    assert (origin.trainer, origin.version, origin.number, origin.epochs) == ("kohya", "48d368f", 8, 10)
    assert origin.parameters["network_dim"] == 4
    assert expected_bytes(lora_file) == lora_file.tensor_bytes
    assert texts(found) == []


def test_sdxl_is_told_from_its_tensors(tmp_path):
    found = diagnose(write(tmp_path / "xl.safetensors", lora(Family.SDXL, 1), {}))
    assert found.lora.family is Family.SDXL
    assert (found.lora.coverage.unet.adapted, found.lora.coverage.text_encoder.adapted) == (722, 264)
    assert expected_bytes(found.lora) == found.lora.tensor_bytes


def test_the_header_alone_tells_coverage_and_ranks(whole):
    (found,) = inspect([whole], header_only=True).files
    assert found.lora.coverage.unet.adapted == 192
    assert {each.rank for each in found.lora.modules} == {4}
    assert {each.spectrum for each in found.lora.modules} == {None}
    assert said(found, "Only the header was read")


def renamed(tensors, down, up):
    """kohya's tensors under the names of another trainer, without alphas."""
    made = {}
    for name, values in tensors.items():
        stem, _, role = name.partition(".")
        path = stem.removeprefix("lora_unet_").replace("_blocks_", "_blocks.").replace("down.", "down_")
        if "lora_down" in role:
            made[down.format(path)] = values
        elif "lora_up" in role:
            made[up.format(path)] = values
    return made


@pytest.mark.parametrize(
    ("down", "up"),
    [
        ("unet.{}.lora_A.weight", "unet.{}.lora_B.weight"),
        ("unet.{}.lora.down.weight", "unet.{}.lora.up.weight"),
        ("base_model.model.{}.lora_A.default.weight", "base_model.model.{}.lora_B.default.weight"),
        ("diffusion_model.{}.lora_down.weight", "diffusion_model.{}.lora_up.weight"),
    ],
)
def test_the_same_weights_under_other_names_give_the_same_numbers(tmp_path, down, up):
    tensors = lora(Family.SD1, 2, only=[Part.UNET])
    ours = diagnose(write(tmp_path / "a.safetensors", tensors, dtype="F32")).lora
    theirs = diagnose(write(tmp_path / "b.safetensors", renamed(tensors, down, up), dtype="F32")).lora
    assert theirs.family is Family.SD1
    assert theirs.coverage.unet == ours.coverage.unet
    norms = [{each.layer: each.spectrum.norm for each in file.modules} for file in (ours, theirs)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-5)


def test_alphas_of_peft_are_read_from_the_metadata(tmp_path):
    tensors = {
        "unet.mid_block.attentions.0.proj_in.lora_A.weight": np.ones((4, 6)),
        "unet.mid_block.attentions.0.proj_in.lora_B.weight": np.ones((5, 4)),
    }
    said_by = {"lora_adapter_metadata": json.dumps({"unet.r": 4, "unet.lora_alpha": 8, "unet.use_rslora": True})}
    (found,) = diagnose(write(tmp_path / "a.safetensors", tensors, said_by)).lora.modules
    assert (found.alpha, found.scale) == (8, 4)
    (without,) = diagnose(write(tmp_path / "b.safetensors", tensors)).lora.modules
    assert (without.alpha, without.scale) == (None, 1)


def test_lycoris_kinds_live_side_by_side(tmp_path):
    rng = np.random.default_rng(0)
    shapes = {
        "a.hada_w1_a": (8, 2), "a.hada_w1_b": (2, 9), "a.hada_w2_a": (8, 2), "a.hada_w2_b": (2, 9), "a.alpha": (),
        "b.lokr_w1": (2, 2), "b.lokr_w2": (4, 5), "b.alpha": (),
        "c.diff": (8, 9), "d.w_norm": (8,), "d.b_norm": (8,), "e.oft_blocks": (2, 4, 4), "f.on_input": (), "f.weight": (9,),
        "g.b1.weight": (8, 2), "g.b2.weight": (2, 9), "g.a1.weight": (9, 2), "g.a2.weight": (2, 9),
        "h.lora_up.weight": (8, 2), "h.lora_down.weight": (2, 9), "h.dora_scale": (8, 1),
    }  # fmt: skip
    found = diagnose(write(tmp_path / "a.safetensors", {f"lora_unet_{name}": rng.standard_normal(shape) for name, shape in shapes.items()}))
    kinds = {each.name.removeprefix("lora_unet_"): (each.algorithm, each.state.value) for each in found.lora.modules}
    assert kinds == {
        "a": ("LoHa", "measured"), "b": ("LoKr", "measured"), "c": ("full", "measured"), "d": ("norm", "measured"),
        "e": ("OFT", "needs the base model"), "f": ("(IA)3", "needs the base model"), "g": ("GLoRA", "measured"),
        "h": ("LoRA + DoRA", "measured"),
    }  # fmt: skip
    assert found.lora.unknown == ()


def test_ranks_that_differ_are_dynamic(tmp_path):
    tensors = {name: values for rank in (2, 4, 8) for name, values in module(f"{UNET}_{rank}", rank).items()}
    assert said(diagnose(write(tmp_path / "a.safetensors", tensors)), "Ranks are dynamic: 3 different ones, from 2 to 8")


def test_a_text_encoder_that_was_saved_but_not_trained_is_found(tmp_path):
    tensors = lora(Family.SD1, 2)
    for name in tensors:
        if name.startswith("lora_te_") and "lora_up" in name:
            tensors[name] = np.zeros_like(tensors[name])
    found = diagnose(write(tmp_path / "a.safetensors", tensors, KOHYA | {"ss_network_dim": "2", "ss_text_encoder_lr": "0.0"}))
    assert texts(found)[0].startswith("The text encoder was not trained: all 72 modules are in the file")
    assert "its learning rate was set to 0" in texts(found)[0]


def test_a_file_that_does_nothing_is_called_so(tmp_path):
    tensors = module()
    tensors[f"{UNET}.lora_up.weight"][:] = 0
    found = diagnose(write(tmp_path / "a.safetensors", tensors))
    assert found.lora.modules[0].problem == "up is all zeros"
    assert said(found, "The file does nothing")


def test_text_attention_skipped_by_an_old_trainer_is_found(tmp_path):
    tensors = {name: values for name, values in lora(Family.SDXL, 1).items() if "self_attn" not in name}
    assert said(diagnose(write(tmp_path / "a.safetensors", tensors)), "CLIPSdpaAttention")


def test_u_net_only_is_said(tmp_path):
    found = diagnose(write(tmp_path / "a.safetensors", lora(Family.SD1, 1, only=[Part.UNET])))
    assert said(found, "U-Net only")
    assert expected_bytes(found.lora) == found.lora.tensor_bytes


def test_layers_that_are_left_out_are_counted(tmp_path):
    tensors = {name: values for name, values in lora(Family.SD1, 1).items() if "down_blocks_0_attentions_0_proj_in" not in name}
    assert said(diagnose(write(tmp_path / "a.safetensors", tensors)), "Some layers are left out: U-Net proj 31 of 32")


def test_metadata_that_contradict_the_tensors_are_found(tmp_path):
    found = diagnose(write(tmp_path / "a.safetensors", lora(Family.SD1, 2), KOHYA | {"ss_base_model_version": "sdxl_base_v1-0"}))
    assert said(found, "The metadata say SDXL, but the tensors are of SD 1.x")
    assert said(found, "The metadata say network_dim = 4, the tensors have rank 2")
    other = diagnose(write(tmp_path / "b.safetensors", lora(Family.SD1, 4, alpha=4), KOHYA))
    assert texts(other)[0] == "The metadata say network_alpha = 2, the tensors have 4."


@pytest.mark.parametrize(("value", "role"), [(np.nan, "up"), (np.inf, "down")])
def test_nan_is_named_with_its_tensor(tmp_path, value, role):
    tensors = module()
    tensors[f"{UNET}.lora_{role}.weight"][1, 2] = value
    found = diagnose(write(tmp_path / "a.safetensors", tensors))
    assert found.lora.nonfinite == {f"{UNET}.lora_{role}.weight": 1}
    assert (found.lora.modules[0].state, found.lora.modules[0].spectrum) == (ModuleState.NOT_FINITE, None)
    assert texts(found)[0].startswith("NaN or infinity in 1 value of 1 tensor")


def test_nan_is_found_in_tensors_that_are_not_measured(tmp_path):
    tensors = {**module(), f"{UNET}.dora_scale": np.array([[np.nan], [1.0]]), "somewhere.else": np.array([np.inf])}
    found = diagnose(write(tmp_path / "a.safetensors", tensors))
    assert found.lora.nonfinite == {f"{UNET}.dora_scale": 1, "somewhere.else": 1}


def test_an_alpha_that_is_no_number_spoils_its_module_alone(tmp_path):
    tensors = {**module(alpha=np.nan), **module(TEXT)}
    found = diagnose(write(tmp_path / "a.safetensors", tensors)).lora
    assert {each.name: each.state for each in found.modules} == {UNET: ModuleState.NOT_FINITE, TEXT: ModuleState.MEASURED}


def as_the_trainer_saves(tensors, facts):
    """Bytes of a file with both hashes, computed as sd-scripts does: over a first serialization with ss_ metadata alone."""
    first = save(tensors, {key: value for key, value in facts.items() if key.startswith("ss_")})
    hashes = {
        "sshs_model_hash": hashlib.sha256(first[8 + int.from_bytes(first[:8], "little") :]).hexdigest(),
        "sshs_legacy_hash": hashlib.sha256(first[0x100000:0x110000]).hexdigest()[:8],
    }
    return save(tensors, facts | hashes)


@pytest.fixture
def large(tmp_path):
    """A file of more than a megabyte, so that the old hash covers numbers, with a title that only the second header has."""
    rng = np.random.default_rng(0)
    tensors = {
        f"{UNET}.lora_down.weight": rng.standard_normal((64, 9000), np.float32),
        f"{UNET}.lora_up.weight": np.ones((5, 64), np.float32),
    }
    path = tmp_path / "cat.safetensors"
    path.write_bytes(as_the_trainer_saves(tensors, {"ss_output_name": 'cat "ü"\n', "modelspec.title": "cat"}))
    return path


def test_both_hashes_are_recomputed(large):
    found = diagnose(large)
    assert (found.lora.tensor_hash, found.lora.legacy_hash) == (found.origin.recorded_hash, found.origin.recorded_legacy_hash)
    assert not said(found, "hash")


def test_weights_changed_since_are_noticed(large):
    data = bytearray(large.read_bytes())
    data[-3] ^= 1
    large.write_bytes(data)
    assert said(diagnose(large), "The weights are not those that were saved")


def test_metadata_edited_since_are_noticed(large):
    data = large.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header["__metadata__"]["ss_training_comment"] = "added afterwards"
    raw(large, header, data[start:])
    assert said(diagnose(large), "their metadata were edited since")
