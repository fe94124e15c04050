"""Where a training stands after an epoch, on disk: enough to go on with the same result as if it had never stopped.

Tensors go into a safetensors file and numbers into JSON, so that nothing is ever unpickled. Randomness needs no place here:
every epoch starts from generators seeded by (seed, epoch).
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from lorascope.backends.kohya_file import write_whole
from lorascope.errors import BadFile


@dataclass(frozen=True, slots=True)
class Position:
    """How far a training is. ``fingerprint`` names the plan (parameters and dataset) that it belongs to."""

    epoch: int
    step: int
    samples_seen: int
    session_id: str
    started_at: float
    fingerprint: str


def state_folder(folder: Path, run: str, epoch: int) -> Path:
    """The folder of an epoch's state, named as sd-scripts names it."""
    return folder / f"{run}-{epoch:06d}-state"


def save_state(folder: Path, run: str, position: Position, parameters: list[tuple[str, torch.nn.Parameter]], optimizer: Any) -> None:
    """Write the state of an epoch whole, then remove the states before it."""
    target = state_folder(folder, run, position.epoch)
    partial = target.with_name(target.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    tensors = {f"adapter.{name}": parameter.detach().contiguous() for name, parameter in parameters}
    for index, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value).contiguous() for name, value in values.items()}
    try:
        write_whole(partial / "state.safetensors", save(tensors))
        write_whole(partial / "train_state.json", json.dumps(asdict(position), indent=1).encode())
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for old in _states(folder, run):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


def _states(folder: Path, run: str) -> list[Path]:
    """The states of a run in order of epoch, and of no other whose name begins alike."""
    return sorted(path for path in folder.iterdir() if re.fullmatch(re.escape(run) + r"-\d{6,}-state", path.name))


def load_state(
    folder: Path, run: str, parameters: list[tuple[str, torch.nn.Parameter]], optimizer: Any, fingerprint: str
) -> Position | None:
    """Restore the newest state of a run into its adapters and optimizer, or None when there is none.

    Raises:
        BadFile: the state is damaged or belongs to another plan.
    """
    found = _states(folder, run)
    if not found:
        return None
    where = str(found[-1])
    try:
        position = Position(**json.loads((found[-1] / "train_state.json").read_text("utf-8")))
        tensors = load_file(found[-1] / "state.safetensors")
    except (OSError, ValueError, TypeError, SafetensorError) as error:
        raise BadFile(
            f"the saved state cannot be read: {error}", where=where, next_step="delete this folder to train from the start"
        ) from error
    if position.fingerprint != fingerprint:
        raise BadFile("the saved state belongs to other parameters or another dataset", where=where, next_step="train under a new name")
    with torch.no_grad():
        for name, parameter in parameters:
            parameter.copy_(tensors[f"adapter.{name}"])
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        kind, _, rest = key.partition(".")
        if kind == "optimizer":
            index, _, name = rest.partition(".")
            state.setdefault(int(index), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return position
