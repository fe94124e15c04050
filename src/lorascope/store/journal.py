"""The journal of a run that logs: every record is one append to one file, so it is kept the moment the call returns.

The database may be slow, locked or far away; the journal lies on this machine's disk and waits for nobody. What it holds is taken
into the database later (``intake.py``), by the process that logs or, when that was killed, by the next one that opens the store.

The file: ``LSJ1``, 16 random bytes that name this journal, then records, each ending with the CRC-32 of its bytes::

    1 · length (4 bytes) · JSON                                            an event: names of values, begin, checkpoint, end …
    2 · names (2 bytes) · step (8) · milliseconds (8) · 8 bytes a value    one step; "names" is the number of an event of names

Only the standard library is needed here: a script that logs does not wait for SQLAlchemy.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

MAGIC = b"LSJ1"
MAX_NAMES = 1 << 16  # sets of metrics that are logged together, in one journal
_HEADER_BYTES = len(MAGIC) + 16
_EVENT, _STEP = 1, 2
_EVENT_HEAD = struct.Struct("<BI")
_STEP_HEAD = struct.Struct("<BHqq")
_CHECK = struct.Struct("<I")
_MAX_EVENT_BYTES = 64 << 20
_CHUNK_BYTES = 8 << 20

Event = dict[str, Any]


def journals_folder(url: str, blobs: Path) -> Path | None:
    """Where a store's journals lie: beside its file, or beside its blobs when the database is elsewhere; None for one in memory."""
    file = url.removeprefix("sqlite:///")
    if url.startswith("sqlite:") and (file in {url, "", ":memory:"}):
        return None
    return Path(file).with_name(f"{Path(file).name}-journals") if file != url else blobs.with_name("journals")


def journal_file(folder: Path, run: str) -> Path:
    """Where the journal of this run lies. A run's name may hold any character; its digest is a safe file name."""
    return folder / f"{blake2b(run.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}.journal"


def journals_in(folder: Path) -> Iterator[Path]:
    """The journals in a folder, by name; none when it is not there."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".journal"))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        yield folder / name


def step_shape(values: int) -> struct.Struct:
    """How a step with so many values is packed: kind, number of the names, step, milliseconds, values."""
    return struct.Struct(f"<BHqq{values}d")


def packed_step(shape: struct.Struct, key: int, step: int, millis: int, values: Iterable[float]) -> bytes:
    """One step as a record. Raises struct.error or TypeError for what is no number."""
    record = shape.pack(_STEP, key, step, millis, *values)
    return record + _CHECK.pack(zlib.crc32(record))


def packed_event(event: Event) -> bytes:
    """An event as a record."""
    text = json.dumps(event, separators=(",", ":")).encode()
    record = _EVENT_HEAD.pack(_EVENT, len(text)) + text
    return record + _CHECK.pack(zlib.crc32(record))


class JournalWriter:
    """Appends records to a journal. The caller has claimed the run, so nobody else writes to the file."""

    def __init__(self, file: Path, begin: Event) -> None:
        """Make the journal with its first event, or go on with the one that is there: what a kill tore off its end is removed.

        Raises:
            OSError: it cannot be written.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self.names: dict[tuple[str, ...], int] = {}
        left = JournalReader.open(file)
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
        self.kept_bytes = 0
        if left is not None:
            with left:
                left.skip()
            self.names = {names: key for key, names in enumerate(left.names)}
            self.kept_bytes = left.offset
        os.ftruncate(self._descriptor, self.kept_bytes)
        head = b"" if left is not None else MAGIC + os.urandom(16)
        if not self.append(head + packed_event(begin)):
            self.close()
            raise OSError(f"{file} cannot be written")

    def append(self, record: bytes) -> bool:
        """Keep one record; False when the disk does not take it whole (full, gone), and then nothing of it stays."""
        try:
            written = os.write(self._descriptor, record)
        except OSError:
            written = 0
        if written == len(record):
            self.kept_bytes += written
            return True
        try:
            os.ftruncate(self._descriptor, self.kept_bytes)
        except OSError:
            return False  # readers stop at what was torn; nothing more can be kept here
        return False

    def sync(self) -> None:
        """Bring what was appended onto the disk itself (a kill does not need this, a power cut does)."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; nothing can be appended any more."""
        os.close(self._descriptor)
        self._descriptor = -1


@dataclass(slots=True)
class Stretch:
    """Steps that follow each other with the same names. ``values`` has all names of the first step, then of the second, and so on."""

    names: tuple[str, ...]
    steps: list[int] = field(default_factory=list)
    millis: list[int] = field(default_factory=list)
    values: array[float] = field(default_factory=lambda: array("d"))


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read at once; ``more`` when whole records may follow."""

    events: list[Event]
    stretches: list[Stretch]
    more: bool


class JournalReader:
    """Reads a journal forward, also while another process appends to it. ``offset`` is the byte behind the last whole record.

    A torn record at the end was never acknowledged and is left out. ``damaged`` says that bytes which are no record are followed
    by others: nothing behind them can be read.
    """

    def __init__(self, file: Path, descriptor: int, journal: str) -> None:
        self.file, self.journal = file, journal
        self.begin: Event = {}
        self.names: list[tuple[str, ...]] = []
        self.offset = _HEADER_BYTES
        self.damaged = False
        self._shapes: list[struct.Struct] = []
        self._descriptor = descriptor

    @classmethod
    def open(cls, file: Path) -> Self | None:
        """Open a journal; None when there is none, or its first event is not whole."""
        try:
            descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            return None
        header = os.read(descriptor, _HEADER_BYTES)
        reader = cls(file, descriptor, header[len(MAGIC) :].hex())
        if len(header) == _HEADER_BYTES and header.startswith(MAGIC):
            batch = reader.read(1)
            if batch.events:
                reader.begin = batch.events[0]
                reader.seek(_HEADER_BYTES)
                return reader
        reader.close()
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def seek(self, offset: int) -> None:
        """Go to a record's first byte; what lies before it is passed over, but its names are learned."""
        if offset < self.offset:
            self.offset, self.names, self._shapes, self.damaged = _HEADER_BYTES, [], [], False
        while self.offset < offset and self.read(_CHUNK_BYTES, until=offset).more:
            pass

    def skip(self) -> None:
        """Go behind the last whole record."""
        while self.read().more:
            pass

    def read(self, most_bytes: int = _CHUNK_BYTES, until: int | None = None) -> Batch:
        """The next records, of about ``most_bytes``. Before the byte ``until`` steps are passed over."""
        events: list[Event] = []
        stretches: list[Stretch] = []
        data = self._bytes(most_bytes)
        offset, last, start = 0, -1, self.offset
        stop = len(data) if until is None else min(len(data), until - start)
        while offset < stop:
            end = self._record_end(data, offset)
            if end is None or end > len(data):
                self.damaged = end is None
                break
            if zlib.crc32(data[offset : end - 4]) != _CHECK.unpack_from(data, end - 4)[0]:
                self.damaged = start + end < os.fstat(self._descriptor).st_size
                break
            if data[offset] == _EVENT:
                self._learn(json.loads(data[offset + _EVENT_HEAD.size : end - 4]), events)
                last = -1
            elif until is None:
                _, key, step, millis, *values = self._shapes[data[offset + 1] | data[offset + 2] << 8].unpack_from(data, offset)
                if key != last:
                    stretches.append(Stretch(self.names[key]))
                    last = key
                stretches[-1].steps.append(step)
                stretches[-1].millis.append(millis)
                stretches[-1].values.extend(values)
            offset = end
        self.offset = start + offset
        return Batch(events, stretches, bool(offset) and len(data) >= most_bytes and not self.damaged)

    def _learn(self, event: Event, events: list[Event]) -> None:
        if "names" in event:
            self.names.append(tuple(event["names"]))
            self._shapes.append(step_shape(len(self.names[-1])))
        else:
            events.append(event)

    def _bytes(self, most_bytes: int) -> bytes:
        """Bytes from here on, at least one whole record if it is there."""
        data = self._peek(most_bytes)
        end = self._record_end(data, 0) if data else None
        if end is not None and end > len(data):
            end = self._record_end(self._peek(_STEP_HEAD.size), 0)
            data = self._peek(end or 0)
        return data

    def _peek(self, most_bytes: int) -> bytes:
        os.lseek(self._descriptor, self.offset, os.SEEK_SET)
        return os.read(self._descriptor, most_bytes)

    def _record_end(self, data: bytes, offset: int) -> int | None:
        """The byte behind the record that begins here, perhaps behind the end of the data; None when this is no record."""
        kind = data[offset]
        if kind == _EVENT:
            if offset + _EVENT_HEAD.size > len(data):
                return len(data) + 1
            length: int = _EVENT_HEAD.unpack_from(data, offset)[1]
            return offset + _EVENT_HEAD.size + length + 4 if length <= _MAX_EVENT_BYTES else None
        if kind == _STEP:
            if offset + _STEP_HEAD.size > len(data):
                return len(data) + 1
            key = data[offset + 1] | data[offset + 2] << 8
            return offset + _STEP_HEAD.size + 8 * len(self.names[key]) + 4 if key < len(self.names) else None
        return None
