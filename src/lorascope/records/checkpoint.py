"""A checkpoint: one saved LoRA of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascope.records.run import JsonValue


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One saved LoRA: which run, after which epoch and optimizer step, how many samples it has seen, and where it lies.

    ``file`` is a path or None when only its numbers were imported; ``digest`` is BLAKE2b-128 of the file's bytes (hex);
    ``epoch`` is its number within the run: completed epochs, or steps where ``Run.counted_in`` says so. ``tensor_hash`` is SHA-256
    (hex) of the tensor bytes alone, kohya's ``sshs_model_hash``: the same weights under other metadata have the same one.
    ``mean_loss`` averages the training loss over the epoch; ``saved_at`` is in seconds since the epoch, UTC.
    """

    run: str
    epoch: int
    step: int | None = None
    samples_seen: int | None = None
    file: str | None = None
    file_bytes: int | None = None
    digest: str | None = None
    mean_loss: float | None = None
    duration_s: float | None = None
    saved_at: float | None = None
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    tensor_hash: str | None = None
