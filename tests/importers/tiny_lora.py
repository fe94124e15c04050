"""Makes LoRA files of a few tensors, and the log database of ai-toolkit, as trainers other than kohya's write them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

UNET = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
TEXT_ENCODER = "text_encoder.text_model.encoder.layers.0.self_attn.q_proj"
KOHYA_UNET = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"


def save(path: Path, metadata=None, rank=4, modules=(UNET,), *, alpha=False, naming=("lora_A", "lora_B")) -> Path:
    """A file with two tensors a module (and an alpha); ``naming`` are diffusers' names unless said otherwise."""
    down, up = naming
    tensors = {}
    for module in modules:
        tensors[f"{module}.{down}.weight"] = np.ones((rank, 8), np.float32)
        tensors[f"{module}.{up}.weight"] = np.zeros((8, rank), np.float32)
        if alpha:
            tensors[f"{module}.alpha"] = np.array(rank, np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, metadata=metadata)
    return path


def save_kohya_layout(path: Path, metadata=None, rank=4) -> Path:
    """A file with kohya's names for tensors, which OneTrainer and ai-toolkit use for Stable Diffusion."""
    return save(path, metadata, rank, (KOHYA_UNET,), alpha=True, naming=("lora_down", "lora_up"))


SCHEMA = """
CREATE TABLE steps (step INTEGER PRIMARY KEY, wall_time REAL NOT NULL);
CREATE TABLE metric_keys (key TEXT PRIMARY KEY, first_seen_step INTEGER, last_seen_step INTEGER);
CREATE TABLE metrics (step INTEGER NOT NULL, key TEXT NOT NULL, value_real REAL, value_text TEXT, PRIMARY KEY (step, key),
    FOREIGN KEY (step) REFERENCES steps(step) ON DELETE CASCADE);
CREATE INDEX idx_metrics_key_step ON metrics (key, step);
"""


def open_log(path: Path) -> sqlite3.Connection:
    """A new loss_log.db as its writer opens it: with a log of recent writes, every statement a transaction."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(SCHEMA)
    return connection


def log(connection: sqlite3.Connection, step: int, **values: float | str | None) -> None:
    """One step's numbers."""
    connection.execute("INSERT INTO steps VALUES (?, ?)", (step, 1.7e9 + step))
    for key, value in values.items():
        real, text = (None, value) if isinstance(value, str) else (value, None)
        connection.execute("INSERT INTO metrics VALUES (?, ?, ?, ?)", (step, key, real, text))
