"""What training through lorascope costs beside a bare diffusers + peft loop of the same model, and what recording costs.

Both loops train the same adapters on the same sprites with the same optimizer, batch and captions. They take turns, epoch by
epoch, in one process, so that a drifting machine hits both. ``python benchmarks/bench_training.py``
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig
from PIL import Image
from torch.nn import functional

from lorascope.backends.backend import EpochDone, StepDone, TrainingPlan
from lorascope.backends.presets import TOY_PRESET
from lorascope.backends.toy import ToyTrainer
from lorascope.backends.toy_model import load_pipeline
from lorascope.jobs.file_digest import file_digest
from lorascope.jobs.read_assets import demo_base_model, demo_dataset
from lorascope.jobs.read_dataset import read_dataset
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset
from lorascope.records.run import Run, RunStatus
from lorascope.store import Store
from table import keep, show

LINEAR = ["to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "ff.net.0.proj", "ff.net.2"]
CONV = ["conv1", "conv2", "conv", "conv_shortcut", "time_emb_proj"]


def bare_epochs(dataset: Dataset, seed: int) -> Iterator[list[float]]:
    """The loop that one would write by hand: yields each epoch's step times in seconds."""
    pipe = load_pipeline(demo_base_model())
    unet, text_encoder = pipe.unet, pipe.text_encoder
    unet.requires_grad_(False)
    text_encoder.requires_grad_(False)
    unet.add_adapter(LoraConfig(r=16, lora_alpha=16, target_modules=LINEAR + CONV))
    text_encoder.add_adapter(LoraConfig(r=16, lora_alpha=16, target_modules=["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]))
    unet.train()
    text_encoder.train()
    parameters = [p for model in (unet, text_encoder) for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=3e-3, fused=True)
    folder = Path(dataset.folder)
    images = np.stack([np.asarray(Image.open(folder / item.image_file).convert("RGB")) for item in dataset.items])
    captions = [item.caption or "" for item in dataset.items]
    rng = random.Random(seed)
    while True:
        times, order = [], list(range(len(captions)))
        rng.shuffle(order)
        for start in range(0, len(order), 4):
            began = time.perf_counter()
            batch = order[start : start + 4]
            pixels = torch.from_numpy(images[batch].astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2).contiguous()
            shown = [captions[index] for index in batch]
            ids = pipe.tokenizer(shown, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
            latents = pipe.vae.encode(pixels).latent_dist.sample()
            noise = torch.randn_like(latents)
            steps = torch.randint(0, 1000, (len(batch),))
            noisy, target = pipe.scheduler.add_noise(latents, noise, steps), pipe.scheduler.get_velocity(latents, noise, steps)
            loss = functional.mse_loss(unet(noisy, steps, text_encoder(ids)[0]).sample, target)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            times.append(time.perf_counter() - began)
        yield times


def our_epochs(dataset: Dataset, folder: Path, epochs: int, store: Store) -> Iterator[tuple[list[float], float, float]]:
    """Our trainer: yields each epoch's step times, the time to save its checkpoint and state, and the time to record it."""
    parameters = {**TOY_PRESET, "max_train_epochs": epochs}
    plan = TrainingPlan("bench", parameters, dataset, folder, demo_base_model())
    store.add_dataset(dataset)
    store.add_run(Run("bench", "toy", RunStatus.RUNNING, parameters, dataset_digest=dataset.digest))
    times: list[float] = []
    losses: list[float] = []
    began = time.perf_counter()
    for event in ToyTrainer().train(plan):
        took = time.perf_counter() - began
        if isinstance(event, StepDone):
            times.append(took)
            losses.append(event.loss)
        elif isinstance(event, EpochDone):
            recording = time.perf_counter()
            assert event.file is not None
            size, digest = event.file.stat().st_size, file_digest(event.file)  # part of what the job records
            store.add_checkpoint(
                Checkpoint(
                    "bench", event.epoch, event.step, event.samples_seen, str(event.file), size, digest,
                    extra={"step_losses": [*losses]},
                )
            )  # fmt: skip
            yield times, took, time.perf_counter() - recording
            times, losses = [], []
        began = time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=6)
    args = parser.parse_args()
    torch.set_num_threads(1)
    dataset = read_dataset(demo_dataset())
    with tempfile.TemporaryDirectory() as temporary, Store.open(f"sqlite:///{temporary}/lab.db", Path(temporary) / "blobs") as store:
        bare, ours = bare_epochs(dataset, 1), our_epochs(dataset, Path(temporary) / "out", args.epochs, store)
        measured = [(next(bare), next(ours)) for _ in range(args.epochs)]
    # the first epoch of each warms up; the last batch of an epoch is smaller in both
    pairs = [(statistics.median(b), statistics.median(o[0])) for b, o in measured[1:]]
    ratios = [our / by_hand for by_hand, our in pairs]
    saving, recording = [o[1] for _, o in measured[1:]], [o[2] for _, o in measured[1:]]
    epoch_s = statistics.median(sum(o[0]) for _, o in measured[1:])
    rows = [
        {"what": "bare loop, step", "median_ms": 1e3 * statistics.median(b for b, _ in pairs)},
        {"what": "lorascope, step", "median_ms": 1e3 * statistics.median(o for _, o in pairs), "ratio": statistics.median(ratios)},
        {"what": "save checkpoint", "median_ms": 1e3 * statistics.median(saving), "ratio": statistics.median(saving) / epoch_s},
        {"what": "record an epoch", "median_ms": 1e3 * statistics.median(recording), "ratio": statistics.median(recording) / epoch_s},
    ]
    notes = [
        f"ratios of steps: {min(ratios):.3f} to {max(ratios):.3f} over {len(ratios)} epochs in turn; batch 4, one thread",
        "ratio of the last two rows: share of an epoch's training time (goal for recording: at most 0.01)",
    ]
    show("Training: lorascope beside a bare diffusers + peft loop (goal: ratio at most 1.05)", rows, notes)
    keep("training", rows, epochs=args.epochs)


if __name__ == "__main__":
    main()
