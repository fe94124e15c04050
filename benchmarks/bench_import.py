"""How long ``lorascope import`` takes for the headers of 1,000 LoRA files: ``python benchmarks/bench_import.py``.

The files have a real header of SD 1.5 (264 modules) with metadata and a vocabulary, of the size asked for, and a hole of the right length
for the tensors, which no import reads. The goal: 1,000 headers of 60 KB into a store in 2 s.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from lorascope.importers.grouping import group
from lorascope.importers.safetensors_header import read_header
from lorascope.importers.weights_file import WEIGHTS_FILE
from lorascope.jobs.find_files import find_files
from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.progress import Silent
from lorascope.jobs.read_files import read_files
from lorascope.store import Store
from table import keep, show

EPOCHS, DIM = 10, 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--header-kb", type=int, default=60)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        header_bytes = make_files(top / "out", args.files, args.header_kb * 1000)
        stages: dict[str, list[float]] = {}
        for turn in range(args.runs):
            measure(top, turn, stages)
    rows = [
        {
            "stage": stage,
            "median_s": statistics.median(taken),
            "min_s": min(taken),
            "per_file_ms": 1e3 * statistics.median(taken) / args.files,
        }
        for stage, taken in stages.items()
    ]
    notes = [f"{args.files} files of {args.files // EPOCHS} runs, headers of {header_bytes:,} bytes, medians of {args.runs}"]
    show("Import of LoRA headers (goal: 1,000 headers with the store in 2 s)", rows, notes)
    keep("import", rows, files=args.files, header_bytes=header_bytes, runs=args.runs)


def measure(top: Path, turn: int, stages: dict[str, list[float]]) -> None:
    """One turn: each stage by itself, then all of them as a user gets them, into a new store, and once more into the same one."""
    files = sorted((top / "out").rglob("*.safetensors"))

    def timed(stage: str, work) -> object:  # noqa: ANN001
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        stages.setdefault(stage, []).append(time.perf_counter() - wall)
        stages.setdefault(f"{stage} (CPU)", []).append(time.process_time() - cpu)
        return result

    timed("read headers", lambda: [read_header(path) for path in files])
    evidence = [each for path in files for part in WEIGHTS_FILE.read(path) for each in part.evidence]
    timed("headers to evidence", lambda: [list(WEIGHTS_FILE.read(path)) for path in files])
    timed("find, recognize, read", lambda: read_files([], find_files([top / "out"]).inside, Silent()))
    timed("group", lambda: group(evidence))
    with Store.open(f"sqlite:///{top / f'lab{turn}.db'}", top / "blobs") as store:
        timed("import, all of it", lambda: import_runs([top / "out"], store))
        timed("import again", lambda: import_runs([top / "out"], store))


def make_files(folder: Path, count: int, header_bytes: int) -> int:
    """Files of ten epochs each; returns how long their headers are."""
    tensors, data_bytes = _tensors()
    length = 0
    for run in range(count // EPOCHS):
        place = folder / f"run{run:04d}"
        place.mkdir(parents=True)
        for epoch in range(1, EPOCHS + 1):
            texts = _texts(run, epoch)
            spare = header_bytes - len(json.dumps({"__metadata__": texts, **tensors}))
            tags = {f"tag number {number}": number for number in range(max(0, spare) // 28)}
            texts["ss_tag_frequency"] = json.dumps({"10_x": tags})
            text = json.dumps({"__metadata__": texts, **tensors}).encode()
            length = len(text)
            path = place / (f"run{run:04d}.safetensors" if epoch == EPOCHS else f"run{run:04d}-{epoch:06d}.safetensors")
            with path.open("wb") as file:
                file.write(length.to_bytes(8, "little") + text)
                file.truncate(8 + length + data_bytes)
    return length


def _tensors() -> tuple[dict[str, object], int]:
    """Tensors of attention layers at rank 32, as many as fit with metadata into about 60 KB."""
    tensors: dict[str, object] = {}
    start = 0
    for block in range(9):
        for part in ("attn1", "attn2"):
            for layer in ("to_q", "to_k", "to_v", "to_out_0"):
                module = f"lora_unet_down_blocks_{block}_attentions_0_transformer_blocks_0_{part}_{layer}"
                for name, shape in (("lora_down.weight", [DIM, 320]), ("lora_up.weight", [320, DIM]), ("alpha", [])):
                    size = 2 * (shape[0] * shape[1] if shape else 1)
                    tensors[f"{module}.{name}"] = {"dtype": "F16", "shape": shape, "data_offsets": [start, start + size]}
                    start += size
    return tensors, start


def _texts(run: int, epoch: int) -> dict[str, str]:
    """Metadata with about as many keys as sd-scripts writes."""
    made = {
        "session_id": run,
        "output_name": f"run{run:04d}",
        "training_started_at": 1.7e9 + 1000 * run,
        "epoch": epoch,
        "steps": 51 * epoch,
    }
    made |= {"training_finished_at": 1.7e9 + 1000 * run + 60 * epoch, "learning_rate": 1e-4, "unet_lr": 1e-4, "text_encoder_lr": 5e-5}
    made |= {"network_dim": DIM, "network_alpha": 16.0, "network_module": "networks.lora", "seed": run, "max_train_steps": 510}
    made |= {"num_batches_per_epoch": 51, "num_epochs": EPOCHS, "mixed_precision": "bf16", "lr_scheduler": "cosine", "keep_tokens": run % 4}
    made |= {"optimizer": "torch.optim.adamw.AdamW(weight_decay=0.1)", "resolution": (512, 512), "batch_size_per_device": 4}
    made |= {"bucket_info": '{"buckets": {"0": {"resolution": [512, 512], "count": 204}}}', "clip_skip": 2, "max_token_length": 225}
    made |= {"dataset_dirs": '{"1_x": {"n_repeats": 1, "img_count": 204}}', "shuffle_caption": True, "enable_bucket": True}
    made |= dict.fromkeys("noise_offset min_snr_gamma network_dropout scale_weight_norms ip_noise_gamma".split())
    made |= dict.fromkeys("flip_aug color_aug random_crop full_fp16 lowram zero_terminal_snr debiased_estimation".split(), False)
    return {f"ss_{key}": str(value) for key, value in made.items()} | {"sshs_model_hash": f"{run * 100 + epoch:064x}"}


if __name__ == "__main__":
    main()
