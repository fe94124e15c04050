"""How long ``lorascope inspect`` takes: whole LoRA files of SD 1.5 and SDXL, their headers alone, and a row of checkpoints.

``python benchmarks/bench_inspect.py [--rounds N]``, on one core (BLAS is told to use one thread). Files are made up with the real names
and shapes of every module and lie in the page cache, as a file that was just downloaded or written does. Medians; wall clock beside
CPU time of the process. The last column is what the bytes alone cost: reading and SHA-256, without which no hash can be compared.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "jobs"))

from lora_files import KOHYA, lora, write

from lorascope.importers.safetensors_header import read_header
from lorascope.jobs.inspect import inspect
from lorascope.records.lora import Family, Part
from table import keep, show

PROGRAM = (sys.executable, "-m", "lorascope.cli.main", "inspect")


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Medians of wall clock and CPU seconds."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return statistics.median(walls), statistics.median(cpus)


def read_and_hash(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        hashlib.file_digest(file, "sha256")


def make(folder: Path) -> list[tuple[str, list[Path]]]:
    """The files, largest last but one; the row is five checkpoints of SD 1.5."""
    sd15 = write(folder / "sd15.safetensors", lora(Family.SD1, 32, alpha=16), KOHYA)
    sd15_conv = write(folder / "sd15_conv.safetensors", lora(Family.SD1, 32, conv_rank=16), KOHYA)
    sdxl = write(folder / "sdxl.safetensors", lora(Family.SDXL, 21, alpha=10), KOHYA)
    sdxl_high = write(folder / "sdxl_128.safetensors", lora(Family.SDXL, 128, only=[Part.UNET]), KOHYA, dtype="BF16")
    row = [
        write(folder / f"cat-{epoch:06d}.safetensors", lora(Family.SD1, 32, seed=epoch), KOHYA | {"ss_epoch": str(epoch)})
        for epoch in range(1, 6)
    ]
    return [
        ("SD 1.5, rank 32, fp16", [sd15]),
        ("SD 1.5, rank 32, conv 16", [sd15_conv]),
        ("SDXL, rank 21, fp16", [sdxl]),
        ("SDXL U-Net, rank 128, bf16", [sdxl_high]),
        ("5 checkpoints, SD 1.5 rank 32", row),
    ]


def measure(name: str, paths: list[Path], rounds: int) -> dict[str, object]:
    wall, cpu = timed(lambda: inspect(paths), rounds)
    _, header_cpu = timed(lambda: [read_header(path) for path in paths], rounds)
    _, shown_cpu = timed(lambda: inspect(paths, header_only=True), rounds)
    process, _ = timed(lambda: subprocess.run([*PROGRAM, *map(str, paths)], capture_output=True, check=True), max(3, rounds // 2))
    _, floor = timed(lambda: [read_and_hash(path) for path in paths], rounds)
    return {
        "file": name,
        "MB": round(sum(path.stat().st_size for path in paths) / 1e6, 1),
        "modules": sum(len(each.lora.modules) for each in inspect(paths, header_only=True).files),
        "inspect_s": wall,
        "inspect_cpu_s": cpu,
        "command_s": process,
        "header_cpu_ms": 1000 * header_cpu,
        "header_shown_cpu_ms": 1000 * shown_cpu,
        "read_and_sha256_cpu_s": floor,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="measurements per number; medians are shown")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(name, paths, rounds) for name, paths in make(Path(folder))]
    notes = [
        "inspect: everything, in the process; command: with Python's start and imports; header: the checked header alone, without",
        "and with coverage and ranks (--header); read and SHA-256: what the bytes cost whoever reads them.",
    ]
    show("lorascope inspect, one core, medians", rows, notes)
    keep("inspect", rows, rounds=rounds)


if __name__ == "__main__":
    main()
