"""A small invented experiment with real pictures: two runs, a few epochs, prompts that ask for a background."""

from __future__ import annotations

import hashlib
import io
import math
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from lorascope.records.checkpoint import Checkpoint
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import Expectation, Prompt, PromptSuite
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Sample, Score
from lorascope.reports.answers import Candidate, Choice, Comparison, Difference
from lorascope.reports.evidence import DatasetNote, Evidence, MetricNote, Repair, RunEvidence

FIGURE = """
............
....hhhh....
...hhhhhh...
...hssssh...
...hsesesh..
...hssssh...
....ssss....
....smms....
.....ss.....
...cccccc...
..cccccccc..
..cccccccc..
"""
COLORS = {
    "green": (48, 166, 70),
    "blue": (48, 88, 214),
    "red": (204, 32, 40),
    "yellow": (246, 216, 58),
    "purple": (124, 58, 170),
    "teal": (20, 150, 150),
    "pink": (242, 134, 184),
    "gray": (136, 138, 140),
}
ACCURACY = MetricNote(
    "background_color_accuracy",
    "background color accuracy",
    "share of pictures",
    0,
    1,
    "higher",
    "1 when the background has the color that the prompt asks for, else 0.",
)
UNIQUE = MetricNote("unique_colors", "unique colors", "colors", 1, 576, "none", "Different RGB values at 24 x 24 pixels.")


def sprite(background: tuple[int, int, int], hair: tuple[int, int, int], noise: int, rng: random.Random) -> bytes:
    """A 24 x 24 figure as PNG bytes; ``noise`` is the spread of its background in 8-bit levels."""
    paint = {".": background, "h": hair, "s": (234, 195, 147), "e": (25, 25, 25), "m": (190, 90, 90), "c": (90, 96, 110)}
    small = np.array([[paint[letter] for letter in line[:12]] for line in FIGURE.split()], np.int16)
    pixels = small.repeat(2, 0).repeat(2, 1)
    spread = np.array([[[rng.randint(-noise, noise)] * 3 for _ in range(24)] for _ in range(24)])
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels + spread, 0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Experiment:
    """Evidence for a report and the bytes of its pictures by digest."""

    evidence: Evidence
    images: dict[str, bytes]


def _measure(run: str, scores: list[Score], note: MetricNote, epochs: int) -> list[Measurement]:
    found = []
    for epoch in range(epochs + 1):
        here = [score for score in scores if score.metric == note.name and score.epoch == epoch]
        names = sorted({score.prompt for score in here})
        means = [statistics.fmean(score.value for score in here if score.prompt == name and score.value is not None) for name in names]
        half = 2 * statistics.stdev(means) / math.sqrt(len(means)) if len(means) > 1 else None
        mean = statistics.fmean(means)
        low, high = (None, None) if half is None else (max(note.low, mean - half), min(note.high, mean + half))
        found.append(Measurement(run, epoch, note.name, note.unit, mean, low, high, len(means), len(here)))
    return found


def _choice(measurements: list[Measurement], seeds: int) -> Choice:
    found = [m for m in measurements if m.metric == ACCURACY.name and m.epoch]
    weights = [math.exp(20 * (m.mean or 0)) for m in found]
    candidates = tuple(
        Candidate(m.epoch, m.mean, m.low, m.high, m.images, 0.8 * (m.mean or 0) + 0.15, weight / sum(weights))
        for m, weight in zip(found, weights, strict=True)
    )
    leader = max(candidates, key=lambda candidate: candidate.p_best or 0)
    called = (leader.p_best or 0) >= 0.5
    near = tuple(c.epoch for c in candidates if (c.p_best or 0) > 0.1)
    return Choice(
        ACCURACY.name,
        ACCURACY.unit,
        "higher",
        found[0].prompts,
        seeds,
        0.03,
        candidates,
        leader.epoch if called else None,
        leader.p_best if called else None,
        near,
        prompts_to_decide=31,
    )


def make_experiment(epochs: int = 3, prompts: int = 3, seeds: int = 2, names: tuple[str, str] = ("dirty", "clean")) -> Experiment:
    """Two runs of an invented experiment: with wrong captions the background is lost, with right ones it is learned."""
    rng, images = random.Random(7), {}
    colors = list(COLORS.items())[:prompts]
    suite = PromptSuite(
        "backgrounds",
        tuple(Prompt(f"{word}_lad", f"a lad, {word} background", (Expectation("background", word, rgb),)) for word, rgb in colors),
        tuple(range(1, seeds + 1)),
        20,
        5.0,
        "",
        24,
        24,
    )
    runs = []
    for place, name in enumerate(names):
        samples: list[Sample] = []
        scores: list[Score] = []
        for epoch in range(epochs + 1):
            for word, asked in colors:
                for seed in suite.seeds:
                    learned = epoch / epochs
                    right = rng.random() < (0.9 - 0.75 * learned if place == 0 else 0.85 + 0.15 * learned)
                    background = asked if right else rng.choice(list(COLORS.values()))
                    data = sprite(background, rng.choice(list(COLORS.values())), 12 if place == 0 else 4, rng)
                    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
                    images[digest] = data
                    prompt = f"{word}_lad"
                    samples.append(Sample(name, epoch, prompt, seed, digest))
                    value = rng.uniform(0.88, 1) if background == asked else rng.uniform(0, 0.1)
                    scores.append(Score(name, epoch, prompt, seed, ACCURACY.name, round(value, 4)))
                    scores.append(Score(name, epoch, prompt, seed, UNIQUE.name, float(rng.randint(180, 330) - 60 * place)))
        measurements = [m for note in (ACCURACY, UNIQUE) for m in _measure(name, scores, note, epochs)]
        digest = ("a1b2c3d4e5f60718293a4b5c6d7e8f90", "0f9e8d7c6b5a49382716f5e4d3c2b1a0")[place]
        dataset = DatasetNote(
            digest,
            ("sprites", "sprites-clean")[place],
            203,
            203,
            None if place == 0 else "a1b2c3d4e5f60718293a4b5c6d7e8f90",
            findings=({"color_contradicts_code": 61, "duplicate_code": 84, "beyond_window": 22}, {"beyond_window": 1})[place],
        )
        run = Run(
            name,
            "toy",
            RunStatus.FINISHED,
            {"network_dim": 16, "network_alpha": 8, "learning_rate": 0.001, "seed": 42, "output_name": name, "max_train_epochs": epochs},
            dataset_digest=digest,
            base_model="toy-24",
        )
        checkpoints = tuple(Checkpoint(name, epoch, 50 * epoch) for epoch in range(1, epochs + 1))
        runs.append(
            RunEvidence(run, checkpoints, tuple(samples), tuple(scores), tuple(measurements), _choice(measurements, seeds), dataset)
        )
    evidence = Evidence(
        runs=tuple(runs),
        metric=ACCURACY.name,
        metrics=(ACCURACY, UNIQUE),
        suite=suite,
        recorded_at=1_767_225_600.0,
        comparisons=(
            Comparison(
                "at the last epoch",
                (
                    Difference(UNIQUE.name, -9.0, -31.5, 13.5, 0.38, prompts, 31.0, (epochs, epochs)),
                    Difference(ACCURACY.name, 0.71, 0.52, 0.9, 0.0004, prompts, 0.26, (epochs, epochs)),
                ),
                ("Intervals are over prompts.",),
            ),
            Comparison(
                "at each run's best epoch",
                (Difference(ACCURACY.name, 0.08, -0.04, 0.2, 0.11, prompts, 0.16, (1, epochs)),),
                ("Intervals are over prompts.", "Chosen by looking at these same scores: both values flatter their run."),
            ),
        ),
        repairs=(
            Repair(
                "sprite_012.txt",
                "a lad with red hair (#30a646), gray shirt, green background (#30a646), pixel art, masterpiece, best quality",
                "a lad with green hair (#30a646), gray shirt, green background, pixel art",
            ),
            Repair("sprite_044.txt", "a lady, blue hair, blue background (#cc2028)", "a lady, blue hair, red background (#cc2028)"),
        ),
        repaired=141,
        versions={"lorascope": "0.1.0", "numpy": "2.4.6"},
    )
    return Experiment(evidence, images)


@pytest.fixture
def make() -> Callable[..., Experiment]:
    return make_experiment


@pytest.fixture
def experiment() -> Experiment:
    return make_experiment()
