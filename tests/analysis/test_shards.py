from __future__ import annotations

import numpy as np
import pytest

from lorascope.analysis.effects.aliases import alias_groups
from lorascope.analysis.effects.block_susie import block_susie
from lorascope.analysis.effects.shards import add_statistics, coding, fit_statistics, shard_statistics
from lorascope.analysis.effects.sums import moments
from lorascope.analysis.table import UNSTATED, tabulate
from simulated_histories import METRIC, random_history, tried


def in_shards(table, sizes, level=0.0):
    agreed = coding(
        {block.name: block.levels for block in table.blocks},
        {block.name: np.bincount(block.codes[block.codes != UNSTATED], minlength=len(block.levels)).tolist() for block in table.blocks},
    )
    codes = np.stack([block.codes for block in sorted(table.blocks, key=lambda block: block.name)], axis=1)
    parts, first = [], 0
    for size in sizes:
        rows = slice(first, first + size)
        parts.append(shard_statistics(agreed, codes[rows], table.y[rows] - level, table.group[rows], first))
        first += size
    return fit_statistics(agreed, add_statistics(parts))


@pytest.mark.parametrize("sizes", [(60,), (1, 29, 30), (20, 20, 20)])
def test_shards_give_what_one_table_gives(sizes):
    table = tabulate(random_history(11, 60, effects={"number_0": 3.0, "flag_1": 2.0}, classes=2), METRIC)
    found = in_shards(table, sizes, level=1.5)
    assert found.names == tuple(block.name for block in table.blocks)
    assert found.fit.pip == pytest.approx(block_susie(moments(table)).pip, abs=1e-7)
    assert found.aliases == alias_groups(table)


def test_what_is_not_stated_adds_up_too():
    rng = np.random.default_rng(0)
    rows = []
    for index in range(40):
        own = {
            "x": int(rng.integers(3)),
            "y": int(rng.integers(2)),
            "kind": "abc"[int(rng.integers(3))],
            "z": index % 2,
            "w": "mn"[index % 2],
        }
        rows.append(
            (float(own["x"] + rng.normal()), {name: value for name, value in own.items() if name in {"z", "w"} or rng.random() > 0.2})
        )
    table = tabulate(tried(rows), METRIC)
    found = in_shards(table, (7, 33))
    assert found.fit.pip == pytest.approx(block_susie(moments(table)).pip, abs=1e-7)
    assert found.aliases == (("w", "z"),) == alias_groups(table)
