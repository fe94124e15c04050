"""A process that leaves on disk what sd-scripts leaves while it trains, in the same order, names and pieces; it trains nothing.

Run as ``python kohya_training.py OUTPUT_DIR [key=value …]``; what can be said is in ``Training``. Files are written in two halves
with a pause between, as a slow disk would.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_MODULES = ("lora_unet_mid_block_attentions_0_proj_in", "lora_te_text_model_encoder_layers_0_mlp_fc1")


@dataclass(frozen=True)
class Training:
    output_dir: Path
    name: str = "fox"
    epochs: int = 3
    first_epoch: int = 1
    steps_per_epoch: int = 5
    step_s: float = 0.01
    half_s: float = 0.05
    session: str = "2741"
    seed: int = 42
    dim: int = 4
    keep_last: int = 0
    has_log: bool = True
    started_at: float = 1_706_700_000.0


def train(training: Training) -> None:
    training.output_dir.mkdir(parents=True, exist_ok=True)
    log = _Log(training) if training.has_log else None
    step = 0
    for epoch in range(training.first_epoch, training.epochs + 1):
        for _ in range(training.steps_per_epoch):
            step += 1
            time.sleep(training.step_s)
            if log:
                log.step(step)
        if log:
            log.epoch(epoch)
        if epoch < training.epochs:  # the last epoch's file carries no number
            save(training, f"{training.name}-{epoch:06d}.safetensors", epoch, step)
            if training.keep_last and epoch > training.keep_last:
                (training.output_dir / f"{training.name}-{epoch - training.keep_last:06d}.safetensors").unlink(missing_ok=True)
        draw(training, epoch)
    if log:
        log.close()
    save(training, f"{training.name}.safetensors", training.epochs, step)


def save(training: Training, file_name: str, epoch: int, step: int) -> None:
    """One checkpoint: the header with kohya's metadata, then the tensors."""
    tensors, place = {}, 0
    for module in _MODULES:
        shapes = {"lora_down.weight": [training.dim, 8], "lora_up.weight": [8, training.dim], "alpha": []}
        for part, shape in shapes.items():
            size = 4 * (shape[0] * shape[1] if shape else 1)
            tensors[f"{module}.{part}"] = {"dtype": "F32", "shape": shape, "data_offsets": [place, place + size]}
            place += size
    data = bytes((index * 7 + epoch) % 251 for index in range(place))
    facts = {
        "ss_session_id": training.session,
        "ss_output_name": training.name,
        "ss_training_started_at": training.started_at,
        "ss_training_finished_at": training.started_at + 60 * epoch,
        "ss_epoch": epoch,
        "ss_steps": step,
        "ss_num_epochs": training.epochs,
        "ss_max_train_steps": training.epochs * training.steps_per_epoch,
        "ss_num_batches_per_epoch": training.steps_per_epoch,
        "ss_num_train_images": 4 * training.steps_per_epoch,
        "ss_network_module": "networks.lora",
        "ss_network_dim": training.dim,
        "ss_network_alpha": float(training.dim),
        "ss_learning_rate": 0.0001,
        "ss_optimizer": "torch.optim.adamw.AdamW",
        "ss_seed": training.seed,
        "ss_base_model_version": "sd_v1",
        "ss_sd_model_name": "v1-5.safetensors",
        "sshs_model_hash": hashlib.sha256(data).hexdigest(),
    }
    header = json.dumps({"__metadata__": {key: str(value) for key, value in facts.items()}, **tensors}).encode()
    _write_in_halves(training, training.output_dir / file_name, struct.pack("<Q", len(header)) + header + data)


def draw(training: Training, epoch: int) -> None:
    """One sample image per prompt."""
    for position in range(2):
        picture = io.BytesIO()
        Image.new("RGB", (8, 8), (epoch, position, 0)).save(picture, "PNG")
        name = f"{training.name}_e{epoch:06d}_{position:02d}_202401311200{epoch:02d}_{training.seed}.png"
        folder = training.output_dir / "sample"
        folder.mkdir(exist_ok=True)
        _write_in_halves(training, folder / name, picture.getvalue())


def _write_in_halves(training: Training, path: Path, content: bytes) -> None:
    with path.open("wb", buffering=0) as file:
        file.write(content[: len(content) // 2])
        time.sleep(training.half_s)
        file.write(content[len(content) // 2 :])


class _Log:
    """The event file of one session; what it holds is on disk after each step, sometimes with half a record behind it."""

    def __init__(self, training: Training) -> None:
        from tensorboardX import SummaryWriter

        started = training.started_at + 1000 * training.first_epoch
        stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(started))
        self._writer = SummaryWriter(str(training.output_dir / "logs" / stamp / "network_train"), flush_secs=0.01)
        self._started = started

    def step(self, step: int) -> None:
        for tag, value in (("loss/current", 1 / step), ("loss/average", 2 / (step + 1)), ("lr/unet", 1e-4)):
            self._writer.add_scalar(tag, value, step, walltime=self._started + step)

    def epoch(self, epoch: int) -> None:
        self._writer.add_scalar("loss/epoch_average", 1 / epoch, epoch, walltime=self._started + 60 * epoch)

    def close(self) -> None:
        self._writer.close()


if __name__ == "__main__":
    said = dict(argument.split("=", 1) for argument in sys.argv[2:])
    kinds = {"name": str, "session": str, "step_s": float, "half_s": float, "has_log": lambda text: text == "True", "started_at": float}
    train(Training(Path(sys.argv[1]), **{key: kinds.get(key, int)(value) for key, value in said.items()}))
