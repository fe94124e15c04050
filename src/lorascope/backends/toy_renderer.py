"""Draw pictures with the toy base model and a LoRA checkpoint."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from lorascope.backends import lora
from lorascope.backends.backend import RenderedImage
from lorascope.backends.toy_model import load_pipeline
from lorascope.errors import BadFile, BadParameter
from lorascope.records.prompt import PromptSuite

# Pictures drawn at once. Fixed, because the last bits of a convolution depend on it.
BATCH = 16


class ToyRenderer:
    """Loads the base model once and draws with one checkpoint after another."""

    def __init__(self, base_model: Path) -> None:
        self._pipe: Any = load_pipeline(base_model)

    def check(self, suite: PromptSuite) -> None:
        """Refuse pictures that are not of the base model's own size."""
        side_px = self._pipe.unet.config.sample_size * self._pipe.vae_scale_factor
        if (suite.width_px, suite.height_px) != (side_px, side_px):
            raise BadParameter(
                f"the suite {suite.name!r} asks for {suite.width_px} x {suite.height_px} px; this base model draws {side_px} x {side_px}",
                next_step=f"write width = {side_px} and height = {side_px} under [protocol]",
            )

    def render(self, checkpoint: Path | None, suite: PromptSuite) -> Iterator[RenderedImage]:
        """One image per prompt and seed; prompts outermost.

        Raises:
            BadFile: the checkpoint cannot be read as a LoRA, or does not fit the base model.
        """
        try:
            clip_skip = self._load(checkpoint) if checkpoint else None
            wanted = [(prompt, seed) for prompt in suite.prompts for seed in suite.seeds]
            for start in range(0, len(wanted), BATCH):
                part = wanted[start : start + BATCH]
                # A fixed batch size, padded: the same picture comes out whatever else is drawn with it.
                padded = part + [part[-1]] * (BATCH - len(part))
                output = self._pipe(
                    prompt=[prompt.text for prompt, _ in padded], negative_prompt=[suite.negative] * BATCH,
                    num_inference_steps=suite.steps, guidance_scale=suite.guidance, width=suite.width_px, height=suite.height_px,
                    generator=[torch.Generator().manual_seed(seed) for _, seed in padded], clip_skip=clip_skip, output_type="np",
                )  # fmt: skip
                pixels = np.rint(output.images * 255).astype(np.uint8)
                for (prompt, seed), image in zip(part, pixels, strict=False):
                    yield RenderedImage(prompt.name, seed, image)
        finally:
            if checkpoint:
                self._pipe.unload_lora_weights()

    def _load(self, checkpoint: Path) -> int | None:
        """Load a LoRA; returns the clip_skip it was trained with, in the pipeline's counting (sd-scripts' minus one)."""
        where, next_step = str(checkpoint), "train or download it again"
        try:
            facts, modules = _described(checkpoint)
            with warnings.catch_warnings(action="ignore"):  # of modules that find no place: counted below
                self._pipe.load_lora_weights(str(checkpoint.parent), weight_name=checkpoint.name)
        except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
            raise BadFile(f"not a LoRA that can be loaded: {error}", where=where, next_step=next_step) from error
        fitting = sum(len(lora.layers(model)) for model in (self._pipe.unet, self._pipe.text_encoder))
        if fitting < modules or not modules:
            message = f"{fitting} of the {modules} modules of this LoRA fit the base model"
            raise BadFile(message, where=where, next_step="name the base model that it was trained on: --base FOLDER")
        skip, layers = facts.get("ss_clip_skip", ""), self._pipe.text_encoder.config.num_hidden_layers
        return int(skip) - 1 if skip in {str(number) for number in range(2, layers + 1)} else None


def _described(checkpoint: Path) -> tuple[dict[str, str], int]:
    """A LoRA file's metadata and how many modules it adapts.

    Raises:
        ValueError: one of its tensors holds values that are no numbers: the training diverged.
    """
    with safe_open(str(checkpoint), "pt") as file:
        names = list(file.keys())
        broken = sum(not bool(file.get_tensor(name).isfinite().all()) for name in names)
        if broken:
            raise ValueError(f"{broken} of its {len(names)} tensors hold values that are no numbers")
        return file.metadata() or {}, sum(name.endswith(("lora_down.weight", "lora_A.weight", "lora.down.weight")) for name in names)
