"""Names and places: they differ between any two runs and say nothing about the training."""

from __future__ import annotations

LABELS = frozenset({"in_json", "logging_dir", "metadata_title", "output_dir", "output_name", "train_data_dir", "wandb_run_name"})
