"""The base model is known by its shapes, and coverage is counted against what sd-scripts adapts."""

import pytest

from lorascope.analysis.lora.family import Sighting, coverage, recognize
from lorascope.analysis.lora.layers import layers
from lorascope.analysis.lora.names import layer_name
from lorascope.parameters.derived import SD15, SDXL
from lorascope.records.lora import Family, LayerKind, LoraModule, ModuleState, Part


def weights(chosen):
    return sum(layer.inputs * (layer.kernel or 1) ** 2 + layer.outputs for layer in chosen), len(chosen)


@pytest.mark.parametrize(("family", "model"), [(Family.SD1, SD15), (Family.SDXL, SDXL)])
def test_the_layers_have_the_counts_and_sizes_that_files_have(family, model):
    unet = [layer for layer in layers(family) if layer.part is Part.UNET]
    assert weights([layer for layer in unet if not layer.needs_conv_dim]) == (model.unet.weights, model.unet.modules)
    text = [layer for layer in layers(family) if layer.part is not Part.UNET]
    assert weights(text) == (model.text_encoders.weights, model.text_encoders.modules)
    for kind, expected in ((LayerKind.POINTWISE, model.pointwise), (LayerKind.CONVOLUTION, model.convolutions)):
        assert weights([layer for layer in unet if layer.kind is kind]) == (expected.weights, expected.modules)


PREFIXES = {Part.UNET: "lora_unet_", Part.TEXT_ENCODER: "lora_te1_", Part.TEXT_ENCODER_2: "lora_te2_"}


@pytest.mark.parametrize("family", [Family.SD1, Family.SDXL])
def test_the_listed_kinds_are_those_that_the_names_say(family):
    read = {layer: layer_name(PREFIXES[layer.part] + layer.path) for layer in layers(family)}
    assert [layer for layer, name in read.items() if (name.part, name.kind, name.path) != (layer.part, layer.kind, layer.path)] == []


def seen(module, inputs):
    return Sighting(layer_name(module), inputs, 320)


KEY = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"


@pytest.mark.parametrize(("width", "family"), [(768, Family.SD1), (1024, Family.SD2), (2048, Family.SDXL), (64, Family.UNKNOWN)])
def test_the_width_of_the_text_tells_the_model(width, family):
    assert recognize([seen(KEY, width)]) == (family, (width,))


def test_names_tell_where_no_width_does():
    assert recognize([seen("lora_te2_text_model_encoder_layers_3_mlp_fc1", 1280)])[0] is Family.SDXL
    assert recognize([seen("lora_unet_single_blocks_3_linear1", 3072)])[0] is Family.FLUX
    assert recognize([seen("lora_unet_joint_blocks_3_x_block_attn_qkv", 1536)])[0] is Family.SD3
    assert recognize([seen("lora_te_text_model_encoder_layers_3_mlp_fc1", 768)])[0] is Family.UNKNOWN


def module(layer):
    return LoraModule(layer.path, layer.path, layer.part, layer.kind, None, "LoRA", 4, None, 1.0, 1, ModuleState.MEASURED)


def test_coverage_of_the_attention_alone():
    modules = [module(layer) for layer in layers(Family.SD1) if layer.kind in {LayerKind.SELF_ATTENTION, LayerKind.CROSS_ATTENTION}]
    found = coverage(modules, Family.SD1)
    assert (found.unet.adapted, found.unet.possible) == (128, 192)
    assert (found.text_encoder.adapted, found.text_encoder.possible) == (0, 72)
    assert {kind.group: kind.adapted for kind in found.kinds if kind.adapted} == {"U-Net attn1": 64, "U-Net attn2": 64}


def test_convolutions_count_among_the_possible_only_where_some_are_adapted():
    linear = [module(layer) for layer in layers(Family.SD1) if not layer.needs_conv_dim]
    everything = [module(layer) for layer in layers(Family.SD1)]
    assert coverage(linear, Family.SD1).unet.possible == 192
    assert (coverage(everything, Family.SD1).unet.adapted, coverage(everything, Family.SD1).unet.possible) == (278, 278)


def test_layers_the_model_does_not_have_are_named():
    strange = LoraModule("x", "elsewhere", Part.UNET, LayerKind.OTHER, None, "LoRA", 4, None, 1.0, 1, ModuleState.MEASURED)
    assert coverage([strange], Family.SD1).surplus == ("elsewhere",)
    assert coverage([strange], Family.UNKNOWN).surplus == ()
