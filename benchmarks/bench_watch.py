"""How soon a watch records a checkpoint, and what its looks cost: ``python benchmarks/bench_watch.py``.

The checkpoints are written by a thread at moments that have nothing to do with the looks; recorded means committed to an SQLite file.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tensorboardX import SummaryWriter

from lorascope.importers.tensorboard_events import TENSORBOARD_EVENTS
from lorascope.jobs.watch import WatchRequest, watch
from lorascope.jobs.watch_folder import look_into
from lorascope.jobs.watch_reading import FolderReading
from lorascope.store import Store
from table import keep, show

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "jobs"))

from kohya_training import Training, save


class Clock:
    """A listener that notes when each checkpoint was recorded."""

    def __init__(self) -> None:
        self.at: dict[int, float] = {}

    def news(self, line: str) -> None:
        if "checkpoint of epoch" in line:
            self.at[int(line.split("epoch ")[1].split(maxsplit=1)[0])] = time.monotonic()

    def standing(self, runs: Sequence[object]) -> None:
        pass


def latencies_s(folder: Path, every_s: float, checkpoints: int) -> list[float]:
    """Seconds from a checkpoint's last byte to its commit, for each but the first."""
    training, written, clock = Training(folder, epochs=checkpoints, half_s=0.0), dict[int, float](), Clock()
    moments = random.Random(7)
    (folder / "lab").mkdir(parents=True)

    def write() -> None:
        for epoch in range(1, checkpoints + 1):
            time.sleep(moments.uniform(0.5, 1.0) * every_s + 0.3)
            save(training, "fox.safetensors" if epoch == checkpoints else f"fox-{epoch:06d}.safetensors", epoch, 5 * epoch)
            written[epoch] = time.monotonic()

    writer = threading.Thread(target=write)
    with Store.open(f"sqlite:///{folder / 'lab' / 'lab.db'}", folder / "lab" / "blobs") as store:
        writer.start()
        watch(store, WatchRequest(folder, every_s=every_s, until_idle_s=60.0), clock)
        writer.join()
    return [clock.at[epoch] - written[epoch] for epoch in sorted(clock.at)]


def cpu_ms(action: Callable[[], object], times: int) -> float:
    """Median CPU time of an action."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        action()
        taken.append(1e3 * (time.process_time() - began))
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoints", type=int, default=15)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=300_000)
    args = parser.parse_args()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for every_s in (2.0, 0.5):
            taken = latencies_s(folder / f"every_{every_s}", every_s, args.checkpoints)
            what = f"checkpoint complete to recorded, a look every {every_s:g} s"
            rows.append({"what": what, "median": statistics.median(taken), "max": max(taken), "unit": "s", "n": len(taken)})
        for index in range(args.files):
            place = folder / "many" / f"{index % 20}" / f"{index}.txt"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("a red fox")
        reading = FolderReading()
        reading.update(look_into(folder / "many"))
        look_ms = cpu_ms(lambda: reading.update(look_into(folder / "many")), 15)
        rows.append({"what": f"a look at {args.files:,} files, nothing changed", "median": look_ms, "unit": "ms CPU", "n": 15})
        with SummaryWriter(str(folder / "log")) as writer:
            for step in range(args.points // 3):
                for tag in ("loss/current", "loss/average", "lr/unet"):
                    writer.add_scalar(tag, 0.1, step)
        (log,) = (folder / "log").iterdir()
        log_ms = cpu_ms(lambda: list(TENSORBOARD_EVENTS.read(log)), 5)
        rows.append({"what": "points of an event file read and checked", "median": 1e3 * args.points / log_ms, "unit": "per s CPU", "n": 5})
    show("Watching a folder", rows, ["one core; a look every 2 s takes the look's CPU time / 2 s of it"])
    keep("watch", rows, checkpoints=args.checkpoints, files=args.files, points=args.points)


if __name__ == "__main__":
    main()
