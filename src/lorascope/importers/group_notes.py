"""Says once what several files of a training say alike."""

from __future__ import annotations

from collections.abc import Iterable

from lorascope.importers.evidence import Evidence


def merged_notes(every: Iterable[Evidence]) -> list[str]:
    """The notes of all evidence; a note that more than one file has names the first of them and how many there are.

    Notes begin with their file's path, which is taken off to compare them; in front of what is left stands the file's name.
    """
    files: dict[str, list[str]] = {}
    for each in every:
        for note in each.notes:
            text = note.removeprefix(f"{each.source}: ")
            files.setdefault(text, []).append(each.source.name if text != note else "")
    return [f"{_named(names)}{text}" for text, names in files.items()]


def _named(names: list[str]) -> str:
    if not names[0]:
        return ""
    return f"{names[0]}: " if len(names) == 1 else f"{names[0]} and {len(names) - 1} more: "
