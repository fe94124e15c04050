"""Points as bytes: many steps, times and values in a block of a few bytes a point, given back exactly as they were.

A block is ``length of the positions · positions · values``. Positions (steps and times) are packed apart, because all metrics
of one log call share them. Whole numbers become differences; equal bytes of neighboring numbers are put side by side, so that
deflate finds them; values that single precision holds exactly (losses usually are) take four bytes instead of eight.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise

_WHOLE = "bhiq"  # array types for differences, smallest first
_LIMITS = {code: 1 << (8 * array(code).itemsize - 1) for code in _WHOLE}
_PART = struct.Struct("<cBI")  # how it is packed, deflated or not, bytes
_POSITIONS = struct.Struct("<I")
_MILLIS, _FLOATS, _SINGLE, _DOUBLE = b"m", b"d", b"s", b"D"
_DEFLATE_LEVEL = 1  # 6 saves 2 % more and takes three times as long
_WORTH_BYTES = 128  # shorter pieces gain nothing


def pack_positions(steps: Sequence[int], times: Sequence[float]) -> bytes:
    """Steps and times (seconds), packed; times that are whole milliseconds take a byte or two."""
    return _whole(steps) + _times(times)


def pack(positions: bytes, values: Sequence[float]) -> bytes:
    """A block of the values at these positions (from ``pack_positions``)."""
    return _POSITIONS.pack(len(positions)) + positions + _values(values)


def unpack(block: bytes) -> tuple[list[int], list[float], list[float]]:
    """The steps, values and times of a block.

    Raises:
        ValueError: these bytes are no block.
    """
    try:
        (length,) = _POSITIONS.unpack_from(block)
        steps, offset = _read_whole(block, _POSITIONS.size)
        times, offset = _read_times(block, offset)
        values, _ = _read_floats(block, _POSITIONS.size + length)
    except (struct.error, zlib.error, KeyError, IndexError) as error:
        raise ValueError(f"not a block of points: {error}") from error
    return steps, values, times


def _whole(numbers: Sequence[int]) -> bytes:
    """Whole numbers of 64 bits as the first one and the differences."""
    first = numbers[0] if numbers else 0
    differences = [after - before for before, after in pairwise(numbers)]
    low, high = min(differences, default=0), max(differences, default=0)
    code = next((code for code in _WHOLE if -_LIMITS[code] <= low and high < _LIMITS[code]), None)
    if code is None:  # a difference of two 64-bit numbers may need 65 bits
        return _part(b"a", _little(array("q", numbers)), 8)
    return _part(code.encode(), struct.pack("<qI", first, len(numbers)) + _shuffled(array(code, differences)), 1)


def _read_whole(block: bytes, offset: int) -> tuple[list[int], int]:
    how, raw, offset = _read_part(block, offset)
    if how == b"a":
        return [int(number) for number in _unshuffled("q", raw)], offset
    first, count = struct.unpack_from("<qI", raw)
    return [int(number) for number in accumulate(_unshuffled(how.decode(), raw[12:]), initial=first)][:count], offset


def _times(times: Sequence[float]) -> bytes:
    try:
        millis = [round(1000 * time) for time in times]
    except (ValueError, OverflowError):  # not a number, or infinite
        millis = []
    if len(millis) == len(times) and all(abs(number) < 1 << 62 for number in millis) and [n / 1000 for n in millis] == list(times):
        return _MILLIS + _whole(millis)
    return _FLOATS + _part(_DOUBLE, _little(array("d", times)), 8)


def _read_times(block: bytes, offset: int) -> tuple[list[float], int]:
    if block[offset : offset + 1] == _MILLIS:
        millis, offset = _read_whole(block, offset + 1)
        return [number / 1000 for number in millis], offset
    return _read_floats(block, offset + 1)


def _values(values: Sequence[float]) -> bytes:
    double = array("d", values)
    single = array("f", double)
    exact = array("d", single).tobytes() == double.tobytes()
    return _part(_SINGLE, _little(single), 4) if exact else _part(_DOUBLE, _little(double), 8)


def _read_floats(block: bytes, offset: int) -> tuple[list[float], int]:
    how, raw, offset = _read_part(block, offset)
    return list(_unshuffled({_SINGLE: "f", _DOUBLE: "d"}[how], raw)), offset


def _part(how: bytes, raw: bytes, width: int) -> bytes:
    """One piece with what a reader must know of it; deflated where that is shorter."""
    raw = b"".join(raw[place::width] for place in range(width))
    deflated = zlib.compress(raw, _DEFLATE_LEVEL) if len(raw) >= _WORTH_BYTES else raw
    small = len(deflated) < len(raw)
    return _PART.pack(how, small, len(deflated) if small else len(raw)) + (deflated if small else raw)


def _read_part(block: bytes, offset: int) -> tuple[bytes, bytes, int]:
    how, small, length = _PART.unpack_from(block, offset)
    start, end = offset + _PART.size, offset + _PART.size + length
    raw = block[start:end]
    if len(raw) != length:
        raise ValueError("not a block of points: cut short")
    return how, zlib.decompress(raw) if small else raw, end


def _little(numbers: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return numbers.tobytes()


def _shuffled(numbers: array[int]) -> bytes:
    raw = _little(numbers)
    return b"".join(raw[place :: numbers.itemsize] for place in range(numbers.itemsize))


def _unshuffled(code: str, raw: bytes) -> array[int] | array[float]:
    numbers: array[int] | array[float] = array(code)
    count = len(raw) // numbers.itemsize
    plain = bytearray(len(raw))
    for place in range(numbers.itemsize):
        plain[place :: numbers.itemsize] = raw[place * count : (place + 1) * count]
    numbers.frombytes(bytes(plain))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
