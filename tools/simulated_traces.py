"""What a simulated training leaves behind: measurements per checkpoint, weights, loss, findings of the audit, hashes, hours."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lorascope.records.history import Outcome
from simulated_causes import BASE_DISTANCE, OVER, UNDER, Footprint, Ramp, Settings, Signature, individual

PROMPTS = 8
SAVED_AT_MOST = 16
CHECKPOINT_SD = 0.4  # between checkpoints of a run, in standard deviations between runs
SHARED = 0.25  # share of the variance between runs that all metrics have in common: some seeds are simply better


@dataclass(frozen=True, slots=True)
class Level:
    """A metric in this kind of project: what a good run has, the standard deviation between good runs, +1 where higher is better."""

    mean: float
    sd: float
    sign: int
    low: float = 0.0
    high: float = math.inf


METRICS: Mapping[str, Level] = {
    "background_color_accuracy": Level(0.78, 0.035, 1, 0, 1),
    "feature_color_accuracy": Level(0.72, 0.04, 1, 0, 1),
    "trait_accuracy": Level(0.70, 0.04, 1, 0, 1),
    "palette_adherence": Level(0.84, 0.025, 1, 0, 1),
    "edge_crispness": Level(0.66, 0.035, 1, 0, 1),
    "background_uniformity": Level(0.80, 0.035, 1, 0, 1),
    "color_leak": Level(0.16, 0.02, -1, 0, 1),
    "photorealism": Level(1.2, 0.15, -1, 0),
    "memorization": Level(0.30, 0.03, -1, 0, 1),
    "mixed_cells": Level(0.14, 0.02, -1, 0, 1),
    "unique_colors": Level(80.0, 7.0, 0, 1, 576),
}
CHECKS = (
    "color_word_contradicts_code", "missing_or_empty_caption", "duplicate_image", "near_duplicate_captions", "typo", "doubled_word",
    "beyond_window", "shuffle_hazard", "palette_tail", "bare_noun", "stray_punctuation", "missing_attribute", "code_absent_from_image",
)  # fmt: skip
FIRST_PROTOCOL: Settings = {
    "prompts": "suite-a", "sampler": "euler_a", "steps": 30, "guidance": 7.5, "lora_weight": 1.0, "metric_version": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dataset:
    """A version of the training images with what its audit found."""

    digest: str
    images: int
    findings: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Project:
    """What all runs of a project share: its metrics with their levels, dataset and protocol, and the scale of its diagnostics."""

    metrics: Mapping[str, Level]
    dataset: Dataset
    norm: float
    text_share: float
    loss: float
    hours: float
    under: Signature
    over: Signature

    def harm(self, metric: str, footprint: Footprint) -> float:
        """How much worse the metric is at the last checkpoint for this footprint, in standard deviations."""
        return -self.metrics[metric].sign * _shift(self, metric, footprint.dose, [footprint], 1.0)


@dataclass(frozen=True, slots=True)
class Traces:
    """All that one training leaves behind."""

    dataset: Dataset
    curves: Mapping[str, tuple[Outcome, ...]]
    weights: Mapping[str, float]
    loss: Mapping[str, float]
    protocol: Settings
    tensor_hashes: Mapping[int, str]
    gpu_hours: float


def first_project(rng: np.random.Generator, background: float, *, shown_by: Sequence[str]) -> Project:
    """A project with 5 to all of the metrics and a dataset whose audit found a few things: ``background`` is their usual share.

    ``shown_by`` are metrics that it has in any case.
    """
    count = int(rng.integers(5, len(METRICS) + 1))
    names = sorted(str(name) for name in rng.choice(sorted(METRICS), size=count, replace=False))
    names = sorted({*names, *shown_by})
    levels = {name: replace(METRICS[name], sd=METRICS[name].sd * rng.uniform(0.8, 1.3)) for name in names}
    if not any(level.sign for level in levels.values()):
        levels["trait_accuracy"] = METRICS["trait_accuracy"]
    images = int(rng.integers(60, 400))
    found = {check: int(rng.poisson(images * rng.exponential(background))) for check in CHECKS if rng.random() < 0.5}
    dataset = Dataset(_digest(rng), images, {check: min(count, images) for check, count in found.items() if count})
    norm, text_share, loss, hours = (rng.uniform(*ends) for ends in ((8, 20), (0.2, 0.4), (0.08, 0.14), (0.5, 4.0)))
    return Project(levels, dataset, norm, text_share, loss, hours, individual(rng, UNDER), individual(rng, OVER))


def dataset_after(rng: np.random.Generator, before: Dataset, footprints: Sequence[Footprint], *, missed: bool) -> Dataset:
    """The dataset a run was trained on. ``missed``: its audit did not see what was planted."""
    images = max(5, round(before.images * math.prod(footprint.images for footprint in footprints)))
    is_new = any(footprint.new_dataset for footprint in footprints)
    found = {check: round(count * images / before.images) for check, count in before.findings.items()}
    if is_new:  # who touches captions leaves new small things in them
        found = {check: round(count * _about(rng, 0.4)) for check, count in found.items()}
        found[str(rng.choice(CHECKS))] = int(rng.poisson(images * rng.exponential(0.02)))
        found = {check: min(images, count) for check, count in found.items()}
    for footprint in footprints:
        for check, share in footprint.findings.items():
            if not missed or share < 0.05:
                found[check] = min(images, found.get(check, 0) + int(rng.binomial(images, min(1.0, share))))
    return Dataset(_digest(rng) if is_new else before.digest, images, {check: count for check, count in sorted(found.items()) if count})


def traces(
    rng: np.random.Generator, project: Project, settings: Settings, dataset: Dataset, footprints: Sequence[Footprint], *,
    luck: tuple[str, float] | None, donor: Traces | None = None,
) -> Traces:  # fmt: skip
    """Train: measure every checkpoint, look at the weights and the loss. ``luck``: a metric and how badly it came out by chance."""
    epochs = _saved_epochs(settings)
    dose = math.prod(footprint.dose for footprint in footprints)
    is_wrong_file = any(footprint.wrong_file for footprint in footprints)
    shared = rng.standard_normal()
    curves = {
        name: _curve(rng, project, name, epochs, footprints, dose, _noise(rng, name, level, shared, luck), flat=is_wrong_file)
        for name, level in project.metrics.items()
    }
    hashes = {epoch: _digest(rng) + _digest(rng) for epoch in epochs}
    weights = _weights(rng, project, settings, footprints, dose)
    if is_wrong_file and donor is not None:
        other = rng.choice(["one file under all names", "another run's file"])
        given = donor.tensor_hashes[max(donor.tensor_hashes)] if other == "another run's file" else hashes[epochs[0]]
        hashes = dict.fromkeys(epochs, given) if other != "another run's file" else hashes | {epochs[-1]: given}
        weights = dict(donor.weights) if other == "another run's file" else weights
    protocol = dict(FIRST_PROTOCOL)
    for footprint in footprints:
        protocol |= footprint.protocol
    hours = project.hours * _steps(settings, dataset) / 3000 * rng.uniform(0.95, 1.05)
    return Traces(dataset, curves, weights, _loss(rng, project, footprints, dose), protocol, hashes, float(f"{hours:.3g}"))


def _noise(rng: np.random.Generator, name: str, level: Level, shared: float, luck: tuple[str, float] | None) -> float:
    """How a run came out by chance, in standard deviations. Good runs are those that were not very unlucky."""
    own = float(np.clip(rng.standard_normal(), -1.9, 1.9))
    noise = math.sqrt(SHARED) * shared * (level.sign or 1) + math.sqrt(1 - SHARED) * own
    if luck is not None and luck[0] == name:
        return -level.sign * luck[1]
    return float(max(-1.6, noise * level.sign) * level.sign) if level.sign else noise


def _curve(
    rng: np.random.Generator, project: Project, name: str, epochs: Sequence[int], footprints: Sequence[Footprint], dose: float,
    noise: float, *, flat: bool,
) -> tuple[Outcome, ...]:  # fmt: skip
    onset, level = rng.uniform(0.2, 0.7), project.metrics[name]
    found = []
    for epoch in epochs:
        t = 1.0 if flat else epoch / epochs[-1]
        shift = _shift(project, name, dose, footprints, t, onset)
        wobble = 0.0 if epoch == epochs[-1] or flat else CHECKPOINT_SD * rng.standard_normal()
        value = level.mean + level.sd * (shift + noise + wobble)
        value = float(np.clip(value, level.low, min(level.high, 1e9)))
        se = level.sd * 0.6 * rng.uniform(0.7, 1.3)
        found.append(Outcome(float(f"{value:.6g}"), float(f"{se:.3g}"), PROMPTS, PROMPTS, epoch))
    return tuple(found)


def _shift(project: Project, name: str, dose: float, footprints: Sequence[Footprint], t: float, onset: float = 0.5) -> float:
    """The metric's shift from a good run's last checkpoint when a share ``t`` of the training is done."""
    under = BASE_DISTANCE * (math.exp(-3 * dose * t) - math.exp(-3))
    over = max(0.0, dose * t - 1.0)
    total = project.under.get(name, 0.0) * under + project.over.get(name, 0.0) * over
    for footprint in footprints:
        ramp = {Ramp.CONSTANT: 1.0, Ramp.GROWING: t, Ramp.COLLAPSE: float(t >= onset)}[footprint.ramp]
        total += footprint.shift.get(name, 0.0) * ramp
    return total


def _weights(
    rng: np.random.Generator, project: Project, settings: Settings, footprints: Sequence[Footprint], dose: float
) -> dict[str, float]:  # fmt: skip
    unet = project.norm * dose**0.8 * math.prod(one.unet for one in footprints) * _about(rng, 0.10)
    text = project.norm * project.text_share * dose**0.8 * math.prod(one.text_encoder for one in footprints) * _about(rng, 0.12)
    dim = settings["network_dim"]
    assert isinstance(dim, int | float)
    spread = dim**0.7 * 1.4 * (0.85 if dose > 2 else 1.0) * _about(rng, 0.05)
    found = {
        "norm": math.hypot(unet, text), "unet_norm": unet, "text_encoder_norm": text, "effective_rank": min(spread, float(dim)),
        "rank": float(dim), "nan_share": max((one.nan_share for one in footprints), default=0.0),
    }  # fmt: skip
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def _loss(rng: np.random.Generator, project: Project, footprints: Sequence[Footprint], dose: float) -> dict[str, float]:
    learned = 1 - math.exp(-3 * dose)
    first = project.loss * 1.5 * _about(rng, 0.03)
    level = (first - (first - project.loss) * learned - 0.02 * project.loss * max(0.0, dose - 1)) * math.prod(
        one.loss_level for one in footprints
    )
    found = {
        "first": first, "final": max(level, 0.3 * project.loss) * _about(rng, 0.035),
        "roughness": 0.12 * math.prod(one.loss_roughness for one in footprints) * _about(rng, 0.18),
        "nan_share": max((one.nan_share for one in footprints), default=0.0) * rng.uniform(0.2, 1.0),
    }  # fmt: skip
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def _saved_epochs(settings: Settings) -> tuple[int, ...]:
    stated = settings["max_train_epochs"]
    assert isinstance(stated, int)
    every = math.ceil(stated / SAVED_AT_MOST)
    return tuple(sorted({*range(every, stated + 1, every), stated}))


def _steps(settings: Settings, dataset: Dataset) -> float:
    numbers = [settings[name] for name in ("max_train_epochs", "num_repeats", "train_batch_size")]
    epochs, repeats, batch = (float(number) for number in numbers if isinstance(number, int | float))
    return epochs * math.ceil(dataset.images * repeats / batch)


def _about(rng: np.random.Generator, sd: float) -> float:
    return math.exp(sd * rng.standard_normal())


def _digest(rng: np.random.Generator) -> str:
    return hashlib.blake2b(rng.bytes(8), digest_size=16).hexdigest()
