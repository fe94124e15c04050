"""Which versions of a dataset there are and how they came about: from the folder's own record, from kept files, and from the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lorascope.captions.encoding import Encoding, decode
from lorascope.errors import NotFound, did_you_mean
from lorascope.jobs.change_in_place import BEFORE, mend
from lorascope.jobs.lineage import Step, step_from, step_json, steps_of
from lorascope.jobs.read_dataset import Reading, read_folder
from lorascope.jobs.version_folder import changes
from lorascope.records.dataset import Dataset, dataset_digest

if TYPE_CHECKING:
    from lorascope.jobs.clean import CleanResult
    from lorascope.store import Store

FEWEST_DIGITS = 6  # of a digest that stands for the whole


@dataclass(frozen=True, slots=True)
class Version:
    """One version: how it came about, where it is, and whether the named folder holds it now.

    ``can_be_restored`` is True for a version that ``undo`` brings back; ``images`` is None where nobody knows.
    """

    step: Step
    folder: str = ""
    images: int | None = None
    is_current: bool = False
    can_be_restored: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """The versions up to the one that was asked for, the oldest first; ``notes`` say what was done or is missing."""

    target: str
    versions: tuple[Version, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A dataset that was named, with its reading when it lies in a folder."""

    dataset: Dataset
    reading: Reading | None = None
    note: str = ""


def find_dataset(named: str, store: Store | None, *, caption_extension: str = ".txt") -> Found:
    """The dataset in a folder, or the recorded one with this name, digest, or beginning of a digest.

    Raises:
        NotFound: neither a folder nor recorded. MissingFile, BadFile: as :func:`read_folder`. Busy: it is being changed.
    """
    folder = Path(named)
    if folder.is_dir():
        note = mend(folder)
        reading = read_folder(folder, caption_extension=caption_extension)
        return Found(reading.dataset, reading, note)
    known = store.datasets() if store else []
    fitting = [each for each in known if named in {each.digest, each.name}]
    if not fitting and len(named) >= FEWEST_DIGITS:
        fitting = [each for each in known if each.digest.startswith(named)]
    if not fitting:
        here = did_you_mean(named, [each.name for each in known]) or "name a folder, or see: lorascope datasets list"
        raise NotFound(
            f"no folder {named!r}" + (f" and no dataset {named!r} in the store" if store else ", and no lab here"), next_step=here
        )
    return Found(fitting[-1])


def history(named: str, store: Store | None) -> History:
    """How a dataset came about, step by step. Raises as :func:`find_dataset`."""
    found = find_dataset(named, store)
    recorded = {each.digest: each for each in store.datasets()} if store else {}
    if found.reading is None:
        return History(named, _from_store(found.dataset, recorded), ())
    folder, digest = Path(named), found.dataset.digest
    steps = steps_of(folder, digest, found.dataset.name)
    restorable = {change.before for change in changes(folder)}
    versions = [
        Version(step, _folder(recorded.get(step.digest)), _images(recorded.get(step.digest)), can_be_restored=step.digest in restorable)
        for step in steps
    ]
    versions[-1] = replace(versions[-1], folder=named, images=len(found.dataset.items), is_current=True)
    earlier = _before(steps[0], recorded)
    return History(named, (*earlier, *versions), (found.note,) if found.note else ())


def version_before(folder: Path, found: Found) -> tuple[Dataset, dict[str, Encoding]] | None:
    """What a folder held before its last change in place, and its encodings, from the files that were kept; None when there was none."""
    made = changes(folder)
    if not made:
        return None
    encodings = dict(found.reading.encodings) if found.reading else {}
    texts: dict[str, str] = {}
    for each in made[-1].files:
        path = made[-1].place / BEFORE / each.name
        if each.name in encodings and path.is_file() and not path.is_symlink():
            texts[each.name], encodings[each.name] = decode(path.read_bytes())
    items = tuple(replace(item, caption=texts.get(item.caption_file or "", item.caption)) for item in found.dataset.items)
    name = f"{found.dataset.name} before"
    return replace(found.dataset, name=name, items=items, digest=dataset_digest(items), parent=None), encodings


def record_versions(store: Store, result: CleanResult, folder: Path) -> int:
    """Record the version that was cleaned and the one that came out. Returns how many of them are new to the store."""
    before = replace(result.audited.dataset, folder=str(Path(result.audited.dataset.folder).resolve()))
    after = replace(result.dataset, folder=str(folder.resolve()), extra={**result.dataset.extra, "lineage": {**result.step}})
    return store.add_dataset(before) + store.add_dataset(after)


def version_json(version: Version) -> Mapping[str, object]:
    """A version as it stands in answers."""
    return {
        **step_json(version.step),
        "folder": version.folder or None,
        "images": version.images,
        "current": version.is_current,
        "can_be_restored": version.can_be_restored,
    }


def _from_store(dataset: Dataset, recorded: Mapping[str, Dataset]) -> tuple[Version, ...]:
    step = _recorded_step(dataset)
    return (*_before(step, recorded), Version(step, dataset.folder, len(dataset.items)))


def _before(step: Step, recorded: Mapping[str, Dataset]) -> tuple[Version, ...]:
    """The recorded ancestors of a step, the oldest first."""
    found: list[Version] = []
    seen = {step.digest}
    parent = step.parent
    while parent and parent not in seen:
        seen.add(parent)
        known = recorded.get(parent)
        if known is None:
            found.append(Version(Step(parent)))
            break
        found.append(Version(_recorded_step(known), known.folder, len(known.items)))
        parent = known.parent
    return tuple(reversed(found))


def _recorded_step(dataset: Dataset) -> Step:
    said = step_from(dataset.extra.get("lineage"))
    return said if said and said.digest == dataset.digest else Step(dataset.digest, dataset.parent, dataset.name)


def _folder(dataset: Dataset | None) -> str:
    return dataset.folder if dataset else ""


def _images(dataset: Dataset | None) -> int | None:
    return len(dataset.items) if dataset else None
