"""Where a dataset version comes from: ``lorascope-dataset.json`` in its folder, with what was done at every step before.

No dates and no places of a machine stand in it: the same cleaning of the same files writes the same bytes, and a published dataset
tells nothing of its owner.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lorascope.jobs.read_dataset import LINEAGE_FILE
from lorascope.records.run import JsonValue

LARGEST_LINEAGE_BYTES = 200_000_000
BY_HAND = "changed by hand"


@dataclass(frozen=True, slots=True)
class Step:
    """How one version came about. ``made_by`` is empty where nothing is known, as of the first one.

    ``counts`` tells how many captions each check changed; ``captions`` how many were changed in all, None where nobody counted.
    """

    digest: str
    parent: str | None = None
    name: str = ""
    made_by: str = ""
    made_with: str = ""
    in_place: bool = False
    captions: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    words_removed: int = 0
    words_added: int = 0
    options: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lineage:
    """The step that made a version, those before it (the oldest first), and where the original lies seen from this folder."""

    step: Step
    history: tuple[Step, ...] = ()
    original: str | None = None

    def steps(self, digest: str) -> tuple[Step, ...]:
        """All steps up to the version ``digest`` that the folder holds now, which may have been changed by hand since."""
        known = (*self.history, self.step)
        return known if self.step.digest == digest else (*known, Step(digest, self.step.digest, made_by=BY_HAND))


def read_lineage(folder: Path) -> Lineage | None:
    """What is written of a folder's origin; None when there is nothing, or nothing that can be understood."""
    path = folder / LINEAGE_FILE
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_LINEAGE_BYTES:
            return None
        said = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    step = step_from(said)
    if step is None:
        return None
    history = said.get("history")
    before = [step_from(each) for each in history] if isinstance(history, list) else [Step(step.parent)] if step.parent else []
    original = said.get("original")
    return Lineage(step, tuple(each for each in before if each), original if isinstance(original, str) else None)


def steps_of(folder: Path, digest: str, name: str) -> tuple[Step, ...]:
    """All known steps to the version ``digest`` in a folder, the oldest first."""
    lineage = read_lineage(folder)
    return lineage.steps(digest) if lineage else (Step(digest, name=name),)


def lineage_text(lineage: Lineage, **details: JsonValue) -> str:
    """The file's text: the step, then its details (lists one entry per line), then the steps before it."""
    said: dict[str, JsonValue] = {"format": 1, **step_json(lineage.step), "original": lineage.original}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in said.items()]
    lines += [f"{json.dumps(key)}: {_value(value)}" for key, value in details.items()]
    lines.append(f'"history": {_value([step_json(step) for step in lineage.history])}')
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def step_json(step: Step) -> dict[str, JsonValue]:
    """A step as it stands in files and answers."""
    said: dict[str, JsonValue] = {**asdict(step)}
    removed, added = said.pop("words_removed"), said.pop("words_added")
    return {**said, "words": {"removed": removed, "added": added}}


def _value(value: JsonValue) -> str:
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(json.dumps(each) for each in value) + "\n ]"
    return json.dumps(value)


def step_from(said: object) -> Step | None:
    """A step as read; whatever is not what it should be is left out."""
    if not isinstance(said, dict) or not isinstance(said.get("digest"), str):
        return None
    counts, words, options = said.get("counts"), said.get("words"), said.get("options")
    words = words if isinstance(words, dict) else {}
    return Step(
        digest=said["digest"],
        parent=_text_or_none(said.get("parent")),
        name=_text_or_none(said.get("name")) or "",
        made_by=_text_or_none(said.get("made_by")) or "",
        made_with=_text_or_none(said.get("made_with")) or "",
        in_place=said.get("in_place") is True,
        captions=_count(said.get("captions")),
        counts={str(key): _count(value) or 0 for key, value in counts.items()} if isinstance(counts, dict) else {},
        words_removed=_count(words.get("removed")) or 0,
        words_added=_count(words.get("added")) or 0,
        options=options if isinstance(options, dict) else {},
    )


def _text_or_none(said: object) -> str | None:
    return said if isinstance(said, str) else None


def _count(said: object) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) else None
