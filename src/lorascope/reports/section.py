"""A section of a report that is told in sentences and tables, each with its source. HTML and Markdown draw the same one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lorascope.reports.source import Source
from lorascope.reports.table import Table


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence or two. ``kind``: "text", "point" (of a list), or "missing" (what is not there, and what to do about it)."""

    text: str
    source: Source
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class SourcedTable:
    """A table and where its numbers come from."""

    table: Table
    source: Source


Part = Sentence | SourcedTable


@dataclass(frozen=True, slots=True)
class Section:
    """``id`` is its anchor, ``nav`` its short name in the page's navigation."""

    id: str
    nav: str
    title: str
    parts: tuple[Part, ...]

    def targets(self) -> Iterator[tuple[object, Source]]:
        """Its sentences and tables with their sources, in order."""
        for part in self.parts:
            yield (part.text, part.source) if isinstance(part, Sentence) else (part.table, part.source)


def missing(key: str, text: str) -> Sentence:
    """A sentence that says what is missing."""
    return Sentence(text, Source(key, "not in the store"), "missing")
