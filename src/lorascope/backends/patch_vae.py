"""A VAE for pictures of 24 x 24 pixels: a 2 x 2 patch of RGB becomes one latent pixel of 12 channels, and back, without loss.

Stable Diffusion's pipeline wants an autoencoder. At this size a learned one would only add its own noise, so this one
rearranges pixels and has no weights. It offers what ``StableDiffusionPipeline`` and a training loop ask of a VAE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.autoencoders.vae import DecoderOutput
from diffusers.models.modeling_utils import ModelMixin
from torch import nn


@dataclass(slots=True)
class PatchLatents:
    """A distribution with one value: sampling it twice gives the same latents."""

    latents: torch.Tensor

    def sample(self, generator: torch.Generator | None = None) -> torch.Tensor:  # noqa: ARG002
        """The latents; ``generator`` is accepted because a learned VAE would need it."""
        return self.latents

    def mode(self) -> torch.Tensor:
        """The latents."""
        return self.latents


@dataclass(slots=True)
class PatchEncoded:
    """What ``encode`` returns, under the name that pipelines read."""

    latent_dist: PatchLatents


class PatchVAE(ModelMixin, ConfigMixin):  # type: ignore[misc]  # diffusers ships no types
    """Lossless patch rearrangement: (n, 3, h, w) in [-1, 1] <-> (n, 12, h / 2, w / 2)."""

    @register_to_config  # type: ignore[untyped-decorator]  # diffusers ships no types
    def __init__(self, scaling_factor: float = 1.0, block_out_channels: tuple[int, ...] = (12, 12)) -> None:  # noqa: ARG002 - kept in config
        super().__init__()  # type: ignore[no-untyped-call]  # diffusers ships no types
        # The pipeline asks the VAE for its dtype and device, which it reads from a parameter.
        self.anchor = nn.Parameter(torch.zeros(1), requires_grad=False)

    def encode(self, pixels: torch.Tensor, return_dict: bool = True) -> Any:  # noqa: FBT001, FBT002 - the pipeline's signature
        """Pixels to latents."""
        latents = PatchLatents(torch.nn.functional.pixel_unshuffle(pixels, 2))
        return PatchEncoded(latents) if return_dict else (latents,)

    def decode(self, latents: torch.Tensor, return_dict: bool = True, generator: Any = None) -> Any:  # noqa: FBT001, FBT002, ARG002
        """Latents to pixels."""
        pixels = torch.nn.functional.pixel_shuffle(latents, 2)
        return DecoderOutput(sample=pixels) if return_dict else (pixels,)
