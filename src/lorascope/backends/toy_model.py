"""Load a small Stable Diffusion pipeline, and show captions to its text encoder as sd-scripts does."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging as transformers_logging

transformers_logging.set_verbosity_error()  # importing diffusers would complain that torchvision, which nothing here uses, is missing

from diffusers import StableDiffusionPipeline  # noqa: E402
from diffusers.utils import logging as diffusers_logging  # noqa: E402

from lorascope.backends.patch_vae import PatchVAE  # noqa: E402
from lorascope.errors import BadFile, MissingFile  # noqa: E402

WINDOW = 75
_PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae")
_LIBRARIES = (None, "diffusers", "transformers", "stable_diffusion", PatchVAE.__module__)


def load_pipeline(folder: Path) -> Any:
    """The pipeline in a folder, in single precision on the CPU.

    Weights are read from safetensors only: a pickle is never opened, and no module but diffusers' and transformers' is loaded.

    Raises:
        MissingFile: no such folder.
        BadFile: it holds no pipeline that can be read.
    """
    _check_index(folder)
    # Models this small are slower on two threads than on one; work is spread over processes instead.
    torch.set_num_threads(1)
    for library in (diffusers_logging, transformers_logging):
        library.set_verbosity(logging.CRITICAL)  # what goes wrong is raised, and said by us
        library.disable_progress_bar()
    try:
        vae = PatchVAE.from_pretrained(folder / "vae", use_safetensors=True, local_files_only=True)
        pipe = StableDiffusionPipeline.from_pretrained(
            folder, vae=vae, use_safetensors=True, local_files_only=True, safety_checker=None, feature_extractor=None,
            requires_safety_checker=False,
        )  # fmt: skip
        side = pipe.unet.config.sample_size * pipe.vae_scale_factor
        if not isinstance(side, int):
            raise TypeError(f"the U-Net's sample_size is {side!r}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RuntimeError) as error:
        # the libraries' ways to say that a configuration or a file of weights is broken
        reason = next(iter(str(error).splitlines()), type(error).__name__)[:300]
        raise BadFile(
            f"the base model cannot be read: {reason}", where=str(folder), next_step="check that the download is complete"
        ) from error
    pipe.to(torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _check_index(folder: Path) -> None:
    """The folder has a pipeline's parts, and its index names no module that loading would import and so run."""
    index = folder / "model_index.json"
    next_step = "name the folder of a Stable Diffusion pipeline, as diffusers saves it: --base FOLDER"
    try:
        parts = json.loads(index.read_bytes())
    except OSError as error:
        raise MissingFile("no Stable Diffusion pipeline in this folder", where=str(folder), next_step=next_step) from error
    except (ValueError, RecursionError) as error:
        raise BadFile("the pipeline's index is not JSON", where=str(index), next_step=next_step) from error
    if not isinstance(parts, dict):
        raise BadFile("the pipeline's index is no object {…}", where=str(index), next_step=next_step)
    for name, origin in parts.items():
        if isinstance(origin, list) and origin[:1] and origin[0] not in _LIBRARIES:
            message = f"its {name} comes from the module {origin[0]!r}, which is not loaded"
            raise BadFile(message, where=str(index), next_step="load base models from sources you trust only")
    for part in _PARTS:
        if not (folder / part).is_dir():
            raise BadFile(f"the pipeline has no {part}", where=str(folder), next_step="check that the download is complete")


def token_ids(tokenizer: Any, captions: list[str], max_length: int = WINDOW) -> torch.Tensor:
    """Token ids, (captions, windows, 77): each window of 75 tokens between its own begin and end marks."""
    windows = max(1, max_length // WINDOW)
    begin, end, pad = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    rows = []
    for ids in tokenizer(captions, add_special_tokens=False, truncation=False).input_ids:
        row = []
        for start in range(0, windows * WINDOW, WINDOW):
            part = ids[start : start + WINDOW]
            row.append([begin, *part, end, *([pad] * (WINDOW - len(part)))])
        rows.append(row)
    return torch.tensor(rows)


def encode(text_encoder: Any, ids: torch.Tensor, clip_skip: int | None = None) -> torch.Tensor:
    """Hidden states of captions, (captions, 75 x windows + 2, width); ``clip_skip`` n takes the n-th layer from the end.

    Several windows are encoded one by one and joined without their inner marks, as sd-scripts does for 150 and 225 tokens.
    """
    captions, windows, length = ids.shape
    output = text_encoder(ids.reshape(-1, length), output_hidden_states=bool(clip_skip and clip_skip > 1))
    hidden = output[0]
    if clip_skip and clip_skip > 1:
        inner = getattr(text_encoder, "text_model", text_encoder)
        hidden = inner.final_layer_norm(output.hidden_states[-clip_skip])
    if windows == 1:
        return hidden  # type: ignore[no-any-return]  # transformers' models are untyped
    hidden = hidden.reshape(captions, windows, length, -1)
    inner_parts = hidden[:, :, 1:-1].reshape(captions, windows * (length - 2), -1)
    return torch.cat([hidden[:, 0, :1], inner_parts, hidden[:, -1, -1:]], dim=1)
