"""Makes the files that kohya's trainer leaves, as the versions of sd-scripts wrote them: real safetensors with tiny tensors.

``make_folder(Path, Made(...))`` makes an output folder; ``metadata(...)`` the texts of one file. ``version`` is that of sd-scripts
("0.3.0" … "0.10.0"): keys that came later are left out. ``mode`` "A" is a training on folders, "B" one with a dataset file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

MODULES = ("lora_unet_down_blocks_0_attentions_0_proj_in", "lora_te_text_model_encoder_layers_0_mlp_fc1")
STARTED_AT = 1_706_700_000.0
EPOCH_S = 60.0

# key -> the version that wrote it first; all others were there from the beginning
_SINCE = {
    "0.4.0": "network_alpha keep_tokens dataset_dirs reg_dataset_dirs session_id training_started_at new_sd_model_hash training_comment",
    "0.4.1": "bucket_info",
    "0.4.2": "tag_frequency",
    "0.4.3": "optimizer noise_offset sd_scripts_commit_hash",
    "0.4.4": "caption_dropout_rate prior_loss_weight bucket_no_upscale training_finished_at",
    "0.4.5": "datasets",
    "0.5.1": "network_args",
    "0.6.0": "min_snr_gamma",
    "0.6.3": "steps",
    "0.6.4": "multires_noise_discount",
    "0.6.5": "network_dropout scale_weight_norms",
    "0.7.0": "base_model_version zero_terminal_snr",
    "0.7.1": "debiased_estimation",
    "0.8.6": "loss_type huber_schedule huber_c",
    "0.10.0": "validation_split validation_seed fp8_base huber_scale resize_interpolation",
}
_MODE_A = (
    "batch_size_per_device total_batch_size resolution color_aug flip_aug random_crop shuffle_caption enable_bucket bucket_no_upscale "
    "min_bucket_reso max_bucket_reso keep_tokens reg_dataset_dirs bucket_info"
).split()


@dataclass(frozen=True)
class Made:
    """A training to make the files of. Steps per epoch follow from ``images`` x ``repeats`` in one bucket and the batch size."""

    name: str = "fox"
    version: str = "0.10.0"
    mode: str = "A"
    epochs: int = 3
    first_epoch: int = 1
    save_every_n_epochs: int = 1
    save_every_n_steps: int | None = None
    session: str = "1234567890"
    started_at: float = STARTED_AT
    dim: int = 4
    images: int = 10
    repeats: int = 2
    batch: int = 4
    seed: int = 42
    with_metadata: bool = True
    with_states: bool = False
    with_final: bool = True
    changed: dict = field(default_factory=dict)  # ss_ key without prefix -> text, or None to leave it out

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.images * self.repeats // self.batch)


def metadata(made: Made, epoch: int, step: int) -> dict[str, str]:
    """What sd-scripts says in a file that is saved after this epoch and step."""
    used = made.images * made.repeats
    bucket_info = {"buckets": {"0": {"resolution": [512, 512], "count": used}}, "mean_img_ar_error": 0.0}
    dirs = {f"{made.repeats}_fox": {"n_repeats": made.repeats, "img_count": made.images}}
    tags = {f"{made.repeats}_fox": {"fox": made.images, "#ff8800": 3}}
    values = {
        "session_id": made.session,
        "output_name": made.name,
        "training_started_at": made.started_at,
        "training_finished_at": made.started_at + EPOCH_S * step / made.steps_per_epoch,
        "epoch": epoch,
        "steps": step,
        "learning_rate": 0.0001,
        "unet_lr": 0.0001,
        "text_encoder_lr": 5e-05,
        "lr_scheduler": "cosine",
        "lr_warmup_steps": 0.05,
        "optimizer": "bitsandbytes.optim.adamw.AdamW8bit(weight_decay=0.1,betas=(0.9, 0.99))",
        "max_grad_norm": 1.0,
        "gradient_accumulation_steps": 1,
        "gradient_checkpointing": True,
        "num_train_images": used,
        "num_reg_images": 0,
        "num_batches_per_epoch": made.steps_per_epoch,
        "num_epochs": made.epochs,
        "max_train_steps": made.steps_per_epoch * made.epochs,
        "network_module": "networks.lora",
        "network_dim": made.dim,
        "network_alpha": made.dim / 2,
        "network_dropout": None,
        "scale_weight_norms": None,
        "mixed_precision": "bf16",
        "full_fp16": False,
        "fp8_base": False,
        "lowram": False,
        "v2": False,
        "base_model_version": "sd_v1",
        "sd_model_name": "v1-5.safetensors",
        "sd_model_hash": "e1441589",
        "new_sd_model_hash": "ab" * 32,
        "seed": made.seed,
        "clip_skip": 2,
        "max_token_length": 225,
        "cache_latents": True,
        "noise_offset": None,
        "multires_noise_discount": 0.3,
        "zero_terminal_snr": False,
        "min_snr_gamma": 5.0,
        "debiased_estimation": False,
        "loss_type": "l2",
        "huber_schedule": "snr",
        "huber_scale": 1.0,
        "huber_c": 0.1,
        "prior_loss_weight": 1.0,
        "caption_dropout_rate": 0.05,
        "training_comment": None,
        "validation_split": 0.0,
        "validation_seed": None,
        "resize_interpolation": None,
        "sd_scripts_commit_hash": "48d368f",
        "batch_size_per_device": made.batch,
        "total_batch_size": made.batch,
        "resolution": (512, 512),
        "color_aug": False,
        "flip_aug": False,
        "random_crop": False,
        "shuffle_caption": True,
        "enable_bucket": True,
        "bucket_no_upscale": True,
        "min_bucket_reso": 256,
        "max_bucket_reso": 1024,
        "keep_tokens": 1,
        "bucket_info": json.dumps(bucket_info),
        "dataset_dirs": json.dumps(dirs),
        "reg_dataset_dirs": "{}",
        "tag_frequency": json.dumps(tags),
    }
    if made.mode == "B":
        values = {key: value for key, value in values.items() if key not in _MODE_A} | {
            "datasets": json.dumps([_dataset(made, bucket_info)])
        }
    later = {key for version, keys in _SINCE.items() if _order(version) > _order(made.version) for key in keys.split()}
    texts = {key: str(value) for key, value in values.items() if key not in later} | made.changed
    if not made.with_metadata:
        texts = {key: texts[key] for key in ("v2", "base_model_version", "network_module", "network_dim", "network_alpha") if key in texts}
    said = {f"ss_{key}": text for key, text in texts.items() if text is not None}
    return said | {"modelspec.title": made.name, "modelspec.architecture": "stable-diffusion-v1/lora", "modelspec.resolution": "512x512"}


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _dataset(made: Made, bucket_info: dict) -> dict:
    subset = {"img_count": made.images, "num_repeats": made.repeats, "color_aug": False, "flip_aug": False, "random_crop": False}
    subset |= {"shuffle_caption": True, "keep_tokens": 1, "image_dir": "/data/fox", "class_tokens": None, "is_reg": False}
    dataset = {"is_dreambooth": True, "batch_size_per_device": made.batch, "num_train_images": made.images * made.repeats}
    dataset |= {"num_reg_images": 0, "resolution": [512, 512], "enable_bucket": True, "min_bucket_reso": 256, "max_bucket_reso": 1024}
    return dataset | {"tag_frequency": {}, "bucket_info": bucket_info, "subsets": [subset]}


def save_lora(
    path: Path, texts: dict[str, str], *, dim: int = 4, value: float = 1.0, with_alpha: bool = True, with_hash: bool = True
) -> Path:
    """One file: two modules of a LoRA, every number of them ``value``."""
    tensors = {}
    for module in MODULES:
        tensors[f"{module}.lora_down.weight"] = np.full((dim, 8), value, np.float16)
        tensors[f"{module}.lora_up.weight"] = np.full((8, dim), value, np.float16)
        if with_alpha:
            tensors[f"{module}.alpha"] = np.array(dim / 2, np.float16)
    if with_hash:
        texts = texts | {"sshs_model_hash": hashlib.sha256(f"{dim} {value}".encode()).hexdigest()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata=texts)
    return path


def make_folder(folder: Path, made: Made) -> Path:
    """All files of a training: epochs, steps, the final one under no number, states."""
    per_epoch, with_alpha = made.steps_per_epoch, _order(made.version) >= (0, 4, 0)

    def save(stem: str, epoch: int, step: int) -> None:
        value = step + made.started_at % 97 / 100
        save_lora(folder / f"{stem}.safetensors", metadata(made, epoch, step), dim=made.dim, value=value, with_alpha=with_alpha)

    for epoch in range(made.first_epoch, made.epochs + 1):
        done = epoch - made.first_epoch + 1
        if made.save_every_n_steps:
            for step in range((done - 1) * per_epoch + 1, done * per_epoch + 1):
                if step % made.save_every_n_steps == 0:
                    save(f"{made.name}-step{step:08d}", epoch - 1, step)
        if epoch < made.epochs and epoch % made.save_every_n_epochs == 0:
            save(f"{made.name}-{epoch:06d}", epoch, done * per_epoch)
            if made.with_states:
                make_state(folder, made, epoch, done * per_epoch)
        if epoch == made.epochs and made.with_final:
            save(made.name, epoch, done * per_epoch)
    return folder


def make_state(folder: Path, made: Made, epoch: int, step: int) -> None:
    """A state folder: what resumes a training, of which only the two numbers are of interest here."""
    state = folder / f"{made.name}-{epoch:06d}-state"
    state.mkdir(parents=True, exist_ok=True)
    (state / "train_state.json").write_text(json.dumps({"current_epoch": epoch, "current_step": step}))
    (state / "optimizer.bin").write_bytes(b"PK\x03\x04 never opened")
