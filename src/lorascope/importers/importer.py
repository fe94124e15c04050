"""What an importer must offer: it knows its files by their first bytes and reads them as a stream of our records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import JsonValue, Run
from lorascope.records.sample import Sample, Score

HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Imported:
    """A part of a file: as many records as fit into memory with ease. Runs come before, or together with, what speaks of them.

    ``foreign`` are records that have no place here, kept whole, each with its number among the equal ones of the file.
    ``needs`` names runs that the file speaks of without having defined them, each with the place where it does so first.
    ``notes`` say what was unclear or left out.
    """

    runs: tuple[Run, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    samples: tuple[Sample, ...] = ()
    scores: tuple[Score, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    suites: tuple[PromptSuite, ...] = ()
    foreign: tuple[tuple[Mapping[str, JsonValue], int], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """Reads one foreign format."""

    @property
    def name(self) -> str:
        """A short name, as in messages."""

    def recognizes(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes (up to ``HEAD_BYTES``) is of this format."""

    def read(self, path: Path) -> Iterator[Imported]:
        """The file's records, a part at a time; equal files give equal parts. Raises BadFile naming file, line and key."""
