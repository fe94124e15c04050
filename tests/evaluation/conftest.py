"""The simulator of epoch series, for tests here and for the benchmark that says how good the choices are."""

from __future__ import annotations

import pytest

from simulated_checkpoints import simulate as _simulate


@pytest.fixture
def simulate():
    return _simulate
