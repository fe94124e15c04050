"""What all dialects do alike: an entry's value becomes a parameter of ours, or a problem, or is kept as it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lorascope.errors import BadParameter
from lorascope.parameters.catalogue import find
from lorascope.parameters.dialects.dialect import Entry, Place, Problem, Translation
from lorascope.parameters.renamed import RENAMED_VALUES
from lorascope.records.run import JsonValue, ParameterValue


@dataclass(slots=True)
class Reading:
    """A translation in the making. What is said later comes before what was said earlier."""

    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    said_at: dict[str, Entry] = field(default_factory=dict)
    unknown: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    other: dict[str, JsonValue] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    training: str | None = None
    base_model: str | None = None
    handled: set[Place] = field(default_factory=set)

    def say(self, name: str, value: object, entry: Entry, *, refusal: str = "problem") -> bool:
        """Take a value for a parameter of ours; whether it was taken.

        One that our catalogue refuses is kept under its own key. It is a ``problem`` too, unless ``refusal`` is "note": another
        trainer's value (an optimizer that sd-scripts does not have) is right where it stands.
        """
        self.handled.add(entry.place)
        if value is None and not find(name).optional:
            return False  # null where we have no unset: the trainer's own default
        try:
            parsed = find(name).parse(respelled(name, value))
        except BadParameter as error:
            # a variable of the shell has its value when the command runs
            if isinstance(value, str) and any(sign in value for sign in "$%") and not value.endswith("%"):
                self.notes.append(f"{name} = {value}: its value is not in the file")
            elif refusal == "note":
                self.note(f"{entry.key} = {value}: kept, but {name} has no such value here")
            else:
                self.problem(entry, error.message)
            self.keep(entry)
            return False
        self.parameters[name] = parsed
        self.said_at[name] = entry
        return True

    def problem(self, entry: Entry, message: str) -> None:
        """Note what the trainer would not take as it stands."""
        self.problems.append(Problem(entry, message))

    def keep(self, entry: Entry, key: str = "") -> None:
        """Keep a setting that is no parameter of ours, under its key or another name for it."""
        self.other[key or entry.key] = entry.value
        self.handled.add(entry.place)

    def note(self, text: str) -> None:
        """Note what was unclear, once."""
        if text not in self.notes:
            self.notes.append(text)

    def folder(self, value: JsonValue) -> None:
        """Note a folder of images."""
        if isinstance(value, str) and value and value not in self.folders:
            self.folders.append(value)

    def done(self, entries: Iterable[Entry]) -> Translation:
        """The finished translation of these entries: what nobody has taken so far is kept, what became a parameter as it stood is not."""
        for entry in entries:
            if entry.place not in self.handled and entry not in self.unknown:
                self.keep(entry)
        for name, entry in self.said_at.items():
            if entry.key in self.other and str(self.other[entry.key]) == str(self.parameters[name]):
                del self.other[entry.key]
        return Translation(
            parameters=self.parameters,
            said_at=self.said_at,
            unknown=tuple(self.unknown),
            problems=tuple(self.problems),
            other=self.other,
            training=self.training,
            base_model=self.base_model,
            folders=tuple(self.folders),
            notes=tuple(self.notes),
        )


def respelled(name: str, value: object) -> object:
    """A value under our spelling of it (renamed.py)."""
    return RENAMED_VALUES.get(name, {}).get(value.lower(), value) if isinstance(value, str) else value


def keys(document: JsonValue) -> frozenset[str]:
    """The keys of a document that is an object; none otherwise."""
    return frozenset(document) if isinstance(document, dict) else frozenset()


def by_place(entries: Sequence[Entry]) -> Mapping[Place, Entry]:
    """The entries by their place; of equal ones the last."""
    return {entry.place: entry for entry in entries}


def text_of(value: JsonValue) -> str | None:
    """A text that says something, or None."""
    return value if isinstance(value, str) and value.strip() else None


def number(value: JsonValue) -> float | None:
    """A number, also where it is written as a text; None where it is none.

    >>> number("1e-4"), number(True), number("full")
    (0.0001, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def stem(path: str) -> str:
    """A file's name without folders and ending, of either kind of path.

    >>> stem("models\\\\my.lady.safetensors"), stem("/out/lady/")
    ('my.lady', 'lady')
    """
    name = path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    head, dot, tail = name.rpartition(".")
    return head if dot and head and tail.isalnum() and not tail.isdigit() else name


def name_from(folder: str | None) -> str | None:
    """What a training is called that has no name but the folder it writes to; None where that is a shell's variable."""
    return stem(folder) if folder and not set(stem(folder)) & set("$%") else None
