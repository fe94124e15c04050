"""LoRA files made up for tests and benchmarks: real names and shapes, random numbers with a fixed seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from lorascope.analysis.lora.layers import Layer, layers
from lorascope.jobs.inspect import Inspected
from lorascope.records.lora import Family, Part
from lorascope.reports.lora_notes import notes

_DTYPES = {"F16": np.float16, "F32": np.float32, "F64": np.float64}
_PREFIXES = {
    Family.SD1: {Part.UNET: "lora_unet_", Part.TEXT_ENCODER: "lora_te_"},
    Family.SDXL: {Part.UNET: "lora_unet_", Part.TEXT_ENCODER: "lora_te1_", Part.TEXT_ENCODER_2: "lora_te2_"},
}


def as_bytes(array: np.ndarray, dtype: str) -> bytes:
    """An array's bytes in a safetensors type."""
    if dtype == "BF16":
        return (np.ascontiguousarray(array, np.float32).view(np.uint32) >> 16).astype("<u2").tobytes()
    return np.ascontiguousarray(array, _DTYPES[dtype]).tobytes()


def write(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None, dtype: str = "F16") -> Path:
    """Write a safetensors file, tensors in the order of their names as the format's own library does."""
    entries: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    at, data = 0, []
    for name in sorted(tensors):
        data.append(as_bytes(tensors[name], dtype))
        entries[name] = {"dtype": dtype, "shape": list(tensors[name].shape), "data_offsets": [at, at + len(data[-1])]}
        at += len(data[-1])
    header = json.dumps(entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.writelines(data)
    return path


def pair(layer: Layer, rank: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """lora_down and lora_up of a layer, in the shapes sd-scripts gives them."""
    kernel = () if layer.kernel is None else (layer.kernel, layer.kernel)
    point = () if layer.kernel is None else (1, 1)
    down = rng.standard_normal((rank, layer.inputs, *kernel), np.float32) / np.float32(layer.inputs**0.5)
    up = rng.standard_normal((layer.outputs, rank, *point), np.float32) * np.float32(0.01)
    return down, up


def lora(
    family: Family, rank: int, *, alpha: float | None = None, only: Iterable[Part] = tuple(Part), conv_rank: int = 0, seed: int = 0
) -> dict[str, np.ndarray]:
    """The tensors of a whole LoRA as sd-scripts writes it for this base model."""
    rng = np.random.default_rng(seed)
    made: dict[str, np.ndarray] = {}
    for layer in layers(family):
        if layer.part not in only or (layer.needs_conv_dim and not conv_rank):
            continue
        own = conv_rank if layer.kernel == 3 else rank
        name = _PREFIXES[family][layer.part] + layer.path
        made[f"{name}.lora_down.weight"], made[f"{name}.lora_up.weight"] = pair(layer, own, rng)
        made[f"{name}.alpha"] = np.array(own if alpha is None else alpha)
    return made


KOHYA = {
    "ss_output_name": "cat",
    "ss_session_id": "2741",
    "ss_network_module": "networks.lora",
    "ss_network_dim": "4",
    "ss_network_alpha": "2.0",
    "ss_base_model_version": "sd_v1",
    "ss_sd_model_name": "v1-5.safetensors",
    "ss_sd_scripts_commit_hash": "48d368f",
    "ss_epoch": "8",
    "ss_steps": "408",
    "ss_num_epochs": "10",
    "ss_learning_rate": "0.0001",
    "ss_unet_lr": "0.0001",
    "ss_text_encoder_lr": "5e-05",
    "ss_optimizer": "bitsandbytes.optim.adamw.AdamW8bit",
    "ss_lr_scheduler": "cosine",
    "ss_lr_warmup_steps": "0.05",
    "ss_seed": "42",
    "ss_batch_size_per_device": "4",
    "ss_resolution": "(512, 512)",
    "ss_num_train_images": "203",
    "ss_num_batches_per_epoch": "51",
    "ss_max_train_steps": "510",
    "ss_mixed_precision": "fp16",
    "ss_clip_skip": "2",
    "ss_shuffle_caption": "True",
    "ss_keep_tokens": "1",
    "ss_dataset_dirs": '{"1_cat":{"n_repeats":1,"img_count":203}}',
}

UNET = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
TEXT = "lora_te_text_model_encoder_layers_0_mlp_fc1"


def module(
    name: str = UNET, rank: int = 4, inputs: int = 6, outputs: int = 5, alpha: float | None = 2.0, seed: int = 0
) -> dict[str, np.ndarray]:
    """The tensors of one small module."""
    rng = np.random.default_rng(seed)
    made = {f"{name}.lora_down.weight": rng.standard_normal((rank, inputs)), f"{name}.lora_up.weight": rng.standard_normal((outputs, rank))}
    return made if alpha is None else {**made, f"{name}.alpha": np.array(alpha)}


def raw(path: Path, entries: Mapping[str, object], data: bytes = b"") -> Path:
    """Write a file with any header."""
    header = json.dumps(entries).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    return path


def texts(found: Inspected) -> list[str]:
    """The notes on a file."""
    return [note.text for note in notes(found.lora, found.origin)]


def said(found: Inspected, words: str) -> bool:
    """Whether a note holds these words."""
    return any(words in text for text in texts(found))
