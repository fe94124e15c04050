"""How the jobs are done with W&B (offline), TensorBoard (tensorboardX) and Aim: each class in the environment of its tool only.

No accounts and nothing outside this machine: W&B writes offline files, telemetry is switched off by ``tracker_processes.py``.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracker_data import EPOCHS, METRICS, epoch_metrics, parameters


class WandB:
    """Offline mode. The service that writes the files is a process of its own, and its CPU is counted."""

    def __init__(self, folder: Path) -> None:
        import wandb

        self.api, self.folder = wandb, folder

    def begin(self, name: str, config: dict[str, object] | None = None) -> None:
        quiet = self.api.Settings(x_disable_stats=True, x_disable_meta=True, silent=True, console="off")
        self.started = self.api.init(project="lab", mode="offline", dir=str(self.folder), name=name, config=config, settings=quiet)

    def run(self, number: int) -> None:
        self.begin(f"run-{number}", parameters(number))
        for epoch in range(1, EPOCHS + 1):
            self.log(epoch_metrics(number, epoch), epoch)
        self.end()

    def log(self, found: dict[str, float], step: int) -> None:
        self.started.log(found, step=step)

    def end(self) -> None:
        self.started.finish()

    def kept(self) -> int:
        """Read by a reader of our own, up to the first damaged record: the package has none for the files it writes."""
        from wandb.proto.wandb_internal_pb2 import Record

        found = 0
        for file in self.folder.glob("wandb/offline-run-*/*.wandb"):
            for body in _records(file.read_bytes()):
                record = Record.FromString(body)
                found += sum((item.key or "/".join(item.nested_key)) in METRICS for item in record.history.item)
        return found


def _records(data: bytes) -> Iterator[bytes]:
    """The records of a log in LevelDB's format: blocks of 32 KiB, parts with check sum, length and place in the record."""
    place, whole = 7, b""
    while place + 7 <= len(data):
        left = 32_768 - place % 32_768
        if left < 7:
            place += left
            continue
        length, part = struct.unpack_from("<HB", data, place + 4)
        body = data[place + 7 : place + 7 + length]
        place += 7 + length
        if len(body) < length or part == 0:
            return
        whole = body if part in {1, 2} else whole + body
        if part in {1, 4}:
            yield whole


class TensorBoard:
    """The writer of tensorboardX (no torch needed), with its buffering as it comes; read back with TensorBoard's own accumulator."""

    def __init__(self, folder: Path) -> None:
        from tensorboardX import SummaryWriter

        self.writer, self.folder = SummaryWriter, folder

    def begin(self, name: str) -> None:
        self.started = self.writer(str(self.folder / name))

    def run(self, number: int) -> None:
        self.begin(f"run-{number}")
        self.started.add_hparams(parameters(number), {"hparam/quality": 0.0}, name="hp")
        for epoch in range(1, EPOCHS + 1):
            self.log(epoch_metrics(number, epoch), epoch)
        self.end()

    def log(self, found: dict[str, float], step: int) -> None:
        for name, value in found.items():
            self.started.add_scalar(name, value, step)

    def end(self) -> None:
        self.started.close()

    def kept(self) -> int:
        read = _events(self.folder / "big")
        return sum(len(read.Scalars(tag)) for tag in read.Tags()["scalars"])

    def top(self) -> list[str]:
        """There is no query: every folder is read, filtered and sorted here."""
        chosen = (folder for folder in self.folder.glob("run-*") if _hparams(folder)["network_dim"] == 32)
        found = [(max(point.value for point in _events(folder).Scalars("eval/quality")), folder.name) for folder in chosen]
        return [name for _, name in sorted(found, reverse=True)[:20]]

    def frame(self) -> tuple[int, int]:
        rows = []
        for folder in self.folder.glob("run-*"):
            read = _events(folder)
            rows.append(_hparams(folder) | {tag: read.Scalars(tag)[-1].value for tag in read.Tags()["scalars"]})
        return len(rows), len(rows[0])


def _events(folder: Path) -> Any:
    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    read.Reload()
    return read


def _hparams(folder: Path) -> dict[str, object]:
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    content = _events(folder / "hp").summary_metadata["_hparams_/session_start_info"].plugin_data.content
    found = HParamsPluginData.FromString(content).session_start_info.hparams
    return {name: getattr(value, value.WhichOneof("kind")) for name, value in found.items()}


class Aim:
    """Its own store. A run is found by queries only after indexing, which is otherwise done by a thread of ``aim up``."""

    def __init__(self, folder: Path) -> None:
        import aim

        logging.getLogger("aim").setLevel(logging.ERROR)
        self.api, self.store = aim, aim.Repo.from_path(str(folder), init=True)

    def begin(self, name: str) -> None:
        self.started = self.api.Run(
            repo=self.store, experiment="lab", system_tracking_interval=None, capture_terminal_logs=False, log_system_params=False
        )
        self.started.name = name

    def run(self, number: int) -> None:
        self.begin(f"run-{number}")
        self.started["hparams"] = parameters(number)
        for epoch in range(1, EPOCHS + 1):
            self.log(epoch_metrics(number, epoch), epoch)
        self.end()

    def log(self, found: dict[str, float], step: int) -> None:
        self.started.track(found, step=step)

    def end(self) -> None:
        self.started.close()

    def prepare(self) -> None:
        from aim.sdk.index_manager import RepoIndexManager

        manager = RepoIndexManager.get_index_manager(self.store)
        for code in self.store.list_all_runs():
            manager.index(code)

    def kept(self) -> int:
        self.prepare()
        self.store.container_pool.clear()
        runs = [self.api.Run(code, repo=self.store, read_only=True) for code in self.store.list_all_runs()]
        found = [(run, *about) for run in runs for about in run.iter_metrics_info()]
        return sum(len(run.get_metric(name, context).values.sparse_list()[0]) for run, name, context, _ in found)

    def top(self) -> list[str]:
        """Aim keeps the largest value of a metric; sorting by it is left to the caller."""
        found = []
        for item in self.store.query_runs("run.hparams.network_dim == 32", report_mode=0).iter_runs():
            tree = item.run.meta_run_tree
            context = next(iter(tree.subtree("traces").keys()))
            found.append((tree["traces", context, "eval/quality", "max"], item.run.name))
        return [name for _, name in sorted(found, reverse=True)[:20]]

    def frame(self) -> tuple[int, int]:
        rows = []
        for run in self.store.iter_runs():
            traces = run.meta_run_tree.subtree("traces").items()
            rows.append(dict(run["hparams"]) | {name: about["last"] for _, metrics in traces for name, about in metrics.items()})
        return len(rows), len(rows[0])
