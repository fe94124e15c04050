"""Noise and loss of one diffusion step, with the options that sd-scripts offers (library/custom_train_functions.py, 48d368f)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.training_utils import compute_snr
from torch.nn import functional

from lorascope.records.run import ParameterValue


@dataclass(frozen=True, slots=True)
class NoiseRules:
    """The noise and loss options of a training, under the trainer's names. None and 0 mean off."""

    noise_offset: float | None = None
    multires_noise_iterations: int | None = None
    multires_noise_discount: float = 0.3
    ip_noise_gamma: float | None = None
    min_snr_gamma: float | None = None
    min_timestep: int | None = None
    max_timestep: int | None = None
    loss_type: str = "l2"

    @classmethod
    def of(cls, parameters: Mapping[str, ParameterValue]) -> NoiseRules:
        """Read the options from parameters; unset ones keep the trainer's defaults."""
        known: dict[str, Any] = {name: parameters[name] for name in cls.__dataclass_fields__ if parameters.get(name) is not None}
        return cls(**known)  # the catalogue has parsed the values

    def timesteps(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """Random timesteps, (count,), uniform between ``min_timestep`` and ``max_timestep`` (exclusive; 0 and 1000 when unset)."""
        low, high = self.min_timestep or 0, self.max_timestep or 1000
        return torch.randint(low, high, (count,), generator=generator)

    def noise(self, latents: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Noise of the latents' shape, with offset and pyramid when asked for."""
        noise = torch.randn(latents.shape, generator=generator)
        if self.noise_offset:
            noise = noise + self.noise_offset * torch.randn((*latents.shape[:2], 1, 1), generator=generator)
        if self.multires_noise_iterations:
            noise = self._pyramid(noise, generator)
        return noise

    def _pyramid(self, noise: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        height, width = noise.shape[-2:]
        for level in range(self.multires_noise_iterations or 0):
            shrink = (float(torch.rand((), generator=generator)) * 2 + 2) ** level
            low_height, low_width = max(1, int(height / shrink)), max(1, int(width / shrink))
            coarse = torch.randn((*noise.shape[:2], low_height, low_width), generator=generator)
            grown = functional.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
            noise = noise + grown * self.multires_noise_discount**level
            if 1 in {low_height, low_width}:
                break
        return noise / noise.std()

    def noisy(self, scheduler: Any, latents: torch.Tensor, noise: torch.Tensor, times: torch.Tensor, generator: torch.Generator) -> Any:
        """Latents with noise; ``ip_noise_gamma`` perturbs the input, not the target."""
        if self.ip_noise_gamma:
            noise = noise + self.ip_noise_gamma * torch.randn(latents.shape, generator=generator)
        return scheduler.add_noise(latents, noise, times)

    def loss(self, scheduler: Any, predicted: torch.Tensor, target: torch.Tensor, times: torch.Tensor) -> torch.Tensor:
        """The mean loss of a batch; ``min_snr_gamma`` weighs timesteps by min(SNR, gamma) / (SNR + 1) for v-prediction, / SNR else."""
        difference = functional.l1_loss if self.loss_type == "l1" else functional.mse_loss
        each = difference(predicted.float(), target.float(), reduction="none").mean(dim=(1, 2, 3))
        if self.min_snr_gamma:
            snr = compute_snr(scheduler, times)
            capped = snr.clamp(max=self.min_snr_gamma)
            # Under a zero terminal SNR, dividing by SNR alone would be 0 / 0 at the last timestep.
            each = each * (capped / (snr + 1) if scheduler.config.prediction_type == "v_prediction" else capped / snr.clamp(min=1e-8))
        return each.mean()
