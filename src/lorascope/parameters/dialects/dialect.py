"""What a dialect must offer: it knows the configurations of one trainer and says them in our words.

Pure: files are read by ``importers/config_file.py``, which hands over the document and its entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lorascope.records.run import JsonValue, ParameterValue

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting of a configuration file: where it stands in the document, its value, and its line (from 1; None: not known).

    ``place`` are the keys and positions from the top, such as ("config", "process", 0, "train", "lr").
    """

    place: Place
    value: JsonValue
    line: int | None = None

    @property
    def key(self) -> str:
        """The key as people write it: ``config.process[0].train.lr``."""
        parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.place]
        return "".join(parts).removeprefix(".")


@dataclass(frozen=True, slots=True)
class Problem:
    """An entry that the trainer would not take as it stands, and why."""

    entry: Entry
    message: str


@dataclass(frozen=True, slots=True)
class Translation:
    """A configuration in our words.

    ``parameters`` are under kohya's names and parsed; ``said_at`` names the entry that each came from (the last one that counts).
    ``unknown`` are entries the trainer has no such key for, ``problems`` those with a value of the wrong type or out of the choices.
    ``other`` are entries the trainer knows that are no training parameters of ours (paths, logging …), by key: kept when imported.
    ``training`` is what the training will be called, ``folders`` where its images lie, ``notes`` what was unclear.
    """

    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    said_at: Mapping[str, Entry] = field(default_factory=dict)
    unknown: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    other: Mapping[str, JsonValue] = field(default_factory=dict)
    training: str | None = None
    base_model: str | None = None
    folders: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Dialect(Protocol):
    """The configurations of one trainer."""

    @property
    def name(self) -> str:
        """A short name for messages: kohya, kohya-dataset, kohya-gui, onetrainer, ai-toolkit, simpletuner, diffusers."""

    @property
    def trainer(self) -> str:
        """The trainer as runs name it: kohya, onetrainer, ai-toolkit, simpletuner, diffusers."""

    def recognizes(self, document: JsonValue) -> bool:
        """Whether this document is such a configuration."""

    def known_keys(self) -> tuple[str, ...]:
        """All keys the trainer has, for suggesting the nearest one."""

    def translate(self, entries: Sequence[Entry]) -> Translation:
        """The configuration in our words. Never raises: what cannot be understood is a problem or a note."""
