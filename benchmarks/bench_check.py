"""How long ``lorascope check`` takes: a configuration alone, and with a dataset of 2,000 images and captions."""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from lorascope.jobs.check import check
from lorascope.parameters.rules import RULES
from table import keep, show

CONFIG = """[network]
network_module = "networks.lora"
network_dim = 32
network_alpha = 16

[training]
pretrained_model_name_or_path = "v1-5-pruned.safetensors"
seed = 42
max_train_epochs = 10
save_every_n_epochs = 1
train_batch_size = 4
lr_scheduler = "cosine"
lr_warmup_steps = 100
learning_rate = 1e-4
mixed_precision = "bf16"
save_precision = "fp16"

[dataset]
resolution = "512,512"
enable_bucket = true
caption_extension = ".txt"
shuffle_caption = true
keep_tokens = 1
"""
IMAGES = 2_000
SIZES = ((512, 512), (640, 448), (448, 640), (768, 512))
CAPTION = "bespoke, pixel art portrait of a lady, brown hair (#7e351a), green eyes (#03dc73), gold earrings, bright green background"


def write_dataset(folder: Path) -> None:
    """2,000 small PNG files of four sizes, each with a caption."""
    pictures = []
    for number, size in enumerate(SIZES):
        path = folder / f"model{number}.png"
        Image.effect_noise(size, 40).save(path)
        pictures.append(path.read_bytes())
        path.unlink()
    for number in range(IMAGES):
        (folder / f"{number:04}.png").write_bytes(pictures[number % len(pictures)])
        (folder / f"{number:04}.txt").write_text(f"{CAPTION}, number {number}\n")


def measured(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median wall and CPU milliseconds."""
    wall, cpu = [], []
    for _ in range(repeats):
        started, started_cpu = time.perf_counter(), time.process_time()
        work()
        wall.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (time.process_time() - started_cpu))
    return statistics.median(wall), statistics.median(cpu)


def main() -> None:
    """Measure, print and append to the results."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        config, folder = Path(scratch) / "train.toml", Path(scratch) / "10_lady"
        config.write_text(CONFIG)
        folder.mkdir()
        write_dataset(folder)
        check([config], dataset=folder)  # the tokenizer's table is read once
        jobs: dict[str, tuple[Callable[[], object], int]] = {
            f"configuration of {CONFIG.count(' = ')} settings, {len(RULES)} rules": (lambda: check([config]), 50),
            f"the same with {IMAGES:,} images and captions": (lambda: check([config], dataset=folder), 7),
            f"floor: list the folder, read {IMAGES:,} captions and 32 bytes of each image": (lambda: floor(folder), 7),
        }
        rows = []
        for what, (work, repeats) in jobs.items():
            wall, cpu = measured(work, repeats)
            rows.append({"what": what, "wall_ms": wall, "cpu_ms": cpu, "runs": repeats})
    show("lorascope check", rows, ["medians; the files are in the page cache"])
    keep("check", rows, images=IMAGES, rules=len(RULES))


def floor(folder: Path) -> int:
    """The least that any pre-flight must read."""
    size = 0
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            size += len(file.read() if path.suffix == ".txt" else file.read(32))
    return size


if __name__ == "__main__":
    main()
