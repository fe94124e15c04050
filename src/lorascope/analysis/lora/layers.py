"""The layers of SD 1.x and SDXL that a LoRA can adapt, with their shapes, under sd-scripts' names.

What sd-scripts adapts: all linear layers and 1x1 convolutions of the U-Net's transformers, attention and MLP of the text encoders;
with conv_dim also the residual blocks, down- and upsamplers (networks/lora.py). Shapes: the published configurations of the models.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from lorascope.records.lora import Family, LayerKind, Part

CONVOLUTIONAL = (LayerKind.CONVOLUTION, LayerKind.POINTWISE)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that can be adapted: ``kernel`` is the side of a convolution, 1 for one point, None for a linear layer."""

    part: Part
    kind: LayerKind
    path: str
    inputs: int
    outputs: int
    kernel: int | None = None

    @property
    def needs_conv_dim(self) -> bool:
        """Whether sd-scripts adapts it only when conv_dim is set."""
        return self.kind in CONVOLUTIONAL


@cache
def layers(family: Family) -> tuple[Layer, ...]:
    """Every layer of the base model that sd-scripts can adapt; empty for a family whose layers are not listed here.

    >>> [sum(1 for layer in layers(Family.SDXL) if layer.part is Part.UNET and layer.needs_conv_dim is conv) for conv in (False, True)]
    [722, 66]
    """
    if family is Family.SD1:
        return (*_sd1_unet(), *_text_encoder(Part.TEXT_ENCODER, 12, 768))
    if family is Family.SDXL:
        return (*_sdxl_unet(), *_text_encoder(Part.TEXT_ENCODER, 12, 768), *_text_encoder(Part.TEXT_ENCODER_2, 32, 1280))
    return ()


def _transformer(at: str, width: int, depth: int, context: int, *, kernel: int | None) -> Iterator[Layer]:
    yield Layer(Part.UNET, LayerKind.PROJECTION, f"{at}_proj_in", width, width, kernel)
    for index in range(depth):
        block = f"{at}_transformer_blocks_{index}"
        for kind, source in ((LayerKind.SELF_ATTENTION, width), (LayerKind.CROSS_ATTENTION, context)):
            yield Layer(Part.UNET, kind, f"{block}_{kind.value}_to_q", width, width)
            yield Layer(Part.UNET, kind, f"{block}_{kind.value}_to_k", source, width)
            yield Layer(Part.UNET, kind, f"{block}_{kind.value}_to_v", source, width)
            yield Layer(Part.UNET, kind, f"{block}_{kind.value}_to_out_0", width, width)
        yield Layer(Part.UNET, LayerKind.FEED_FORWARD, f"{block}_ff_net_0_proj", width, 8 * width)
        yield Layer(Part.UNET, LayerKind.FEED_FORWARD, f"{block}_ff_net_2", 4 * width, width)
    yield Layer(Part.UNET, LayerKind.PROJECTION, f"{at}_proj_out", width, width, kernel)


# conv1, conv2, the time embedding's layer, and the shortcut where inputs and outputs differ
_SD_RESIDUAL = ("conv1", "conv2", "time_emb_proj", "conv_shortcut")
_SDXL_RESIDUAL = ("in_layers_2", "out_layers_3", "emb_layers_1", "skip_connection")


def _residual(at: str, inputs: int, outputs: int, names: tuple[str, ...]) -> Iterator[Layer]:
    first, second, time, shortcut = names
    yield Layer(Part.UNET, LayerKind.CONVOLUTION, f"{at}_{first}", inputs, outputs, 3)
    yield Layer(Part.UNET, LayerKind.CONVOLUTION, f"{at}_{second}", outputs, outputs, 3)
    yield Layer(Part.UNET, LayerKind.POINTWISE, f"{at}_{time}", 1280, outputs)
    if inputs != outputs:
        yield Layer(Part.UNET, LayerKind.POINTWISE, f"{at}_{shortcut}", inputs, outputs, 1)


def _sd1_unet() -> Iterator[Layer]:
    widths = (320, 640, 1280, 1280)
    skips, width = [320], 320
    for block, outputs in enumerate(widths):
        for index in range(2):
            yield from _residual(f"down_blocks_{block}_resnets_{index}", width, outputs, _SD_RESIDUAL)
            if block < 3:
                yield from _transformer(f"down_blocks_{block}_attentions_{index}", outputs, 1, 768, kernel=1)
            width = outputs
            skips.append(width)
        if block < 3:
            yield Layer(Part.UNET, LayerKind.CONVOLUTION, f"down_blocks_{block}_downsamplers_0_conv", width, width, 3)
            skips.append(width)
    for index in range(2):
        yield from _residual(f"mid_block_resnets_{index}", 1280, 1280, _SD_RESIDUAL)
    yield from _transformer("mid_block_attentions_0", 1280, 1, 768, kernel=1)
    for block, outputs in enumerate(reversed(widths)):
        for index in range(3):
            yield from _residual(f"up_blocks_{block}_resnets_{index}", width + skips.pop(), outputs, _SD_RESIDUAL)
            if block > 0:
                yield from _transformer(f"up_blocks_{block}_attentions_{index}", outputs, 1, 768, kernel=1)
            width = outputs
        if block < 3:
            yield Layer(Part.UNET, LayerKind.CONVOLUTION, f"up_blocks_{block}_upsamplers_0_conv", width, width, 3)


def _sdxl_unet() -> Iterator[Layer]:
    widths, depths = (320, 640, 1280), (0, 2, 10)
    skips, width, at = [320], 320, 1
    for block, outputs in enumerate(widths):
        for _ in range(2):
            yield from _residual(f"input_blocks_{at}_0", width, outputs, _SDXL_RESIDUAL)
            if depths[block]:
                yield from _transformer(f"input_blocks_{at}_1", outputs, depths[block], 2048, kernel=None)
            width = outputs
            skips.append(width)
            at += 1
        if block < 2:
            yield Layer(Part.UNET, LayerKind.CONVOLUTION, f"input_blocks_{at}_0_op", width, width, 3)
            skips.append(width)
            at += 1
    for index in (0, 2):
        yield from _residual(f"middle_block_{index}", 1280, 1280, _SDXL_RESIDUAL)
    yield from _transformer("middle_block_1", 1280, 10, 2048, kernel=None)
    at = 0
    for block, outputs in reversed(tuple(enumerate(widths))):
        for index in range(3):
            yield from _residual(f"output_blocks_{at}_0", width + skips.pop(), outputs, _SDXL_RESIDUAL)
            if depths[block]:
                yield from _transformer(f"output_blocks_{at}_1", outputs, depths[block], 2048, kernel=None)
            width = outputs
            if index == 2 and block > 0:
                yield Layer(Part.UNET, LayerKind.CONVOLUTION, f"output_blocks_{at}_2_conv", width, width, 3)
            at += 1


def _text_encoder(part: Part, depth: int, width: int) -> Iterator[Layer]:
    for index in range(depth):
        at = f"text_model_encoder_layers_{index}"
        for name in ("q", "k", "v", "out"):
            yield Layer(part, LayerKind.TEXT_ATTENTION, f"{at}_self_attn_{name}_proj", width, width)
        yield Layer(part, LayerKind.TEXT_MLP, f"{at}_mlp_fc1", width, 4 * width)
        yield Layer(part, LayerKind.TEXT_MLP, f"{at}_mlp_fc2", 4 * width, width)
