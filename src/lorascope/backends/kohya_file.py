"""Write a LoRA as sd-scripts writes it: file names, tensor keys, ``.alpha`` tensors, and ``ss_*`` metadata.

Facts from sd-scripts 48d368f (train_network.py, library/train_util.py). A file written here loads in
``StableDiffusionPipeline.load_lora_weights`` and in every web UI that reads kohya's files.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save

from lorascope.records.dataset import Dataset
from lorascope.records.run import ParameterValue

DTYPES = {"float": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def checkpoint_name(run: str, epoch: int, last_epoch: int) -> str:
    """The file name of an epoch: numbered, except the last, which carries the run's name alone.

    >>> checkpoint_name("sprites", 3, 8), checkpoint_name("sprites", 8, 8)
    ('sprites-000003.safetensors', 'sprites.safetensors')
    """
    return f"{run}.safetensors" if epoch >= last_epoch else f"{run}-{epoch:06d}.safetensors"


def is_checkpoint_of(run: str, file_name: str) -> bool:
    """Whether a file's name is one that ``checkpoint_name`` gives to an epoch of this run.

    >>> is_checkpoint_of("a", "a-000003.safetensors"), is_checkpoint_of("a", "a-b.safetensors")
    (True, False)
    """
    return re.fullmatch(re.escape(run) + r"(-\d{6,})?\.safetensors", file_name) is not None


@dataclass(frozen=True, slots=True)
class AdapterModule:
    """One adapted module: its name in the model, its two matrices and its alpha (scale = alpha / rank)."""

    name: str
    down: torch.Tensor
    up: torch.Tensor
    alpha: float


def tensors(unet: list[AdapterModule], text_encoder: list[AdapterModule], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """The tensors of a file, under kohya's keys.

    SD 1.5 keys of the text encoder contain ``text_model``, which recent transformers versions no longer have in the name.
    """
    named: dict[str, torch.Tensor] = {}
    for prefix, modules in (("lora_unet_", unet), ("lora_te_text_model_", text_encoder)):
        for module in modules:
            key = prefix + module.name.removeprefix("text_model.").replace(".", "_")
            named[f"{key}.lora_down.weight"] = module.down.detach().to(dtype).contiguous().clone()
            named[f"{key}.lora_up.weight"] = module.up.detach().to(dtype).contiguous().clone()
            named[f"{key}.alpha"] = torch.tensor(module.alpha, dtype=dtype)
    return named


@dataclass(frozen=True, slots=True)
class Provenance:
    """What the metadata says beyond the parameters. Times are seconds since the epoch."""

    run: str
    session_id: str
    epoch: int
    step: int
    steps_per_epoch: int
    total_steps: int
    started_at: float
    finished_at: float
    base_model: str
    bucket: tuple[int, int]
    v_prediction: bool = False


def metadata(parameters: Mapping[str, ParameterValue], dataset: Dataset, provenance: Provenance) -> dict[str, str]:
    """The ``ss_*`` metadata of a checkpoint, as sd-scripts writes it for a folder of images: every value is text."""
    repeats = parameters.get("num_repeats") or 1
    assert isinstance(repeats, int)
    folder = f"{repeats}_{Path(dataset.folder).name}"
    images = len(dataset.items) * repeats
    batch = parameters.get("train_batch_size")
    resolution = f"({provenance.bucket[0]}, {provenance.bucket[1]})"
    network_args = {name: str(parameters[name]) for name in _NETWORK_ARGS if parameters.get(name)}
    optimizer_args = f"({','.join(str(parameters['optimizer_args']).split())})" if parameters.get("optimizer_args") else ""
    facts: dict[str, object] = {
        "ss_output_name": provenance.run,
        "ss_session_id": provenance.session_id,
        "ss_training_started_at": provenance.started_at,
        "ss_training_finished_at": provenance.finished_at,
        "ss_epoch": provenance.epoch,
        "ss_steps": provenance.step,
        "ss_num_epochs": -(-provenance.total_steps // provenance.steps_per_epoch),
        "ss_num_batches_per_epoch": -(-images // int(str(batch or 1))),
        "ss_max_train_steps": provenance.total_steps,
        "ss_num_train_images": images,
        "ss_num_reg_images": 0,
        "ss_batch_size_per_device": batch,
        "ss_total_batch_size": batch,
        "ss_resolution": resolution,
        "ss_network_module": "networks.lora",
        "ss_optimizer": f"torch.optim.{parameters.get('optimizer_type')}{optimizer_args}",
        "ss_base_model_version": "sd_v1_v" if provenance.v_prediction else "sd_v1",
        "ss_sd_model_name": provenance.base_model,
        "ss_v2": False,
        "ss_dataset_dirs": json.dumps({folder: {"n_repeats": repeats, "img_count": len(dataset.items)}}),
        "ss_tag_frequency": json.dumps({folder: _tag_frequency(dataset)}),
        "ss_bucket_info": json.dumps(
            {"buckets": {"0": {"resolution": list(provenance.bucket), "count": images}}, "mean_img_ar_error": 0.0}
        ),
        "ss_training_comment": "trained by lorascope's toy trainer",
        "ss_sd_scripts_commit_hash": "(unknown)",
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": "stable-diffusion-v1/lora",
        "modelspec.title": provenance.run,
        "modelspec.resolution": f"{provenance.bucket[0]}x{provenance.bucket[1]}",
        "modelspec.prediction_type": "v" if provenance.v_prediction else "epsilon",
    }
    if network_args:
        facts["ss_network_args"] = json.dumps(network_args)
    facts |= {f"ss_{name}": parameters.get(name) for name in _PLAIN}
    return {key: str(value) for key, value in sorted(facts.items())}


# Parameters that reach sd-scripts' networks through --network_args.
_NETWORK_ARGS = ("conv_dim", "conv_alpha", "rank_dropout", "module_dropout")
# Parameters that sd-scripts writes under ss_ + their own name.
_PLAIN = (
    "learning_rate", "unet_lr", "text_encoder_lr", "lr_scheduler", "lr_warmup_steps", "network_dim", "network_alpha",
    "network_dropout", "scale_weight_norms", "max_grad_norm", "gradient_accumulation_steps", "gradient_checkpointing",
    "mixed_precision", "full_fp16", "seed", "clip_skip", "max_token_length", "cache_latents", "noise_offset",
    "multires_noise_iterations", "multires_noise_discount", "ip_noise_gamma", "zero_terminal_snr", "min_snr_gamma", "loss_type",
    "prior_loss_weight", "caption_dropout_rate", "caption_dropout_every_n_epochs", "caption_tag_dropout_rate", "color_aug",
    "flip_aug", "shuffle_caption", "keep_tokens", "enable_bucket", "bucket_no_upscale", "min_bucket_reso", "max_bucket_reso",
)  # fmt: skip


def _tag_frequency(dataset: Dataset) -> dict[str, int]:
    """How often each tag occurs; like the trainer: split at commas, lower case, first line only."""
    counts: dict[str, int] = {}
    for item in dataset.items:
        first_line = (item.caption or "").split("\n", 1)[0]
        for tag in filter(None, (part.strip().lower() for part in first_line.split(","))):
            counts[tag] = counts.get(tag, 0) + 1
    return counts


def write(path: Path, named: dict[str, torch.Tensor], facts: dict[str, str]) -> None:
    """Write a checkpoint whole or not at all: a temporary neighbor is flushed to disk, then renamed."""
    data = save(named, metadata={key: value for key, value in facts.items() if key.startswith("ss_")})
    header_bytes = 8 + int.from_bytes(data[:8], "little")
    hashes = {
        "sshs_model_hash": hashlib.sha256(data[header_bytes:]).hexdigest(),
        "sshs_legacy_hash": hashlib.sha256(data[0x100000:0x110000]).hexdigest()[:8],
    }
    write_whole(path, save(named, metadata=facts | hashes))


def write_whole(path: Path, data: bytes) -> None:
    """Write bytes so that the file is there complete or not there at all, even if the process or the disk gives up."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
