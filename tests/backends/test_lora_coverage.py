"""Adapters sit where sd-scripts' networks.lora puts them."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from diffusers import UNet2DConditionModel  # noqa: E402
from transformers import CLIPTextConfig, CLIPTextModel  # noqa: E402

from lorascope.backends import lora  # noqa: E402


def sd15_unet() -> UNet2DConditionModel:
    """The U-Net of SD 1.5, without its weights."""
    with torch.device("meta"):
        return UNet2DConditionModel(cross_attention_dim=768)


def names(model):
    return [name for name, _ in lora.layers(model)]


def test_the_linear_coverage_of_sd15_is_192_modules():
    unet = sd15_unet()
    lora.attach(unet, None, lora.Shape(4, 4.0, None, 1.0))
    assert len(names(unet)) == 192
    weights = sum(parameter.numel() for _, parameter in lora.trainable(unet))
    assert weights == 4 * 423_936, "rank x 423,936: the trainer's own count for the U-Net"


def test_conv_dim_adds_50_convolutions_and_36_pointwise_layers():
    unet = sd15_unet()
    lora.attach(unet, None, lora.Shape(4, 4.0, 2, 1.0))
    found = names(unet)
    assert sum(map(lora.is_conv_3x3, found)) == 50
    assert len(found) == 192 + 50 + 22 + 14
    weights = sum(parameter.numel() for _, parameter in lora.trainable(unet))
    assert weights == 4 * 423_936 + 2 * 544_000 + 4 * 82_880


def test_the_text_encoder_of_sd15_has_72_modules():
    with torch.device("meta"):
        text_encoder = CLIPTextModel(CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12))
    lora.attach(sd15_unet(), text_encoder, lora.Shape(8, 4.0, None, 1.0))
    assert len(names(text_encoder)) == 72
    assert sum(parameter.numel() for _, parameter in lora.trainable(text_encoder)) == 8 * 165_888


@pytest.mark.parametrize(
    ("parameters", "shape"),
    [
        ({"network_dim": 32, "network_alpha": 16.0}, lora.Shape(32, 16.0, None, 1.0)),
        ({"network_dim": 32, "network_alpha": 0.0}, lora.Shape(32, 32.0, None, 1.0)),
        ({}, lora.Shape(4, 1.0, None, 1.0)),
        ({"network_dim": 8, "conv_dim": 4, "conv_alpha": 2.0}, lora.Shape(8, 1.0, 4, 2.0)),
        ({"network_dim": 8, "conv_dim": 4}, lora.Shape(8, 1.0, 4, 1.0)),
        ({"network_dim": 8, "conv_dim": 4, "conv_alpha": 0.0}, lora.Shape(8, 1.0, 4, 4.0)),
    ],
)
def test_alpha_and_rank_follow_the_trainer(parameters, shape):
    """Unset: rank 4, alpha 1, of convolutions too. An alpha of 0 means alpha = rank."""
    assert lora.Shape.of(parameters) == shape


def test_a_module_that_is_dropped_for_a_step_is_not_moved_by_momentum():
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(32, 32), down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), layers_per_block=1, cross_attention_dim=16,
    )  # fmt: skip
    lora.attach(unet, None, lora.Shape(2, 2.0, None, 1.0))
    lora.Dropouts(module=0.5).install(unet.train())
    unet(torch.randn(1, 4, 8, 8), torch.tensor([10]), torch.randn(1, 3, 16)).sample.sum().backward()
    without = [parameter.grad is None for _, parameter in lora.trainable(unet)]
    assert 0.2 < sum(without) / len(without) < 0.8, "an optimizer leaves parameters without a gradient alone"
