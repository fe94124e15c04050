"""What a caption check needs to be tried on an example."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from caption_examples import entry_of, others_of

from lorascope.captions.audit import surroundings
from lorascope.captions.check import Entry, Example, Knowledge, Surroundings
from lorascope.jobs.read_assets import knowledge as packaged_knowledge


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return packaged_knowledge()


@pytest.fixture
def set_up(knowledge: Knowledge) -> Callable[..., tuple[Entry, Surroundings]]:
    """An example's entry, and what its dataset has in common."""

    def build(example: Example, **options: object) -> tuple[Entry, Surroundings]:
        entry = entry_of(example)
        entries = [entry, *others_of(example)]
        return entry, surroundings(entries, knowledge, reader=example.reader, trigger=example.trigger, files=example.files, **options)

    return build
