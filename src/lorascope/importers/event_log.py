"""Reads a TensorBoard event file: TFRecord framing, checksums, and from each event its numbers. Streamed.

The file may be in the middle of being written: a record that is not all there ends the reading without an error. A record whose
checksum is wrong is left out and counted. Where a record's length itself is damaged, nothing behind it can be found.
"""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lorascope.errors import MissingFile
from lorascope.importers.crc32c import crc32c, masked, masked_side_by_side
from lorascope.importers.event_message import event_message, plain_scalar_layout
from lorascope.records.run import JsonValue

HEADER_BYTES, _FOOTER_BYTES = 12, 4
_PIECE_BYTES = 1 << 20
_MAX_RECORD_BYTES = 1 << 20  # longer ones hold pictures or graphs: stepped over unread
_MAX_CHECKED_BYTES = 1 << 10  # longer ones are checked only when they say something we keep
_MAX_POINTS = 2_000_000  # 100,000 steps of 20 metrics
_MAX_METRICS = 10_000
_MAX_HEADERS = 4_096
_LENGTH = struct.Struct("<QI")


@dataclass(slots=True)
class Column:
    """One metric's points as they come, 24 bytes each. Times are in seconds since the epoch."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    times: array[float] = field(default_factory=lambda: array("d"))


@dataclass(slots=True)
class EventLog:
    """What an event file said.

    ``torn_bytes`` are those of an unfinished record at its end, ``damaged`` counts records with a wrong checksum or that are no
    event. ``lost_at`` is the place of a damaged length, where reading had to end; ``is_full``: there was more than we take.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    hparams: dict[str, JsonValue] = field(default_factory=dict)
    first_time: float | None = None
    points: int = 0
    damaged: int = 0
    torn_bytes: int = 0
    lost_at: int | None = None
    is_full: bool = False


def starts_like_events(head: bytes) -> bool:
    """Whether a file begins with a whole TFRecord header, and the record with an event's time and format version."""
    if len(head) < HEADER_BYTES + 9 or framed_length(head[:HEADER_BYTES]) is None:
        return False
    return head[HEADER_BYTES] == 0x09 and b"\x1a\x0dbrain.Event:" in head[HEADER_BYTES : HEADER_BYTES + 64]


def framed_length(header: bytes) -> int | None:
    """The length that a record's header names; None when its checksum is wrong."""
    length, checksum = _LENGTH.unpack(header)
    return int(length) if masked(crc32c(header[:8])) == checksum else None


def read_event_log(path: Path) -> EventLog:
    """Everything the file says so far.

    Raises:
        MissingFile: it is not there or cannot be read.
    """
    log, layouts = EventLog(), dict[bytes, Column]()
    try:
        with path.open("rb") as file:
            for buffer, starts, lengths in _pieces(file, log):
                if log.points >= _MAX_POINTS:
                    log.is_full = True
                    break
                _take_records(log, layouts, buffer, starts, lengths)
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path)) from error
    return log


def _pieces(file: BinaryIO, log: EventLog) -> Iterator[tuple[bytes, list[int], list[int]]]:
    """Buffers with the starts and lengths of the whole records in them."""
    known: dict[bytes, int] = {}
    buffer, offset = b"", 0  # offset: the place of the buffer's first byte in the file
    while True:
        more = file.read(_PIECE_BYTES)
        buffer += more
        starts: list[int] = []
        lengths: list[int] = []
        at = 0
        while at + HEADER_BYTES <= len(buffer):
            header = buffer[at : at + HEADER_BYTES]
            length = known.get(header)
            if length is None:
                length = framed_length(header)
                if length is None:
                    log.lost_at = offset + at
                    break
                if len(known) < _MAX_HEADERS:
                    known[header] = length
            whole = HEADER_BYTES + length + _FOOTER_BYTES
            if at + whole > len(buffer):
                break
            starts.append(at + HEADER_BYTES)
            lengths.append(length)
            at += whole
        if starts:
            yield buffer, starts, lengths
        buffer, offset = buffer[at:], offset + at
        log.torn_bytes = len(buffer) if log.lost_at is None else 0
        if log.lost_at is not None or not more:
            return
        buffer, offset = _step_over_long(file, buffer, offset, known)


def _step_over_long(file: BinaryIO, buffer: bytes, offset: int, known: dict[bytes, int]) -> tuple[bytes, int]:
    """Jump over a record that is too long to be of use, or stay where its end is not written yet."""
    length = known.get(buffer[:HEADER_BYTES]) if len(buffer) >= HEADER_BYTES else None
    if length is None or length <= _MAX_RECORD_BYTES:
        return buffer, offset
    end = offset + HEADER_BYTES + length + _FOOTER_BYTES
    if end > file.seek(0, 2):
        return buffer, offset
    file.seek(end)
    return b"", end


def _take_records(log: EventLog, layouts: dict[bytes, Column], buffer: bytes, starts: list[int], lengths: list[int]) -> None:
    """Take in the records of one buffer. Most are one plain number in a layout seen before: those are cut, not parsed."""
    sound = _sound(buffer, starts, lengths)
    double, single = struct.Struct("<d").unpack_from, struct.Struct("<f").unpack_from
    for start, length, is_sound in zip(starts, lengths, sound, strict=True):
        if not is_sound:
            log.damaged += 1
            continue
        if length > 15 and buffer[start] == 0x09:
            at, step = start + 9, 0
            if buffer[at] == 0x10:
                at += 1
                byte, shift = buffer[at], 7
                step = byte & 0x7F
                while byte & 0x80 and shift < 63:  # a tenth byte means a negative step: left to the parser
                    at += 1
                    byte = buffer[at]
                    step |= (byte & 0x7F) << shift
                    shift += 7
                at += 1
            end = start + length - 4
            column = layouts.get(buffer[at:end])
            if column is not None:
                column.steps.append(step)
                column.times.append(double(buffer, start + 1)[0])
                column.values.append(single(buffer, end)[0])
                log.points += 1
                continue
        _parse_record(log, layouts, buffer, start, length)


def _sound(buffer: bytes, starts: list[int], lengths: list[int]) -> list[bool]:
    """Which records have the checksum that stands behind them; long ones are taken for sound until they say something."""
    first, size = np.array(starts, np.int64), np.array(lengths, np.int64)
    data = np.frombuffer(buffer, np.uint8)
    short = np.flatnonzero(size <= _MAX_CHECKED_BYTES)
    footer = first[short] + size[short]
    written = np.zeros(len(short), np.uint32)
    for place in range(_FOOTER_BYTES):
        written |= data[footer + place].astype(np.uint32) << np.uint32(8 * place)
    sound = np.ones(len(first), bool)
    sound[short] = masked_side_by_side(data, first[short], size[short]) == written
    return [bool(one) for one in sound]


def _parse_record(log: EventLog, layouts: dict[bytes, Column], buffer: bytes, start: int, length: int) -> None:
    """Take in a record of a layout that is new, or more than one plain number."""
    data = buffer[start : start + length]
    try:
        event = event_message(data)
    except ValueError:
        log.damaged += 1
        return
    if length > _MAX_CHECKED_BYTES and (event.scalars or event.hparams):
        (written,) = struct.unpack_from("<I", buffer, start + length)
        if masked(crc32c(data)) != written:
            log.damaged += 1
            return
    if log.first_time is None and math.isfinite(event.wall_time):
        log.first_time = event.wall_time
    log.hparams.update(event.hparams)
    for tag, value in event.scalars:
        if tag not in log.columns and len(log.columns) >= _MAX_METRICS:
            log.is_full = True
            continue
        column = log.columns.setdefault(tag, Column())
        column.steps.append(event.step)
        column.times.append(event.wall_time)
        column.values.append(value)
        log.points += 1
        layout = plain_scalar_layout(tag)
        if len(event.scalars) == 1 and data.endswith(layout, 0, -4):
            layouts.setdefault(layout, column)
