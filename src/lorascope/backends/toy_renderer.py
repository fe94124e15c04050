"""Draw pictures with the toy base model and a LoRA checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from lorascope.backends.backend import RenderedImage
from lorascope.backends.toy_model import load_pipeline
from lorascope.errors import BadFile
from lorascope.records.prompt import PromptSuite

# Pictures drawn at once. Fixed, because the last bits of a convolution depend on it.
BATCH = 16


class ToyRenderer:
    """Loads the base model once and draws with one checkpoint after another."""

    def __init__(self, base_model: Path) -> None:
        self._pipe: Any = load_pipeline(base_model)

    def render(self, checkpoint: Path | None, suite: PromptSuite) -> Iterator[RenderedImage]:
        """One image per prompt and seed; prompts outermost.

        Raises:
            BadFile: the checkpoint cannot be read as a LoRA.
        """
        clip_skip = self._load(checkpoint) if checkpoint else None
        try:
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
        try:
            with safe_open(str(checkpoint), "pt") as file:
                skip = (file.metadata() or {}).get("ss_clip_skip", "None")
            self._pipe.load_lora_weights(str(checkpoint.parent), weight_name=checkpoint.name)
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            raise BadFile(
                f"not a LoRA that can be loaded: {error}", where=str(checkpoint), next_step="train or download it again"
            ) from error
        return int(skip) - 1 if skip.isdigit() and int(skip) > 1 else None
