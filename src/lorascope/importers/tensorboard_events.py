"""TensorBoard event files, as kohya sd-scripts, OneTrainer, SimpleTuner and diffusers write them: scalars over steps.

Read by code of our own: the library that writes them brings 130 MB along. Metrics keep the names that the trainer gave them.
Several event files of one training are joined where its other files join it, in ``group_samples.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from lorascope.errors import BadFile
from lorascope.importers.event_log import Column, EventLog, read_event_log, starts_like_events
from lorascope.importers.evidence import Evidence, SeriesSeen
from lorascope.importers.importer import Imported

# what kohya's sd-scripts adds to its logging folder: a prefix and the local time; and what accelerate adds for hyperparameters
_STAMPED = re.compile(r"(?P<prefix>.*?)(?P<stamp>20\d{12})")
_UNIX_TIME = re.compile(r"1\d{9}(\.\d+)?")
# folders that hold a trainer's logs inside the training's own
_LOG_FOLDERS = frozenset({"logs", "log", "tensorboard", "runs"})


class _TensorBoardEvents:
    """Event files of TensorBoard."""

    name = "TensorBoard events"

    def recognizes(self, head: bytes, path: Path) -> bool:  # noqa: ARG002 - the first record says it all
        """Whether the file begins with the record that every event file begins with."""
        return starts_like_events(head)

    def read(self, path: Path) -> Iterator[Imported]:
        """What the file says so far, as one Evidence; a torn tail ends it.

        Raises:
            MissingFile: it is not there or cannot be read.
            BadFile: it is no event file.
        """
        log = read_event_log(path)
        if log.first_time is None and not log.columns and log.lost_at == 0:
            raise BadFile("this is not a TensorBoard event file", where=str(path), next_step="see that it was copied as a whole")
        yield Imported(evidence=(_evidence(path, log),))


TENSORBOARD_EVENTS = _TensorBoardEvents()


def _evidence(path: Path, log: EventLog) -> Evidence:
    series = tuple(_series(tag, log.columns[tag]) for tag in sorted(log.columns))
    times = [time for one in series for time in one.times]
    folder, kept = _place(path)
    return Evidence(
        source=path,
        format=_TensorBoardEvents.name,
        folder=folder,
        trainer=_trainer(log.columns),
        started_at=log.first_time,
        finished_at=max(times, default=None),
        series=series,
        kept={**kept, **({"hparams": log.hparams} if log.hparams else {})},
        notes=tuple(f"{path}: {note}" for note in _notes(log)),
    )


def _series(tag: str, column: Column) -> SeriesSeen:
    steps, values, times = tuple(column.steps), tuple(column.values), tuple(column.times)
    if not all(map(math.isfinite, times)):
        kept = [place for place, time in enumerate(times) if math.isfinite(time)]
        steps, values, times = tuple(steps[i] for i in kept), tuple(values[i] for i in kept), tuple(times[i] for i in kept)
    return SeriesSeen(tag, steps, values, times)


def _place(path: Path) -> tuple[Path, dict[str, str]]:
    """The training's own folder as far as the log's place shows it, and what the folder's name says."""
    folder, kept = path.parent, dict[str, str]()
    if _UNIX_TIME.fullmatch(folder.name):  # accelerate's folder of hyperparameters
        folder = folder.parent
    stamped = _STAMPED.fullmatch(folder.parent.name)
    if stamped:  # logging_dir/{log_prefix}{time}/{tracker name}
        kept = {"log_stamp": stamped["stamp"], **({"log_prefix": stamped["prefix"]} if stamped["prefix"] else {})}
        folder = folder.parent.parent
    elif folder.parent.name in _LOG_FOLDERS:
        folder = folder.parent
    return (folder.parent if folder.name in _LOG_FOLDERS else folder), kept


def _trainer(metrics: Collection[str]) -> str:
    """Who wrote it, by the names of its metrics; "unknown" when they are anybody's."""
    if {"loss/average", "loss/current", "loss/epoch_average", "loss/epoch"} & {*metrics}:
        return "kohya"
    if {"loss/train_step", "smooth_loss/train_step"} & {*metrics}:
        return "onetrainer"
    if {"optimization_loss"} & {*metrics}:
        return "simpletuner"
    return "unknown"


def _notes(log: EventLog) -> Iterator[str]:
    if log.torn_bytes:
        yield f"its last {log.torn_bytes} bytes are an unfinished record: it is still being written, or its writer was killed"
    if log.damaged:
        yield f"{log.damaged} record{'s' if log.damaged != 1 else ''} left out: damaged, or no events"
    if log.lost_at is not None:
        yield f"damaged at byte {log.lost_at}; what stands behind it cannot be found and was left out"
    if log.is_full:
        yield f"more points or metrics than are taken from one file; the first {log.points} points were taken"
    text_encoder, unet = log.columns.get("lr/textencoder"), log.columns.get("lr/unet")
    if text_encoder and unet and text_encoder.values == unet.values and any(unet.values):
        yield (
            "lr/textencoder equals lr/unet at every step: sd-scripts logs the U-Net's rate under both names when the text "
            "encoder has a rate of 0, so this does not show that the text encoder was trained"
        )
