"""Which caption defect does the harm? The causal claim behind the demo, tested: ``python benchmarks/bench_caption_defects.py``.

The same 203 sprites, the same recipe; only the captions differ between arms, and only in one way at a time. Each arm is trained
with several training seeds; runs of the same seed are paired with the arm of true captions. The outcome is the share of pictures
whose background has the asked color (``background_color_accuracy``), over 8 prompts x 4 image seeds, after the last epoch. The table
goes to ``benchmarks/results/caption_defects.md``.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import t

from lorascope.cli.progress import Lines
from lorascope.jobs.engines.local import LocalEngine
from lorascope.jobs.evaluate import EvaluateRequest, evaluate
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.read_assets import demo_base_model, demo_dataset, demo_plants
from lorascope.jobs.read_suite import read_suite
from lorascope.jobs.train import TrainRequest, train
from lorascope.store import Store
from table import RESULTS, keep, show

METRICS = ("background_color_accuracy", "background_uniformity", "palette_adherence", "unique_colors")
BOILERPLATE = (
    "sharp pixel edges, hard color borders, retro pixel art style, no anti-aliasing, no gradients, clean outlines, flat shading, limited "
    "palette, crisp details, 24x24 pixel grid, game sprite, centered composition, front view, high contrast, simple shapes, solid colors, "
    "hand placed pixels, isolated character, classic console look, bold readable silhouette"
)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one sprite: its tags, and the hex codes of its features."""

    tags: tuple[str, ...]
    codes: dict[str, str]

    def word(self, feature: str) -> str | None:
        """The color word of a feature ("long red hair" → red), or None when the caption does not mention it."""
        tag = next((tag for tag in self.tags if tag.endswith(f" {feature}")), None)
        return tag.split(" ")[-2] if tag else None


Writer = Callable[[Truth, random.Random], str]


def plain(truth: Truth, _rng: random.Random) -> str:
    """True words, no codes."""
    return ", ".join(truth.tags)


def wrong_word(share: float) -> Writer:
    """In this share of captions the background's word is that of the hair or clothing."""

    def write(truth: Truth, rng: random.Random) -> str:
        right = truth.word("background")
        others = [word for word in (truth.word("hair"), truth.word("clothing"), "purple", "green") if word not in {None, right}]
        hit = rng.random() < share
        return ", ".join(f"{others[0]} background" if hit and tag.endswith(" background") else tag for tag in truth.tags)

    return write


def coded(background: str) -> Writer:
    """True words, every color with a hex code; the background carries the code of this feature."""

    def write(truth: Truth, _rng: random.Random) -> str:
        codes = {**truth.codes, "background": truth.codes.get(background, truth.codes["background"])}
        features = ((tag, tag.split(" ")[-1]) for tag in truth.tags)
        return ", ".join(f"{tag} ({codes[feature]})" if feature in codes else tag for tag, feature in features)

    return write


def pushed_out(truth: Truth, _rng: random.Random) -> str:
    """True words, but boilerplate before the background pushes it out of the 75 tokens that the encoder reads."""
    rest = [tag for tag in truth.tags if not tag.endswith(" background")]
    return ", ".join([*rest, BOILERPLATE, *(tag for tag in truth.tags if tag.endswith(" background"))])


# arm → (writer of captions, extra parameters)
ARMS: dict[str, tuple[Writer, dict[str, bool]]] = {
    "true words": (plain, {}),
    "wrong background word, 25 %": (wrong_word(0.25), {}),
    "wrong background word, 50 %": (wrong_word(0.5), {}),
    "wrong background word, 100 %": (wrong_word(1.0), {}),
    "true words, true codes": (coded("background"), {}),
    "true words, hair's code on background": (coded("hair"), {}),
    "true words, background beyond the window": (pushed_out, {"shuffle_caption": False}),
    "true words, not shuffled": (plain, {"shuffle_caption": False}),
}
PAIRED_WITH = {"true words, background beyond the window": "true words, not shuffled"}


@dataclass(frozen=True, slots=True)
class Trial:
    """One training: an arm and a seed."""

    arm: str
    seed: int
    epochs: int
    folder: Path


def run_trial(trial: Trial, progress: Progress) -> dict[str, float]:
    """Train and evaluate; returns the mean of each metric after the last epoch."""
    _, extra = ARMS[trial.arm]
    name = f"{list(ARMS).index(trial.arm)}-{trial.seed}"
    progress.start(f"{trial.arm}, seed {trial.seed}", 1)
    with Store.open(f"sqlite:///{trial.folder / 'lab.db'}", trial.folder / "blobs") as store:
        parameters = {"seed": trial.seed, "max_train_epochs": trial.epochs, "save_every_n_epochs": trial.epochs, **extra}
        dataset = trial.folder / f"arm{list(ARMS).index(trial.arm)}"
        train(store, TrainRequest(name, dataset, demo_base_model(), trial.folder / "out" / name, parameters), Silent())
        evaluate(store, EvaluateRequest(name, read_suite(None), with_base=False), Silent())
        scores = store.scores(name)
    means = {m: statistics.fmean(s.value for s in scores if s.metric == m and s.value is not None) for m in METRICS}
    progress.finish(f"{means[METRICS[0]]:.3f}")
    return means


def write_arms(folder: Path) -> None:
    """One dataset per arm: the same pictures, captions in the arm's manner."""
    planted = json.loads(demo_plants().read_text("utf-8"))["captions"]
    for index, (writer, _) in enumerate(ARMS.values()):
        rng = random.Random(11)
        target = folder / f"arm{index}"
        target.mkdir()
        for stem, truth in sorted(planted.items()):
            shutil.copy(demo_dataset() / f"{stem}.png", target)
            text = writer(Truth(tuple(truth["caption"].split(", ")), truth["codes"]), rng)
            (target / f"{stem}.txt").write_text(text, "utf-8")


def interval(values: list[float]) -> tuple[float, float]:
    """Mean and half-width of the 95 % t interval over training seeds."""
    n = len(values)
    return statistics.fmean(values), float(t.ppf(0.975, n - 1)) * statistics.stdev(values) / n**0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_arms(folder)
        Store.open(f"sqlite:///{folder / 'lab.db'}", folder / "blobs").close()
        trials = [Trial(arm, seed, args.epochs, folder) for seed in range(1, args.seeds + 1) for arm in ARMS]
        results = list(LocalEngine(args.processes).map(run_trial, trials, lambda index: Lines(str(index + 1))))
    by_arm = {arm: [r for trial, r in zip(trials, results, strict=True) if trial.arm == arm] for arm in ARMS}
    rows = []
    for arm, found in by_arm.items():
        reference = by_arm[PAIRED_WITH.get(arm, "true words")]
        row: dict[str, object] = {"captions": arm, "n_seeds": len(found)}
        for metric in METRICS:
            mean, half = interval([result[metric] for result in found])
            row[metric] = f"{mean:.3f} ± {half:.3f}" if metric != "unique_colors" else f"{mean:.0f} ± {half:.0f}"
        if reference is not found:
            mean, half = interval([ours[METRICS[0]] - other[METRICS[0]] for ours, other in zip(found, reference, strict=True)])
            row["paired_difference"] = f"{mean:+.3f} ± {half:.3f}"
        rows.append(row)
    notes = [
        f"mean over {args.seeds} training seeds ± half of the 95 % t interval; {args.epochs} epochs; 8 prompts x 4 image seeds per run",
        "paired difference of background_color_accuracy: same seed, minus the arm of true words (of unshuffled ones for the window arm)",
    ]
    show("Which caption defect does the harm?", rows, notes)
    keep("caption_defects", rows, seeds=args.seeds, epochs=args.epochs)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = ["# Which caption defect does the harm?", "", *notes, "", "| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(row.get(column, "")) for column in columns) + " |" for row in rows]
    (RESULTS / "caption_defects.md").write_text("\n".join([*lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
