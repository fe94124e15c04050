"""Record a run from somebody else's training script: parameters, points, checkpoints, images, and how it ended.

``log`` appends one record to the run's journal and returns: no database, no lock that another process holds. A thread moves the
journal into the store (``move_journal.py``). Nothing that goes wrong here ends the training: it is said once, and counted.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lorascope.errors import LorascopeError
from lorascope.jobs.file_digest import file_digest
from lorascope.jobs.move_journal import Mover, say
from lorascope.jobs.plain_values import plain_parameters
from lorascope.records.run import RunStatus
from lorascope.store.blobs import Blobs
from lorascope.store.claims import FileClaims
from lorascope.store.journal import MAX_NAMES, JournalWriter, packed_event, packed_step, step_shape

_PATIENCE_S = 15.0  # how long the end of a run waits for the store
_NO_NUMBERS = (struct.error, TypeError, ValueError, OverflowError, RuntimeError)  # torch says RuntimeError for a tensor of two numbers


class LoggingRun:
    """A run that is being recorded. Use it as a context manager, or call ``finish``; made by ``lorascope.start_run``."""

    def __init__(self, name: str, journal: JournalWriter, mover: Mover, claims: FileClaims, blobs: Path, last_step: int) -> None:
        self.name = name
        self._journal, self._mover, self._claims, self._blobs = journal, mover, claims, Blobs(blobs)
        self._lock = threading.Lock()
        self._keys: dict[tuple[str, ...], tuple[int, struct.Struct]] = {
            names: (key, step_shape(len(names))) for names, key in journal.names.items()
        }
        self._last_step = last_step
        self._said: set[str] = set()
        self.ended = False
        self._counted_in_steps = False
        self.lost = 0  # records that could not be kept (the disk was full)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            self.end(RunStatus.INTERRUPTED, "interrupted by the user")
        elif error is not None and not (isinstance(error, SystemExit) and not error.code):
            self.fail(f"{type(error).__name__}: {error}")
        else:
            self.finish()

    def log(self, metrics: Mapping[str, Any] | None = None, /, *, step: int | None = None, epoch: float | None = None, **more: Any) -> None:
        """Keep one value of each metric. When this returns they survive a kill of the process.

        ``step`` numbers the point; without one, a whole ``epoch`` does, and without either it is one after the last. With a step,
        ``epoch`` becomes a metric of that name. What is no number is left out, and said once.
        """
        if more:
            metrics = {**(metrics or {}), **more}
        if epoch is not None and (step is not None or epoch != int(epoch)):
            metrics = {**(metrics or {}), "epoch": epoch}
            epoch = None
        if not metrics:
            return
        millis = time.time_ns() // 1_000_000
        with self._lock:
            if step is None:
                step = self._last_step + 1 if epoch is None else int(epoch)
            known = self._keys.get(tuple(metrics))
            if known is not None and not self.ended:
                try:
                    values = [value if type(value) is float else _number(value) for value in metrics.values()]
                    record = packed_step(known[1], known[0], step, millis, values)
                except _NO_NUMBERS:
                    self._log_slowly(metrics, step, millis)
                else:
                    self._last_step = step
                    if not self._journal.append(record):
                        self._count_lost()
            else:
                self._log_slowly(metrics, step, millis)

    def _log_slowly(self, metrics: Mapping[str, Any], step: Any, millis: int) -> None:
        """A set of names that is new, or values that are not all numbers."""
        if self.ended:
            self._say_ended()
            return
        numbers: dict[str, float] = {}
        for name, value in metrics.items():
            try:
                numbers[str(name)] = _number(value)
            except _NO_NUMBERS:
                self._say(f"no number {name}", f"run {self.name}: {name} is no number ({type(value).__name__}) and is left out")
        try:
            step = int(step)
            struct.pack("<q", step)
        except _NO_NUMBERS:
            self._say("step", f"run {self.name}: step = {step!r} is no whole number; the next number is used")
            step = self._last_step + 1
        names = tuple(numbers)
        if not names:
            return
        definition = b""
        if names not in self._keys:
            if len(self._keys) >= MAX_NAMES:
                self._say("names", f"run {self.name}: metrics were logged in {MAX_NAMES} different sets; further sets are left out")
                return
            definition = packed_event({"names": names})
        key, shape = self._keys.get(names) or (len(self._keys), step_shape(len(names)))
        self._last_step = step
        if self._journal.append(definition + packed_step(shape, key, step, millis, numbers.values())):
            self._keys[names] = key, shape
        else:
            self._count_lost()

    def parameters(self, values: Mapping[str, Any]) -> None:
        """Add parameters, under any of the known spellings; those that the run has are replaced."""
        self._event({"event": "facts", "parameters": plain_parameters(values)})

    def checkpoint(self, file: str | os.PathLike[str], *, epoch: int | None = None, step: int | None = None, **facts: float | None) -> None:
        """Record a saved LoRA by its epoch, or by its step where the script saves by steps.

        ``facts`` may be ``samples_seen``, ``mean_loss`` and ``duration_s``. The file is read once, for its digest.
        """
        path = Path(file).resolve()
        number = epoch if epoch is not None else step if step is not None else self._last_step
        if epoch is None and not self._counted_in_steps:
            self._counted_in_steps = True
            self._event({"event": "facts", "counted_in": "steps"})
        try:
            known: dict[str, Any] = {"file_bytes": path.stat().st_size, "digest": file_digest(path)}
        except (OSError, LorascopeError) as error:
            self._say("checkpoint", f"run {self.name}: checkpoint {path} cannot be read ({error}); only its number is recorded")
            known = {}
        at = {"epoch": int(number), "step": step, "file": str(path), "saved_at": time.time()}
        self._event({"event": "checkpoint", **at, **known, **facts})

    def log_image(self, image: Any, *, prompt: str, epoch: int, seed: int | None = None, draw: int = 0) -> None:
        """Record a generated image: a file, the bytes of one, or a Pillow image. ``epoch`` is the number of its checkpoint."""
        try:
            digest = self._blobs.put(_image_bytes(image))
        except (OSError, LorascopeError) as error:
            self._say("image", f"run {self.name}: an image cannot be kept ({error})")
            return
        self._event({"event": "sample", "epoch": int(epoch), "prompt": prompt, "seed": seed, "draw": draw, "image_digest": digest})

    def finish(self) -> None:
        """The run ended well."""
        self.end(RunStatus.FINISHED, "")

    def fail(self, reason: str) -> None:
        """The run ended by an error."""
        self.end(RunStatus.FAILED, reason)

    def end(self, status: RunStatus, reason: str) -> None:
        """The run ended so; a second time does nothing. Waits some seconds for the store, and says so when it does not answer."""
        if self.ended:
            return
        self._event({"event": "end", "status": str(status), "reason": reason, "at": time.time()})
        self.ended = True
        if not self._mover.finish(_PATIENCE_S):
            say(f"run {self.name} is not in the store yet; it is taken in when the lab is next opened")
        elif self._mover.recorded_as != self.name:
            say(f"another run is called {self.name}; this one is recorded as {self._mover.recorded_as}")
        with self._lock:
            self._journal.close()
            self._claims.close()
        if self.lost:
            say(f"run {self.name}: {self.lost} records could not be kept because the disk was full")

    def describe(self, environment: Mapping[str, Any]) -> None:
        """Add what the result may depend on besides the parameters."""
        with self._lock:
            self._journal.append(packed_event({"event": "facts", "environment": dict(environment)}))

    def ends_with_process(self) -> None:
        """The script ended without saying how the run did: an exception that nobody caught says it."""
        error = getattr(sys, "last_value", None)
        self.__exit__(None if error is None else type(error), error, None)

    def belongs_to_parent(self) -> None:
        """In a forked child: the run is recorded by the process that began it, and by no other."""
        self._lock = threading.Lock()  # a thread that the child does not have may hold the old one
        self.ended = True

    def _event(self, event: dict[str, Any]) -> None:
        with self._lock:
            if self.ended:
                self._say_ended()
            elif not self._journal.append(packed_event(event)):
                self._count_lost()

    def _say_ended(self) -> None:
        self._say("ended", f"run {self.name} has ended, or belongs to the parent of this process: what is logged now is not recorded")

    def _count_lost(self) -> None:
        self.lost += 1
        what = "what was logged before is kept, what is logged now is lost until there is space"
        self._say("lost", f"run {self.name}: the disk takes no more; {what}")

    def _say(self, what: str, text: str) -> None:
        if what not in self._said:
            self._said.add(what)
            say(text)


def _number(value: Any) -> float:
    """A number, or one in a tensor or array of torch, NumPy and the like. A text is none, even if it looks like one."""
    if isinstance(value, str | bytes):
        raise TypeError("a text")
    item = getattr(value, "item", None)
    return float(value if item is None else item())


def _image_bytes(image: Any) -> bytes | Path:
    if isinstance(image, bytes):
        return image
    if isinstance(image, str | os.PathLike):
        return Path(image)
    from io import BytesIO

    buffer = BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
