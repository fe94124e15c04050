"""What an importer must offer: it knows its files by their content and reads them as a stream of our records, or as evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lorascope.importers.evidence import Evidence
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset
from lorascope.records.hypothesis import Hypothesis
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import JsonValue, Run
from lorascope.records.sample import Sample, Score
from lorascope.records.series import Series

HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Imported:
    """A part of a file: as many records as fit into memory with ease. Runs come before, or together with, what speaks of them.

    ``evidence`` is what a file says of a training that other files speak of as well: it becomes runs when all files are read.
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
    series: tuple[Series, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    foreign: tuple[tuple[Mapping[str, JsonValue], int], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


class Importer(Protocol):
    """Reads one foreign format."""

    @property
    def name(self) -> str:
        """A short name, as in messages."""

    def recognizes(self, head: bytes, path: Path) -> bool:
        """Whether a file that begins with these bytes (up to ``HEAD_BYTES``) is of this format.

        Its place and name may be looked at where bytes do not tell (a sample image, a CSV table); no other file is opened.
        """

    def read(self, path: Path) -> Iterator[Imported]:
        """The file's records, a part at a time; equal files give equal parts. Raises BadFile naming file, line and key."""
