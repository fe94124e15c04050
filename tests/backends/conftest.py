"""A dozen real sprites to train on: the smallest real thing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import lorascope.assets
from lorascope.records.dataset import Dataset, DatasetItem, dataset_digest

ASSETS = Path(lorascope.assets.__path__[0])
BASE = ASSETS / "demo" / "base"


@pytest.fixture(scope="session")
def dozen() -> Dataset:
    folder = ASSETS / "demo" / "sprites"
    items = []
    for path in sorted(folder.glob("*.png"))[:12]:
        caption = path.with_suffix(".txt")
        text = caption.read_text("utf-8", "replace") if caption.is_file() else ""
        items.append(DatasetItem(path.name, path.name, caption.name, text))
    return Dataset("dozen", str(folder), tuple(items), dataset_digest(items))


@pytest.fixture
def other_dozen(dozen: Dataset) -> Dataset:
    items = tuple(replace(item, caption=f"{item.caption}, changed") for item in dozen.items)
    return replace(dozen, items=items, digest=dataset_digest(items))
