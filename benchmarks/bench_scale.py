"""Captions and pictures by the million: ``python benchmarks/bench_scale.py [--captions 1000000] [--audit /path/to/caption-audit]``.

Goals: text rules at 300,000 captions a second and core on a clean corpus of 226 bytes a caption; a million captions on two cores in 10 s
with all exact findings; decoding and all metrics at 80 % of what decoding alone allows; memory flat in the number of files. CPU seconds are
shown, since other work on the machine lengthens wall times most; compare ratios of one run.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import re
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

import table
from lorascope.captions.check import Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.screening import Vocabulary, screen, unscreened
from lorascope.jobs.measure_batch import MeasureOptions, measure
from lorascope.jobs.read_assets import knowledge
from lorascope.jobs.read_pixels import load_pixels

COLORS = "red blue green brown gray purple teal orange black white".split()
KINDS = "long short curly striped woolen leather shiny old torn silk".split()
THINGS = "hair jacket hat scarf boots gloves belt backpack umbrella lantern collar cloak shirt glasses earring necklace sword book".split()
PLACES = [
    "standing beside a wooden fence",
    "looking over the left shoulder",
    "lit from the right",
    "under a cloudy sky",
    "near the old harbor",
]
DEFECTS = (
    lambda text: f"{text}, palette: #03dc73, #7e351a, #100e12",
    lambda text: text.replace("background", "background background"),
    lambda text: f"{text}, {text.split(', ')[1]}",
    lambda text: text.replace(", ", ",, ", 1),
    lambda text: f"{text}, dont forget the lips",
    lambda text: text.replace("bespoke", "bespoke\u200b"),
    lambda text: f"{text}, hair (#03dc73), skin (#03dc73)",
)


def captions(count: int, defects: float, seed: int = 1) -> list[str]:
    """Captions of about 226 bytes, a share of them with one planted defect."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        parts = [f"{rng.choice(KINDS)} {rng.choice(COLORS)} {thing}" for thing in rng.sample(THINGS, 9)]
        text = ", ".join(["bespoke", *parts, rng.choice(PLACES), f"{rng.choice(COLORS)} background"])
        made.append(rng.choice(DEFECTS)(text) if rng.random() < defects else text)
    return made


def cpu_s(work: Callable[[], object], times: int = 3) -> float:
    """The least CPU time of a few runs, after one to warm up."""
    work()
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def screening(count: int) -> list[dict[str, object]]:
    around, rows = Surroundings(knowledge(), captions=0), []
    vocabulary = Vocabulary(knowledge().tokenizer)
    signals = [re.compile(check.signal, re.IGNORECASE) for check in CHECKS if check.find and check.signal]
    for share in (0.0, 0.03, 0.3):
        texts = captions(count, share)
        size = sum(len(text.encode()) for text in texts) / count
        parts = [pl.Series("caption", texts[at : at + 32_768]) for at in range(0, count, 32_768)]
        candidates = sum(int(screen(part, around, vocabulary).anywhere().sum()) for part in parts)
        seconds = cpu_s(lambda parts=parts: [screen(part, around, vocabulary) for part in parts])
        batches = [pa.RecordBatch.from_pydict({"key": [""] * len(part), "caption": part.to_arrow()}) for part in parts]
        whole = cpu_s(lambda batches=batches: [measure(batch, MeasureOptions(text_only=True)) for batch in batches], 1)
        loop = cpu_s(lambda few=texts[:5000]: [signal.search(text) for text in few for signal in signals], 1) * count / 5000
        name = f"{share:.0%} defects, {size:.0f} bytes"
        rows += [
            {"what": f"screen all text rules, {name}", "per_s_and_core": count / seconds, "cpu_us_each": seconds / count * 1e6, "n": count}
            | {"note": f"{candidates / count:.2%} candidates"},
            {"what": f"exact findings, {name}", "per_s_and_core": count / whole, "cpu_us_each": whole / count * 1e6, "n": count},
            {
                "what": f"re.search of the {len(signals)} signals, {name}",
                "per_s_and_core": count / loop,
                "cpu_us_each": loop / count * 1e6,
                "n": 5000,
            },
        ]
    return rows


def measured(source: Path, out: Path, *options: str) -> tuple[float, float, float]:
    """Run the command: wall seconds, CPU seconds of all its processes, and peak memory of the largest of them in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    code = (
        "import resource, sys\nfrom lorascope.cli.main import cli\n"
        "try: cli.main(sys.argv[1:], standalone_mode=False)\n"
        "finally: print(max(resource.getrusage(who).ru_maxrss for who in (0, -1)), file=sys.stderr)  # this process, its children"
    )
    command = [sys.executable, "-c", code, "measure", str(source), "--out", str(out), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, spent, int(done.stderr.split()[-1]) / 1024


def end_to_end(count: int, folder: Path) -> list[dict[str, object]]:
    texts = captions(count, 0.03)
    step = -(-count // 16)
    source = folder / "captions"
    source.mkdir()
    for at in range(0, count, step):
        pq.write_table(pa.table({"caption": texts[at : at + step]}), source / f"{at:09}.parquet")
    rows = []
    for workers in ("1", "2"):
        wall, spent, peak = measured(source, folder / f"out-{workers}", "--text-only", "--workers", workers)
        what = f"lorascope measure --text-only, 3 % defects, {workers} processes"
        rows.append(
            {"what": what, "per_s_and_core": count / spent, "cpu_us_each": spent / count * 1e6, "n": count, "wall_s": wall, "peak_mb": peak}
        )
    return rows


def peer(audit: Path, folder: Path, count: int) -> list[dict[str, object]]:
    """caption-audit on a folder of captions, each beside an empty picture."""
    source = folder / "peer"
    source.mkdir()
    pixel = io.BytesIO()
    Image.new("RGB", (1, 1)).save(pixel, "PNG")
    for number, text in enumerate(captions(count, 0.03)):
        (source / f"{number:06}.txt").write_text(text)
        (source / f"{number:06}.png").write_bytes(pixel.getvalue())
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([str(audit), str(source)], capture_output=True, check=False, timeout=1800)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    rows: list[dict[str, object]] = [
        {"what": "caption-audit, a folder", "per_s_and_core": count / spent, "cpu_us_each": spent / count * 1e6, "n": count, "wall_s": wall}
    ]
    wall, spent, peak = measured(source, folder / "peer-out", "--text-only", "--workers", "1")
    rows.append(
        {
            "what": "lorascope measure --text-only, the same folder",
            "per_s_and_core": count / spent,
            "cpu_us_each": spent / count * 1e6,
            "n": count,
            "wall_s": wall,
            "peak_mb": peak,
        }
    )
    return rows


def pictures(kind: str, count: int) -> list[bytes]:
    """PNG files: 24 x 24 sprites, the same at 504 px, and 504 px with a decoder's noise."""
    rng, made = np.random.default_rng(1), []
    for _ in range(count):
        cells = rng.integers(0, 256, (8, 3))[rng.integers(0, 8, (24, 24))]
        cells[:4] = cells[0, 0]
        pixels = cells if kind == "24 px" else np.repeat(np.repeat(cells, 21, axis=0), 21, axis=1)
        if kind == "504 px noisy":
            pixels = (pixels + rng.normal(0, 1.2, pixels.shape)).clip(0, 255)
        file = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
        made.append(file.getvalue())
    return made


def images() -> list[dict[str, object]]:
    rows = []
    for kind, count in (("24 px", 300), ("504 px", 40), ("504 px noisy", 40)):
        files = pictures(kind, count)
        texts = captions(count, 0.03)
        batch = pa.RecordBatch.from_pydict({"key": [""] * count, "image": pa.array(files, pa.binary()), "caption": texts})
        ways: dict[str, Callable[[], object]] = {
            "Pillow decoding alone": lambda files=files: [np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in files],
            "decoding alone, as measure() does": lambda files=files: [load_pixels(io.BytesIO(data)) for data in files],
            "measure(): decode, all metrics, all checks": lambda batch=batch: measure(batch),
        }
        for what, way in ways.items():
            seconds = cpu_s(way, 1)
            rows.append({"what": f"{what}, {kind}", "per_s_and_core": count / seconds, "cpu_us_each": seconds / count * 1e6, "n": count})
    return rows


def memory(folder: Path, most: int) -> list[dict[str, object]]:
    """Peak memory of one process over folders of captions and 1 x 1 pictures."""
    rows, pixel = [], io.BytesIO()
    Image.new("RGB", (1, 1)).save(pixel, "PNG")
    for count in (most // 10, most):
        source = folder / f"files-{count}"
        source.mkdir()
        for number, text in enumerate(captions(1000, 0.03) * -(-count // 1000)):
            if number < count:
                (source / f"{number:07}.txt").write_text(text)
                (source / f"{number:07}.png").write_bytes(pixel.getvalue())
        wall, spent, peak = measured(source, folder / f"memory-{count}", "--text-only", "--workers", "1")
        rows.append(
            {
                "what": f"folder of {count} pictures, --text-only",
                "per_s_and_core": count / spent,
                "cpu_us_each": spent / count * 1e6,
                "n": count,
                "wall_s": wall,
                "peak_mb": peak,
            }
        )
    return rows


def ray_overhead(count: int = 64) -> list[dict[str, object]]:
    """What a batch costs on its way through Ray on this machine, beside measuring it here."""
    from lorascope.jobs.engines.ray import RayEngine

    own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}  # else Ray would leave one in the home folder
    os.environ.update({"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_DISABLE_PROGRESS_BARS": "1", **own})
    import ray

    ray.init(num_cpus=2, object_store_memory=200_000_000, include_dashboard=False, log_to_driver=False, logging_level="error")
    try:
        batches = [pa.RecordBatch.from_pydict({"key": [str(n)], "caption": ["red hat"]}) for n in range(count)]
        engine, rows = RayEngine(), []
        list(engine.map_batches(measure, batches))
        for what, way in (
            ("in this process", lambda: [measure(batch) for batch in batches]),
            ("through Ray Data", lambda: list(engine.map_batches(measure, batches))),
        ):
            began = time.monotonic()
            way()
            wall = time.monotonic() - began
            rows.append(
                {
                    "what": f"a batch of one row, {what}",
                    "cpu_us_each": None,
                    "n": count,
                    "wall_s": wall,
                    "note": f"{wall / count * 1000:.2f} ms wall a batch",
                }
            )
        return rows
    finally:
        ray.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captions", type=int, default=200_000, help="how many captions are measured end to end")
    parser.add_argument("--files", type=int, default=100_000, help="the larger folder whose memory is measured")
    parser.add_argument("--audit", type=Path, help="caption-audit's program, to measure it too")
    parser.add_argument("--audit-files", type=int, default=20_000, help="how many captions caption-audit is given")
    parser.add_argument("--only", choices=["screening", "captions", "peer", "images", "memory", "ray"], action="append")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        parts: dict[str, Callable[[], list[dict[str, object]]]] = {
            "screening": lambda: screening(131_072),
            "captions": lambda: end_to_end(args.captions, folder),
            "peer": lambda: peer(args.audit, folder, args.audit_files) if args.audit else [],
            "images": images,
            "memory": lambda: memory(folder, args.files),
            "ray": ray_overhead,
        }
        rows = [row for name, part in parts.items() if not args.only or name in args.only for row in part()]
    notes = [f"checks that look at every caption: {', '.join(unscreened()) or 'none'}", f"load average {os.getloadavg()[0]:.1f}"]
    table.show("measuring by the million; goals: 300,000 captions/s/core, 1M in 10 s on two cores, flat memory", rows, notes)
    table.keep("scale", rows, load=os.getloadavg()[0], unscreened=list(unscreened()))


if __name__ == "__main__":
    main()
