"""Put LoRA adapters where sd-scripts' ``networks.lora`` puts them, and read them back.

The adapters are PEFT's. Coverage follows networks/lora.py: all linear and 1 x 1 convolution layers of the U-Net's
transformers, the text encoder's attention and MLP; with ``conv_dim`` also the convolutions of residual, down- and
upsampling blocks (their 1 x 1 shortcuts and time projections at ``network_dim``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig
from peft.tuners.lora import LoraLayer
from torch import nn

from lorascope.backends.kohya_file import AdapterModule
from lorascope.records.run import ParameterValue

ADAPTER = "default"
_LINEAR = r"(to_q|to_k|to_v|to_out\.0|proj_in|proj_out|ff\.net\.0\.proj|ff\.net\.2)"
_CONV_1X1 = r"(conv_shortcut|time_emb_proj)"
_CONV_3X3 = r"(resnets\.\d+\.conv[12]|(down|up)samplers\.\d+\.conv)"
_TEXT = r"(q_proj|k_proj|v_proj|out_proj|fc1|fc2)"


@dataclass(frozen=True, slots=True)
class Shape:
    """Rank and alpha of the adapters. ``conv_dim`` None: convolutions stay untouched. Scale is alpha / rank."""

    dim: int
    alpha: float
    conv_dim: int | None
    conv_alpha: float

    @classmethod
    def of(cls, parameters: Mapping[str, ParameterValue]) -> Shape:
        """Read the shape from parameters; as in the trainer an unset alpha is 1, and one of 0 means alpha = rank."""
        dim = int(str(parameters.get("network_dim") or 4))
        conv = parameters.get("conv_dim")
        conv_dim = int(str(conv)) if conv else None
        conv_alpha = parameters.get("conv_alpha")
        conv_alpha = 1.0 if conv_alpha is None else conv_alpha  # network_args have no None: unset
        return cls(dim, _alpha(parameters.get("network_alpha", 1.0), dim), conv_dim, _alpha(conv_alpha, conv_dim or 1))


def _alpha(value: ParameterValue, rank: int) -> float:
    return float(str(value)) if value else float(rank)


def attach(unet: Any, text_encoder: Any | None, shape: Shape) -> None:
    """Freeze the models and add trainable adapters; ``text_encoder`` None leaves the text encoder alone."""
    unet.requires_grad_(requires_grad=False)
    endings = [_LINEAR] + ([_CONV_1X1, _CONV_3X3] if shape.conv_dim else [])
    patterns: dict[str, Any] = {}
    if shape.conv_dim:
        patterns = {"rank_pattern": {_CONV_3X3: shape.conv_dim}, "alpha_pattern": {_CONV_3X3: shape.conv_alpha}}
    targets = r"(down_blocks|up_blocks|mid_block)\..*(" + "|".join(endings) + ")"
    unet.add_adapter(_config(shape, targets, patterns))
    if text_encoder is not None:
        text_encoder.requires_grad_(requires_grad=False)
        text_encoder.add_adapter(_config(shape, rf".*layers\.\d+\..*{_TEXT}", {}))


def _config(shape: Shape, targets: str, patterns: dict[str, Any]) -> LoraConfig:
    alpha: Any = shape.alpha  # PEFT's type says int, its arithmetic takes any number, as the trainer's does
    return LoraConfig(r=shape.dim, lora_alpha=alpha, target_modules=targets, **patterns)


def layers(model: nn.Module) -> list[tuple[str, LoraLayer]]:
    """The adapted layers of a model with their names, in the model's order."""
    return [(name, module) for name, module in model.named_modules() if isinstance(module, LoraLayer)]


def modules(model: nn.Module) -> list[AdapterModule]:
    """The adapters of a model as plain matrices."""
    found = []
    for name, layer in layers(model):
        down, up = _matrices(layer)
        found.append(AdapterModule(name, down, up, float(layer.lora_alpha[ADAPTER])))
    return found


def _matrices(layer: LoraLayer) -> tuple[torch.Tensor, torch.Tensor]:
    down, up = layer.lora_A[ADAPTER].weight, layer.lora_B[ADAPTER].weight
    assert isinstance(down, torch.Tensor)
    assert isinstance(up, torch.Tensor)
    return down, up


def trainable(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """The trainable parameters of a model with their names."""
    return [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]


@dataclass(frozen=True, slots=True)
class Dropouts:
    """sd-scripts' three dropouts: of neurons after ``lora_down``, of ranks per sample, of whole modules."""

    neuron: float = 0.0
    rank: float = 0.0
    module: float = 0.0

    def install(self, model: nn.Module) -> None:
        """Hook the dropouts into the adapters. They act in training mode only and use torch's global generator."""
        for _, layer in layers(model):
            if self.neuron or self.rank:
                layer.lora_A[ADAPTER].register_forward_hook(self._after_down)
            if self.module:
                layer.lora_B[ADAPTER].register_forward_hook(self._after_up)

    def _after_down(self, module: nn.Module, _: Any, output: torch.Tensor) -> torch.Tensor:
        if not module.training:
            return output
        if self.neuron:
            output = nn.functional.dropout(output, self.neuron)
        if self.rank:
            # a convolution's ranks are its channels (axis 1), a linear layer's the last axis
            axis = 1 if isinstance(module, nn.Conv2d) else output.dim() - 1
            shape = [output.shape[0], *([1] * (output.dim() - 1))]
            shape[axis] = output.shape[axis]
            output = output * (torch.rand(shape) >= self.rank) / (1 - self.rank)
        return output

    def _after_up(self, module: nn.Module, _: Any, output: torch.Tensor) -> torch.Tensor:
        # Zeros without a gradient: the optimizer must leave a skipped module alone, momentum and weight decay included.
        return torch.zeros_like(output) if module.training and float(torch.rand(())) < self.module else output


def clamp_norms(model: nn.Module, maximum: float) -> None:
    """Scale down each adapter whose product scale · up · down has a Frobenius norm above ``maximum`` (``scale_weight_norms``)."""
    for _, layer in layers(model):
        down, up = _matrices(layer)
        scale = layer.scaling[ADAPTER]
        norm = float(torch.linalg.matrix_norm(scale * up.detach().flatten(1) @ down.detach().flatten(1)))
        if norm > maximum:
            ratio = (maximum / norm) ** 0.5
            with torch.no_grad():
                down.mul_(ratio)
                up.mul_(ratio)


def is_conv_3x3(name: str) -> bool:
    """Whether a module's name is one of those that ``conv_dim`` sets the rank of."""
    return re.search(_CONV_3X3 + "$", name) is not None
