"""One TensorBoard event: the few fields of its protobuf message that a follower of trainings needs.

Fields and numbers: tensorboard/compat/proto/{event,summary,tensor}.proto and plugins/hparams/plugin_data.proto. Only what is
listed here is looked at; images, graphs and histograms are stepped over by their length.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lorascope.records.run import JsonValue

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10
_DT_FLOAT, _DT_DOUBLE = 1, 2
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
_MAX_TAG_BYTES = 1_000


@dataclass(frozen=True, slots=True)
class EventMessage:
    """An event: when (seconds since the epoch), at which step, which numbers, and what it says of the hyperparameters."""

    wall_time: float
    step: int
    scalars: tuple[tuple[str, float], ...]
    hparams: Mapping[str, JsonValue] = field(default_factory=dict)
    is_version: bool = False


def event_message(data: bytes) -> EventMessage:
    """The event in these bytes.

    Raises:
        ValueError: they are not a protobuf message of this shape.
    """
    wall_time, step, is_version = 0.0, 0, False
    scalars: list[tuple[str, float]] = []
    hparams: dict[str, JsonValue] = {}
    for number, value in _fields(data):
        match number, value:
            case 1, bytes():
                wall_time = _double(value)
            case 2, int():
                step = value - (1 << 64) if value >> 63 else value
            case 3, bytes():
                is_version = True
            case 5, bytes():
                for inner, content in _fields(value):
                    if inner == 1 and isinstance(content, bytes):
                        _take_value(content, scalars, hparams)
            case _:
                pass
    return EventMessage(wall_time, step, tuple(scalars), hparams, is_version)


def plain_scalar_layout(tag: str) -> bytes:
    """The bytes of an event between its step and its last four, when all it holds is one plain number under this tag."""
    name = tag.encode()
    value = b"\x0a" + _varint(len(name)) + name + b"\x15"
    summary = b"\x0a" + _varint(len(value) + 4) + value
    return b"\x2a" + _varint(len(summary) + 4) + summary


def _take_value(data: bytes, scalars: list[tuple[str, float]], hparams: dict[str, JsonValue]) -> None:
    """Take in one Summary.Value: a scalar, or the parameters of the hparams plug-in."""
    tag = b""
    number: float | None = None
    for field_number, value in _fields(data):
        match field_number, value:
            case 1, bytes():
                tag = value
            case 2, bytes() if len(value) == _FLOAT.size:
                number = float(_FLOAT.unpack(value)[0])
            case 8, bytes():
                number = _scalar_tensor(value)
            case 9, bytes():
                hparams.update(_hparams(value))
            case _:
                pass
    if number is not None and 0 < len(tag) <= _MAX_TAG_BYTES:
        name = tag.decode()
        if "\x00" in name:
            raise ValueError("a tag with a zero byte")
        scalars.append((name, number))


def _scalar_tensor(data: bytes) -> float | None:
    """The number in a TensorProto of one float or double; None for any other tensor."""
    kind, content, listed = 0, b"", b""
    for field_number, value in _fields(data):
        if field_number == 1 and isinstance(value, int):
            kind = value
        elif isinstance(value, bytes):
            if field_number == 4:
                content = value
            elif (field_number, kind) in {(5, _DT_FLOAT), (6, _DT_DOUBLE)}:
                listed += value
    raw = content or listed
    reader = {_DT_FLOAT: _FLOAT, _DT_DOUBLE: _DOUBLE}.get(kind)
    return float(reader.unpack(raw)[0]) if reader is not None and len(raw) == reader.size else None


def _hparams(metadata: bytes) -> dict[str, JsonValue]:
    """The parameters in a SummaryMetadata of the hparams plug-in that starts a session; texts, numbers and flags only."""
    plugin = _only(metadata, 1)
    if _only(plugin, 1) != b"hparams":
        return {}
    found: dict[str, JsonValue] = {}
    for number, entry in _fields(_only(_only(plugin, 2), 3)):
        if number == 1 and isinstance(entry, bytes):
            key, value = _only(entry, 1), _only(entry, 2)
            for kind, content in _fields(value):
                match kind, content:
                    case 2, bytes():
                        number_value = _double(content)
                        found[key.decode()] = number_value if math.isfinite(number_value) else str(number_value)
                    case 3, bytes():
                        found[key.decode()] = content.decode()
                    case 4, int():
                        found[key.decode()] = bool(content)
                    case _:
                        pass
    return found


def _only(data: bytes, wanted: int) -> bytes:
    """The last field of this number that holds bytes; empty when there is none."""
    found = b""
    for number, value in _fields(data):
        if number == wanted and isinstance(value, bytes):
            found = value
    return found


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a message: number and value. Varints are ints; everything else is its bytes."""
    at, end = 0, len(data)
    while at < end:
        key, at = _read_varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, at = _read_varint(data, at)
            yield number, value
            continue
        if wire == _BYTES:
            length, at = _read_varint(data, at)
        elif wire in {_FIXED64, _FIXED32}:
            length = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + length > end:
            raise ValueError("a field reaches beyond its message")
        yield number, data[at : at + length]
        at += length


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[at : at + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at + place + 1
    raise ValueError("a number without an end")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _double(data: bytes) -> float:
    if len(data) != _DOUBLE.size:
        raise ValueError("a double of another size")
    return float(_DOUBLE.unpack(data)[0])
