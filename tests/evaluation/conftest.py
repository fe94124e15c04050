"""The simulator of epoch series, for tests here and for the benchmark that says how good the choices are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from simulated_epochs import simulate as _simulate


@pytest.fixture
def simulate():
    return _simulate
