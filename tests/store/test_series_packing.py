"""Points come back from a block exactly as they went in."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.store.packing import pack, pack_positions, unpack

STEPS = st.integers(-(2**63), 2**63 - 1)
POINTS = st.lists(st.tuples(STEPS, st.floats(), st.floats()), max_size=40)
REGULAR = st.lists(st.tuples(st.integers(0, 10**6), st.floats(width=32), st.integers(0, 2**41).map(lambda ms: ms / 1000)), max_size=40)


@given(POINTS | REGULAR)
def test_points_come_back_bit_for_bit(points):
    steps, values, times = ([point[place] for point in points] for place in range(3))
    back = unpack(pack(pack_positions(steps, times), values))
    assert [list(map(repr, column)) for column in back] == [list(map(repr, column)) for column in (steps, values, times)]


def test_a_point_of_a_training_takes_less_than_twelve_bytes():
    random.seed(1)
    times = [round(1.7e12 + 350 * step + random.uniform(0, 40)) / 1000 for step in range(5000)]
    block = pack(pack_positions(list(range(5000)), times), [random.random() for _ in range(5000)])
    assert len(block) / 5000 < 10


def test_losses_of_single_precision_take_half():
    values = [math.sqrt(step) for step in range(1000)]
    positions = pack_positions(list(range(1000)), [float(step) for step in range(1000)])
    single = [float.fromhex(float(f"{value:.4g}").hex()) for value in (round(value * 1024) / 1024 for value in values)]
    assert len(pack(positions, [0.5 * round(value) for value in single])) < len(pack(positions, values)) / 2


@pytest.mark.parametrize("block", [b"", b"\x01", b"\xff" * 40, pack(b"", [1.0])[:-3]])
def test_bytes_that_are_no_block_are_refused(block):
    with pytest.raises(ValueError, match="not a block"):
        unpack(block)
