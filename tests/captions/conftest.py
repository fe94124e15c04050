"""What a caption check needs to be tried on an example."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lorascope.captions.audit import surroundings
from lorascope.captions.check import Entry, Example, Knowledge, Surroundings
from lorascope.captions.clauses import read_caption
from lorascope.captions.encoding import Encoding
from lorascope.captions.sight import Sight
from lorascope.jobs.read_assets import knowledge as packaged_knowledge
from lorascope.records.color import parse_hex


def entry_of(example: Example) -> Entry:
    """An example as a check sees it."""
    sight = None
    if example.background or example.palette:
        colors = [parse_hex(code) for code in (*example.palette, *([example.background] if example.background else []))]
        sight = Sight.of_colors(colors, parse_hex(example.background) if example.background else None)
    caption_file = None if example.text is None else "0001.txt"
    caption = None if example.text is None else read_caption(example.text)
    file = caption_file or example.image_file or ""
    return Entry(file, example.image_file, caption_file, caption, example.encoding, sight, example.image_problem)


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return packaged_knowledge()


@pytest.fixture
def set_up(knowledge: Knowledge) -> Callable[..., tuple[Entry, Surroundings]]:
    """An example's entry, and what its dataset has in common."""

    def build(example: Example, **options: object) -> tuple[Entry, Surroundings]:
        entry = entry_of(example)
        others = [Entry(f"{n}.txt", f"{n}.png", f"{n}.txt", read_caption(text), Encoding()) for n, text in enumerate(example.others)]
        return entry, surroundings([entry, *others], knowledge, **options)

    return build
