"""The metrics on pictures with known truth, what they cost, and how honest their intervals are: ``python benchmarks/bench_metrics.py``.

1. The demo's sprites enlarged to 512 px, flawless and damaged as pictures are (a decoder's noise, JPEG, a shift, smooth enlargement),
   and pictures that never had a grid: median of each metric. What is damaged on the way should change no number that means the drawing.
2. CPU time of all metrics of one noisy 512 px picture beside that of decoding its PNG (Pillow; kornia_rs where it is installed), and of
   describing the demo's 203 training images.
3. The interval of a share by simulation: answers of prompts whose own shares are beta distributed, so that seeds of one prompt are alike.
"""

from __future__ import annotations

import argparse
import importlib
import io
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from lorascope.evaluation.metric import NotMeasurable, Picture, Reading
from lorascope.evaluation.metrics import METRICS
from lorascope.evaluation.training_bands import TrainingImage, describe
from lorascope.jobs.read_assets import color_names, demo_dataset
from lorascope.jobs.read_pixels import load_pixels
from lorascope.records.interval import Interval, clustered_share_interval, mean_interval, share_interval
from lorascope.records.prompt import Expectation, Prompt
from planted_pictures import Pixels, bicubic, decoder_noise, enlarged, jpeg, photo_like, shifted
from table import keep, show

ASKS = Prompt("lad", "a lad", (Expectation("background", "green", (48, 166, 70)), Expectation("hair", "brown", (116, 70, 34))))
SIDE_PX = 512
EVERY = 8  # of the demo's sprites, for the table of damages


def sprites() -> list[TrainingImage]:
    """The demo's training images."""
    return [TrainingImage(path.name, load_pixels(path), Prompt(path.name, "")) for path in sorted(demo_dataset().glob("*.png"))]


def damages(cells: Sequence[Pixels]) -> dict[str, list[Pixels]]:
    """The same drawings, damaged in each way; and photographs."""
    large = [enlarged(one, SIDE_PX) for one in cells]
    return {
        "flawless": large,
        "decoder": [decoder_noise(one, seed) for seed, one in enumerate(large)],
        "JPEG 85": [jpeg(one, 85) for one in large],
        "shift 9": [shifted(one, 9) for one in large],
        "shift 9, decoder": [decoder_noise(shifted(one, 9), seed) for seed, one in enumerate(large)],
        "bicubic": [bicubic(one, SIDE_PX) for one in cells],
        "photograph": [photo_like(seed, SIDE_PX) for seed in range(len(cells))],
    }


def damage_table(images: Sequence[TrainingImage]) -> list[dict[str, object]]:
    """Median [5th to 95th percentile] of each metric by damage, and how many pictures had no value."""
    training = describe(images, color_names())
    rows: dict[str, dict[str, object]] = {metric.name: {"metric": metric.name} for metric in METRICS}
    for damage, pictures in damages([image.pixels for image in images[::EVERY]]).items():
        found: dict[str, list[float]] = {}
        for pixels in pictures:
            picture = Picture(pixels, Prompt("plain", ""), training, color_names())
            for metric in METRICS:
                value = picture.of(metric)
                if not isinstance(value, NotMeasurable):
                    found.setdefault(metric.name, []).append(value.value if isinstance(value, Reading) else value)
        for name, row in rows.items():
            values = found.get(name, [])
            missing = f" ({len(pictures) - len(values)} null)" if 0 < len(values) < len(pictures) else ""
            row[damage] = f"{_short(np.percentile(values, [50, 5, 95]))}{missing}" if values else "null"
    return list(rows.values())


def _short(percentiles: Sequence[float]) -> str:
    middle, low, high = (f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}" for value in percentiles)
    return middle if low == high else f"{middle} [{low}-{high}]"


def cost_table(images: Sequence[TrainingImage]) -> list[dict[str, object]]:
    """CPU milliseconds: medians over pictures, in one process."""
    training = describe(images, color_names())
    assert training is not None
    noisy = [decoder_noise(enlarged(image.pixels, SIDE_PX), seed) for seed, image in enumerate(images[:: EVERY // 2])]
    files = [_png(pixels) for pixels in noisy]

    def every_metric(pixels: Pixels) -> None:
        picture = Picture(pixels, ASKS, training, color_names())
        for metric in METRICS:
            picture.of(metric)

    rows: list[dict[str, object]] = []
    measuring = cpu_ms(every_metric, noisy)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.png" for number in range(len(files))]
        for path, data in zip(paths, files, strict=True):
            path.write_bytes(data)
        for name, decode in decoders().items():
            decoding = cpu_ms(decode, paths)
            rows.append({"decoder": name, "decode_ms": decoding, "metrics_ms": measuring, "metrics_over_decode": measuring / decoding,
                         "share_of_decoding_alone": decoding / (decoding + measuring)})  # fmt: skip
    return rows


def parts_table(images: Sequence[TrainingImage]) -> list[dict[str, object]]:
    """What each part costs when it is first asked for, in the order in which they are."""
    training = describe(images, color_names())
    taken: dict[str, list[float]] = {}
    for seed, image in enumerate(images[:: EVERY // 2]):
        picture = Picture(decoder_noise(enlarged(image.pixels, SIDE_PX), seed), ASKS, training, color_names())
        steps: dict[str, Callable[[], object]] = {part: partial(getattr, picture.look, part) for part in ("cells", "background", "merged")}
        steps |= {metric.name: partial(picture.of, metric) for metric in METRICS}
        for name, step in steps.items():
            start = time.perf_counter_ns()
            step()
            taken.setdefault(name, []).append((time.perf_counter_ns() - start) / 1e6)
    return [{"part": name, "ms": statistics.median(times)} for name, times in taken.items()]


def decoders() -> dict[str, Callable[[Path], object]]:
    """Ways to decode a PNG file."""
    found: dict[str, Callable[[Path], object]] = {"Pillow": lambda path: np.asarray(Image.open(path).convert("RGB"))}
    try:
        kornia = importlib.import_module("kornia_rs").io
    except ModuleNotFoundError:
        return found
    return {**found, "kornia_rs": lambda path: kornia.read_image_png_u8(str(path), "rgb")}


def cpu_ms(work: Callable[[object], object], items: Sequence[object], repeats: int = 3) -> float:
    """Median CPU time of one item."""
    work(items[0])
    times = []
    for item in [*items] * repeats:
        start = time.process_time_ns()
        work(item)
        times.append((time.process_time_ns() - start) / 1e6)
    return statistics.median(times)


def _png(pixels: Pixels) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def coverage_table(draws: int) -> list[dict[str, object]]:
    """How often intervals hold the truth, by number of prompts: over seeds, correlation and shares, and in the worst such case."""
    rng, shares = np.random.default_rng(1), np.arange(0.03, 0.98, 0.05)
    ways: dict[str, Callable[[list[list[float]]], Interval | None]] = {
        "Wilson, clustered": clustered_share_interval,
        "Student over prompts": student,
        "Wilson, as if independent": lambda answers: clustered_share_interval([[answer] for one in answers for answer in one]),
    }
    rows = []
    for way, bounds in ways.items():
        for prompts in (4, 8, 16, 32):
            cases, widths = [], []
            for seeds, alike in itertools.product((1, 4, 8), (0.0, 0.3, 0.6, 1.0)):
                if seeds == 1 and alike:
                    continue
                held = []
                for share in shares:
                    for answers in _answers(rng, share, alike, prompts, seeds, draws):
                        found = bounds(answers)
                        held.append(found is not None and found.low <= share <= found.high)
                        widths.append(min(found.high, 1) - max(found.low, 0) if found else 0.0)
                cases.append(statistics.fmean(held))
            rows.append({"interval": way, "prompts": prompts, "coverage": statistics.fmean(cases), "worst_case": min(cases),
                         "width": statistics.fmean(widths)})  # fmt: skip
    return rows


def student(answers: list[list[float]]) -> Interval | None:
    """Student's t over the prompts' means; Wilson's over prompts where each says plainly yes or no."""
    means = [statistics.fmean(one) for one in answers]
    if all(mean in {0.0, 1.0} for mean in means):
        return share_interval(sum(means), len(means))
    return mean_interval(means)


def _answers(rng: np.random.Generator, share: float, alike: float, prompts: int, seeds: int, draws: int) -> list[list[list[float]]]:
    own = np.full((draws, prompts), share)
    if alike == 1:
        own = (rng.random((draws, prompts)) < share).astype(float)
    elif alike > 0:
        own = rng.beta(share * (1 - alike) / alike, (1 - share) * (1 - alike) / alike, (draws, prompts))
    found: list[list[list[float]]] = (rng.random((draws, prompts, seeds)) < own[..., None]).astype(float).tolist()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=60, help="simulated evaluations per case and share")
    args = parser.parse_args()
    images = sprites()
    damage = damage_table(images)
    show(f"Medians [5 to 95 %] of {len(images[::EVERY])} pictures of {SIDE_PX} px", damage)
    costs, parts = cost_table(images), parts_table(images)
    start = time.process_time()
    describe(images, color_names())
    describing_s = time.process_time() - start
    notes = [f"describing {len(images)} training images of 24 px: {describing_s:.2f} s CPU, reading not counted"]
    show(f"CPU of all {len(METRICS)} metrics of one noisy picture of {SIDE_PX} px", costs, notes)
    show("Wall ms of each part when it is first asked for", parts)
    coverage = coverage_table(args.draws)
    show("95 % intervals of a share (seeds 1 to 8 a prompt, correlation 0 to 1, shares 0.03 to 0.93)", coverage)
    keep("metrics", damage, costs=costs, parts=parts, describing_s=describing_s, coverage=coverage, draws=args.draws)


if __name__ == "__main__":
    main()
