"""A layer has one name, whichever trainer wrote the file."""

import pytest

from lorascope.analysis.lora.family import layer_path
from lorascope.analysis.lora.layers import layers
from lorascope.analysis.lora.names import block_of, grouped, in_sd_names, in_sdxl_names, layer_name
from lorascope.records.lora import Family, LayerKind, Part, block_label

ATTENTION = "down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_out_0"


@pytest.mark.parametrize(
    ("tensor", "naming"),
    [
        ("lora_unet_down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_out_0.lora_down.weight", "kohya"),
        ("unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora_A.weight", "diffusers"),
        ("unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora_A.default.weight", "diffusers"),
        ("unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora.down.weight", "diffusers"),
        ("unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.processor.to_out_lora.down.weight", "diffusers"),
        ("down_blocks.0.attentions.1.transformer_blocks.0.attn1.processor.to_out_lora.down.weight", "diffusers"),
        ("base_model.model.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora_A.weight", "diffusers"),
        ("diffusion_model.input_blocks.2.1.transformer_blocks.0.attn1.to_out.0.lora_down.weight", "comfyui"),
        ("lycoris_down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_out_0.lora_down.weight", "lycoris"),
    ],
)
def test_all_spellings_of_a_u_net_layer_are_one(tensor, naming):
    modules, unknown = grouped([tensor])
    assert unknown == ()
    (module,) = modules
    assert modules[module] == {"down": tensor}
    layer = layer_name(module)
    assert (layer.part, layer_path(layer, Family.SD1), layer.naming) == (Part.UNET, ATTENTION, naming)


@pytest.mark.parametrize(
    ("module", "part"),
    [
        ("lora_te_text_model_encoder_layers_3_self_attn_q_proj", Part.TEXT_ENCODER),
        ("lora_te1_text_model_encoder_layers_3_self_attn_q_proj", Part.TEXT_ENCODER),
        ("lora_te2_text_model_encoder_layers_3_self_attn_q_proj", Part.TEXT_ENCODER_2),
        ("text_encoder.text_model.encoder.layers.3.self_attn.q_proj", Part.TEXT_ENCODER),
        ("text_encoder.text_model.encoder.layers.3.self_attn.q_proj.lora_linear_layer", Part.TEXT_ENCODER),
        ("text_encoder.encoder.layers.3.self_attn.q_proj", Part.TEXT_ENCODER),
        ("text_encoder_2.text_model.encoder.layers.3.self_attn.q_proj", Part.TEXT_ENCODER_2),
        ("text_encoders.clip_l.transformer.text_model.encoder.layers.3.self_attn.q_proj", Part.TEXT_ENCODER),
        ("base_model.model.text_model.encoder.layers.3.self_attn.q_proj", Part.TEXT_ENCODER),
    ],
)
def test_all_spellings_of_a_text_layer_are_one(module, part):
    layer = layer_name(module)
    assert (layer.part, layer.path) == (part, "text_model_encoder_layers_3_self_attn_q_proj")
    assert layer.kind is LayerKind.TEXT_ATTENTION


def test_every_factor_of_a_module_is_found():
    names = [f"m.{end}" for end in ("lora_down.weight", "lora_up.weight", "lora_mid.weight", "alpha", "dora_scale")]
    assert grouped(names)[0]["m"].keys() == {"down", "up", "mid", "alpha", "dora_scale"}


def test_a_second_spelling_of_a_factor_is_unknown():
    modules, unknown = grouped(["m.lora_down.weight", "m.lora_A.weight"])
    assert (modules, unknown) == ({"m": {"down": "m.lora_down.weight"}}, ("m.lora_A.weight",))


def test_diffusers_names_of_sdxl_reach_every_layer_that_sd_scripts_names():
    """All layers of SDXL in diffusers' naming, generated here, fall onto sd-scripts' list."""
    ours = {layer.path for layer in layers(Family.SDXL) if layer.part is Part.UNET}
    attention = [f"down_blocks_{block}_attentions_{index}" for block in (1, 2) for index in (0, 1)]
    attention += ["mid_block_attentions_0", *(f"up_blocks_{block}_attentions_{index}" for block in (0, 1) for index in (0, 1, 2))]
    residual = [f"down_blocks_{block}_resnets_{index}" for block in range(3) for index in range(2)]
    residual += [f"mid_block_resnets_{index}" for index in range(2)]
    residual += [f"up_blocks_{block}_resnets_{index}" for block in range(3) for index in range(3)]
    names = [f"{at}_proj_in" for at in attention] + [f"{at}_{piece}" for at in residual for piece in ("conv1", "conv2", "time_emb_proj")]
    names += [f"down_blocks_{block}_downsamplers_0_conv" for block in range(2)]
    names += [f"up_blocks_{block}_upsamplers_0_conv" for block in range(2)]
    mapped = {in_sdxl_names(name) for name in names}
    assert len(mapped) == len(names)
    assert mapped <= ours


def test_every_sd1_layer_has_one_name_in_the_original_code_and_back():
    original = [f"input_blocks_{at}_1_proj_in" for at in (1, 2, 4, 5, 7, 8)] + [f"output_blocks_{at}_1_proj_in" for at in range(3, 12)]
    original += [f"input_blocks_{at}_0_{piece}" for at in (1, 2, 4, 5, 7, 8, 10, 11) for piece in ("in_layers_2", "emb_layers_1")]
    original += [f"output_blocks_{at}_0_skip_connection" for at in range(12)] + ["middle_block_2_out_layers_3", "middle_block_1_proj_out"]
    original += [f"input_blocks_{at}_0_op" for at in (3, 6, 9)] + [
        "output_blocks_2_1_conv",
        "output_blocks_5_2_conv",
        "output_blocks_8_2_conv",
    ]
    ours = {layer.path for layer in layers(Family.SD1)}
    assert {in_sd_names(name) for name in original} <= ours
    assert len({in_sd_names(name) for name in original}) == len(original)


def test_blocks_are_counted_as_sd_scripts_does():
    sd1 = {block_of(layer.path, Family.SD1) for layer in layers(Family.SD1) if layer.part is Part.UNET and not layer.needs_conv_dim}
    sdxl = {block_of(layer.path, Family.SDXL) for layer in layers(Family.SDXL) if layer.part is Part.UNET and not layer.needs_conv_dim}
    assert sd1 == {1, 2, 4, 5, 7, 8, 12, 16, 17, 18, 19, 20, 21, 22, 23, 24}
    assert sdxl == {5, 6, 8, 9, 11, 13, 14, 15, 16, 17, 18}
    assert {block_of(layer.path, Family.SDXL) for layer in layers(Family.SDXL) if layer.part is Part.UNET} == set(range(2, 22))


def test_blocks_are_called_as_people_call_them():
    assert [block_label(block, Family.SD1) for block in (1, 12, 13, 24)] == ["IN01", "MID", "OUT00", "OUT11"]
    assert [block_label(block, Family.SDXL) for block in (5, 11, 13)] == ["IN04", "MID", "OUT00"]


@pytest.mark.parametrize("name", ["", "alpha", ".alpha", "a" * 10_000, "x\x00.lora_up.weight", "\u202e.alpha", "_lora.down.weight"])
def test_strange_names_are_no_trouble(name):
    modules, unknown = grouped([name])
    assert len(modules) + len(unknown) == 1
    for module in modules:
        layer_name(module)
