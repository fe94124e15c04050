"""Read the tensors of a LoRA file one module at a time, as numbers that NumPy can compute with.

Tensors are read by their place instead of being mapped into memory: a mapped file that is cut off meanwhile, as happens to one that a
trainer is still writing, would end the process.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lorascope.analysis.lora.factors import Array
from lorascope.errors import BadFile, MissingFile, UnfinishedFile
from lorascope.importers.safetensors_header import LENGTH_BYTES, METADATA, Header, TensorInfo, read_header

_PIECE_BYTES = 1 << 20
# where the old hash of web user interfaces looks, and how far
_LEGACY_START, _LEGACY_BYTES = 0x100000, 0x10000
_PICKLED = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_PICKLE_ENDINGS = {".ckpt", ".pt", ".pth", ".bin", ".pkl"}
_NEXT = "convert it to safetensors where you trust it: a pickle runs code when it is opened"

_FLOATS: dict[str, np.dtype[np.floating[Any]]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
NUMBERS = frozenset({*_FLOATS, "BF16", "F8_E5M2", "F8_E4M3"})


def _eight_bit() -> NDArray[np.float32]:
    """The 256 values of F8_E4M3 (no infinities; all ones is NaN), from the OCP 8-bit floating point specification."""
    codes = np.arange(256)
    sign, exponent, fraction = np.where(codes > 127, -1.0, 1.0), (codes >> 3) & 15, codes & 7
    values = np.where(exponent == 0, fraction / 8 * 2.0**-6, (1 + fraction / 8) * np.exp2(exponent - 7.0))
    return np.where(codes & 127 == 127, np.nan, sign * values).astype(np.float32)


_E4M3 = _eight_bit()


@dataclass(slots=True)
class LoraReader:
    """An open LoRA file. ``header`` was checked; tensors are read on demand into one buffer that grows to the largest module."""

    path: Path
    header: Header
    _file: FileIO
    _buffer: bytearray = field(default_factory=bytearray)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file.

        Raises:
            MissingFile: it is not there or cannot be read. BadFile: it is a pickle, or no valid safetensors file.
        """
        refuse_pickles(path)
        header = read_header(path)
        try:
            return cls(path, header, FileIO(path))
        except OSError as error:
            raise MissingFile(f"cannot be read: {error.strerror}", where=str(path)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def tensor(self, name: str) -> Array:
        """A tensor's numbers as float32, or float64 where the file holds that. Its type must be one of ``NUMBERS``."""
        info = self.header.tensors[name]
        return as_floats(self._bytes(info), info)

    def tensors(self, names: Mapping[str, str]) -> dict[str, Array]:
        """The tensors of one module, by role."""
        return {role: self.tensor(name) for role, name in names.items()}

    def pieces(self, name: str) -> Iterator[Array]:
        """A tensor's numbers in flat pieces, for one that may be larger than the memory."""
        info = self.header.tensors[name]
        for start in range(info.start, info.end, _PIECE_BYTES):
            part = TensorInfo(info.dtype, (-1,), start, min(start + _PIECE_BYTES, info.end))
            yield as_floats(self._bytes(part), part)

    def single(self, name: str) -> float | None:
        """A tensor's only number, such as an alpha; None when it has another count of numbers or another type."""
        info = self.header.tensors[name]
        if math.prod(info.shape) != 1 or info.dtype not in NUMBERS:
            return None
        return float(self.tensor(name).reshape(-1)[0])

    def _bytes(self, info: TensorInfo) -> memoryview:
        size = info.end - info.start
        if size > len(self._buffer):
            self._buffer = bytearray(size)
        view = memoryview(self._buffer)[:size]
        self._file.seek(self.header.data_start + info.start)
        if read_fully(self._file, view) < size:
            raise UnfinishedFile("the file was cut off while it was read", where=str(self.path), next_step="read it again when it is whole")
        return view

    def hashes(self) -> tuple[str, str | None]:
        """kohya's ``sshs_model_hash`` and ``sshs_legacy_hash``, recomputed.

        The first is SHA-256 of the tensors' bytes. The second is of 64 KiB at an offset into the file as sd-scripts first serializes
        it, with its own ``ss_`` metadata alone; None where those bytes would lie in the header (train_util.py:3285).
        """
        whole, legacy = hashlib.sha256(), hashlib.sha256()
        first = _LEGACY_START - LENGTH_BYTES - _first_header_bytes(self.header)
        piece = memoryview(bytearray(_PIECE_BYTES))
        self._file.seek(self.header.data_start)
        at = 0
        while count := read_fully(self._file, piece):
            whole.update(piece[:count])
            low, high = max(first - at, 0), min(first + _LEGACY_BYTES - at, count)
            if low < high:
                legacy.update(piece[low:high])
            at += count
        return whole.hexdigest(), legacy.hexdigest()[:8] if first >= 0 else None


def read_fully(file: FileIO, view: memoryview) -> int:
    """Fill the view from a file; fewer bytes only at its end."""
    done = 0
    while done < len(view) and (count := file.readinto(view[done:])):
        done += count
    return done


def as_floats(data: memoryview, info: TensorInfo) -> Array:
    """Bytes of a tensor as numbers: float32 holds every half, bfloat16 and 8-bit float exactly.

    Raises:
        BadFile: the type is not one of ``NUMBERS``.
    """
    if info.dtype in _FLOATS:
        stored = np.frombuffer(data, _FLOATS[info.dtype]).reshape(info.shape)
        return stored.astype(np.float64) if info.dtype == "F64" else stored.astype(np.float32)
    if info.dtype == "BF16":  # the upper half of a float32
        brain: Array = np.left_shift(np.frombuffer(data, "<u2"), 16, dtype=np.uint32).view(np.float32).reshape(info.shape)
        return brain
    if info.dtype == "F8_E5M2":  # the upper half of a float16
        eight: Array = np.left_shift(np.frombuffer(data, "u1"), 8, dtype=np.uint16).view(np.float16).astype(np.float32).reshape(info.shape)
        return eight
    if info.dtype == "F8_E4M3":
        looked_up: Array = _E4M3[np.frombuffer(data, "u1")].reshape(info.shape)
        return looked_up
    raise BadFile(f"numbers of type {info.dtype} are not read")


def _first_header_bytes(header: Header) -> int:
    """How long the header is when only the ``ss_`` metadata is in it; their order does not change that."""
    entries: dict[str, object] = {METADATA: {key: value for key, value in header.metadata.items() if key.startswith("ss_")}}
    entries |= {
        name: {"dtype": info.dtype, "shape": list(info.shape), "data_offsets": [info.start, info.end]}
        for name, info in header.tensors.items()
    }
    text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return -(-len(text) // 8) * 8


def refuse_pickles(path: Path) -> None:
    """Refuse a file that is a pickle by its first bytes or its name, without opening it as one.

    Raises:
        MissingFile: it is not there or cannot be read. BadFile: it is one.
    """
    try:
        with path.open("rb", buffering=0) as file:
            head = file.read(9)
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path), next_step="check the path") from error
    if head[8:] != b"{" and (head.startswith(_PICKLED) or path.suffix.lower() in _PICKLE_ENDINGS):
        raise BadFile("this is a pickle, which is not opened", where=str(path), next_step=_NEXT)
