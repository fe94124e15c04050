"""Settings that a trainer takes once per dataset, concept or folder: a run has one value where they all agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lorascope.parameters.dialects.dialect import Entry
from lorascope.parameters.dialects.reading import Reading
from lorascope.records.run import JsonValue


@dataclass(frozen=True, slots=True)
class Meant:
    """A setting and what it means in our unit and spelling."""

    entry: Entry
    value: JsonValue


def as_it_stands(entry: Entry | None) -> Meant | None:
    """A setting that means what it says; None where there is none."""
    return None if entry is None else Meant(entry, entry.value)


def say_where_agreed(name: str, given: Sequence[Meant | None], reading: Reading, noun: str) -> None:
    """Say a parameter if every one of several datasets says the same; otherwise note that they differ and keep each.

    ``given`` holds what each dataset says, None where it says nothing; ``noun`` is what the trainer calls them.
    """
    said = [meant for meant in given if meant is not None]
    if not said:
        return
    if len({repr(meant.value) for meant in said}) == 1 and len(said) == len(given):
        reading.say(name, said[-1].value, said[-1].entry)
        return
    for meant in said:
        reading.keep(meant.entry)
    words = ", ".join("unset" if meant is None else str(meant.value) for meant in given[:5]) + (", …" if len(given) > 5 else "")
    reading.note(f"{name} differs between the {noun} ({words}): it has no single value")
