"""Reads the header of a safetensors file, and nothing after it: what tensors there are, where they lie, what the file says of itself.

The header is eight bytes (its length, little-endian) and that much JSON: name -> dtype, shape, data_offsets, and "__metadata__" of
texts. Everything is checked before it is believed, since files come from strangers: the length against the file and the format's
own limit, the offsets against each other. The format: huggingface/safetensors README, safetensors/src/tensor.rs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, NoReturn

from lorascope.errors import BadFile, MissingFile, UnfinishedFile

LENGTH_BYTES = 8
HEADER_LIMIT_BYTES = 100_000_000  # the format's own
METADATA = "__metadata__"

_FIRST_READ_BYTES = 128 * 1024  # length and header of most LoRA files in one read
_SIGNS_LIMIT = 2_000_000  # commas and brackets: each may become an object of about 100 bytes
_SIDES_LIMIT, _SIDE_LIMIT = 32, 2**48
_NEXT = "get the file anew, or make it again with the trainer"

# dtype -> bits of one number
DTYPE_BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    "F4": 4,
}


class TensorInfo(NamedTuple):
    """One tensor: its bytes are those from ``start`` up to ``end`` after the header. (A tuple: there are thousands.)"""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says before its first tensor byte. ``header_bytes`` is the length of the JSON, without the eight before it."""

    metadata: Mapping[str, str]
    tensors: Mapping[str, TensorInfo]
    header_bytes: int
    file_bytes: int

    @property
    def data_start(self) -> int:
        """Where in the file the tensors' bytes begin."""
        return LENGTH_BYTES + self.header_bytes


def is_safetensors(head: bytes) -> bool:
    """Whether a file that begins with these bytes looks like one: a believable length, then an opening brace."""
    length = int.from_bytes(head[:LENGTH_BYTES], "little")
    return head[LENGTH_BYTES : LENGTH_BYTES + 1] == b"{" and 2 <= length <= HEADER_LIMIT_BYTES


def read_header(path: Path) -> Header:
    """The header of a safetensors file, checked; no tensor is read.

    Raises:
        MissingFile: it is not there or cannot be read.
        UnfinishedFile: it ends before its last tensor does: it is still being written, or was cut off.
        BadFile: it is not what it should be; the message names the file and the tensor or key.
    """
    text, file_bytes = _header_text(path)
    metadata, raw = _parsed(text, path)
    tensors, data_bytes = _checked(raw, path)
    expected = LENGTH_BYTES + len(text) + data_bytes
    if file_bytes < expected:
        raise _unfinished(path, file_bytes, expected)
    if file_bytes > expected:
        raise _bad(path, f"{file_bytes - expected:,} bytes follow the last tensor")
    return Header(metadata, tensors, len(text), file_bytes)


def _header_text(path: Path) -> tuple[bytes, int]:
    """The JSON of the header, and how large the file is. Nothing is read beyond what the file can hold."""
    try:
        with path.open("rb", buffering=0) as file:
            file_bytes = os.fstat(file.fileno()).st_size
            first = file.read(_FIRST_READ_BYTES)
            length = int.from_bytes(first[:LENGTH_BYTES], "little")
            if len(first) < LENGTH_BYTES:
                raise _unfinished(path, len(first), LENGTH_BYTES)
            if length > HEADER_LIMIT_BYTES:
                raise _bad(path, f"claims a header of {length:,} bytes; the format allows {HEADER_LIMIT_BYTES:,}")
            if first[LENGTH_BYTES : LENGTH_BYTES + 1] not in {b"{", b""}:
                raise _bad(path, "this is not a safetensors file: its header must begin with {")
            if LENGTH_BYTES + length > file_bytes:
                raise _unfinished(path, file_bytes, LENGTH_BYTES + length)
            text = bytearray(first[LENGTH_BYTES : LENGTH_BYTES + length])
            while len(text) < length and (more := file.read(length - len(text))):
                text += more
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path), next_step="check the path") from error
    if len(text) < length:  # it shrank meanwhile
        raise _unfinished(path, LENGTH_BYTES + len(text), LENGTH_BYTES + length)
    return bytes(text), file_bytes


def _parsed(text: bytes, path: Path) -> tuple[dict[str, str], dict[str, object]]:
    """The metadata and the entries of the tensors, not yet checked."""
    if len(text) > _SIGNS_LIMIT // 2 and sum(map(text.count, (b",", b"[", b"{"))) > _SIGNS_LIMIT:
        raise _bad(path, "the header holds more things than any LoRA has")
    try:
        raw = json.loads(text.decode("utf-8"), object_pairs_hook=_without_twins, parse_float=_no_fraction, parse_constant=_no_fraction)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _bad(path, f"the header is not valid JSON: {reason}") from error
    if not isinstance(raw, dict):
        raise _bad(path, "the header is not an object")
    metadata = raw.pop(METADATA, {})
    if not isinstance(metadata, dict):
        raise _bad(path, f"{METADATA} is not an object")
    for key, value in metadata.items():
        if not isinstance(value, str):
            raise _bad(path, f"{METADATA}: the value of {_short(key)} is not text")
    return metadata, raw


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = sorted(key for key, _ in pairs)
        twin = next(name for name, following in pairwise(names) if name == following)
        raise ValueError(f"the key {_short(twin)} stands twice")
    return made


def _no_fraction(text: str) -> NoReturn:
    raise ValueError(f"{_short(text)}: only whole numbers may stand here")


def _checked(raw: Mapping[str, object], path: Path) -> tuple[dict[str, TensorInfo], int]:
    """The tensors, each with bytes that fit its shape, together without gap or overlap; and how many bytes they take."""
    tensors: dict[str, TensorInfo] = {}
    reached, in_order = 0, True
    for name, entry in raw.items():
        try:
            tensor = _tensor(entry)
        except ValueError as error:
            raise _bad(path, f"tensor {_short(name)}: {error}") from error
        tensors[name] = tensor
        in_order = in_order and tensor.start == reached
        reached = tensor.end
    if in_order:
        return tensors, reached
    reached = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: item[1][2:]):
        if tensor.start != reached:
            what = "overlaps another" if tensor.start < reached else "leaves a gap before it"
            raise _bad(path, f"tensor {_short(name)}: data_offsets [{tensor.start}, {tensor.end}] {what}")
        reached = tensor.end
    return tensors, reached


def _tensor(entry: object) -> TensorInfo:
    """One entry, checked by itself; raises ValueError. Nearly all of an import's time is spent here and in the JSON parser."""
    if type(entry) is not dict or len(entry) != 3:
        raise ValueError("must have dtype, shape and data_offsets")
    try:
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        start, end = offsets
        bits = DTYPE_BITS[dtype]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(_what_is_wrong(entry)) from error
    if type(shape) is not list or len(shape) > _SIDES_LIMIT or type(offsets) is not list or type(start) is not int or type(end) is not int:
        raise ValueError(_what_is_wrong(entry))
    numbers = 1
    for side in shape:
        if type(side) is not int or not 0 <= side <= _SIDE_LIMIT:
            raise ValueError(f"shape: {_short(side)} is not a length")
        numbers *= side
    if start < 0 or (end - start) * 8 != numbers * bits:
        raise ValueError(f"data_offsets [{_short(start)}, {_short(end)}] do not hold {dtype} of shape {_short(shape)}")
    return _made(TensorInfo, (dtype, tuple(shape), start, end))


_made = tuple.__new__  # without the call through Python that a named tuple's own constructor is


def _what_is_wrong(entry: dict[str, object]) -> str:
    dtype, shape = entry.get("dtype"), entry.get("shape")
    if {"dtype", "shape", "data_offsets"} - entry.keys():
        return "must have dtype, shape and data_offsets"
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        return f"dtype = {_short(dtype)}: unknown"
    if not isinstance(shape, list) or len(shape) > _SIDES_LIMIT:
        return "shape is not a list of a few whole numbers"
    return "data_offsets must be two whole numbers"


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 100 else f"{text[:99]}…"


def _bad(path: Path, message: str) -> BadFile:
    return BadFile(message, where=str(path), next_step=_NEXT)


def _unfinished(path: Path, there: int, expected: int) -> UnfinishedFile:
    message = f"the file ends after {there:,} of {expected:,} bytes: it is still being written, or was cut off"
    return UnfinishedFile(message, where=str(path), next_step="wait until it is written; if nothing writes it any more, get it anew")
