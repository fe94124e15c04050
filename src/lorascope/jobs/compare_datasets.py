"""Two versions of a dataset side by side: which captions and pictures differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lorascope.captions.edits import words
from lorascope.errors import NotFound
from lorascope.jobs.dataset_versions import Found, find_dataset, version_before
from lorascope.jobs.lineage import read_lineage
from lorascope.records.dataset import Dataset, DatasetItem
from lorascope.records.run import JsonValue
from lorascope.reports.evidence import Repair

if TYPE_CHECKING:
    from lorascope.store import Store


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two versions. Files are named as in the second; images are matched by their file names.

    ``changed`` are captions with their texts; ``added`` and ``removed`` captions of images that both have; ``rewritten`` captions of equal
    text in another encoding. ``images_changed`` have the same name and other bytes.
    """

    before: Dataset
    after: Dataset
    changed: tuple[Repair, ...]
    added: tuple[Repair, ...]
    removed: tuple[Repair, ...]
    rewritten: tuple[str, ...]
    images_changed: tuple[str, ...]
    images_added: tuple[str, ...]
    images_removed: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the two are the same."""
        captions = self.changed or self.added or self.removed or self.rewritten
        return not (captions or self.images_changed or self.images_added or self.images_removed)

    def words(self) -> dict[str, int]:
        """How many words the changed captions together lost and gained."""
        removed = sum((words(each.before) - words(each.after)).total() for each in self.changed)
        return {"removed": removed, "added": sum((words(each.after) - words(each.before)).total() for each in self.changed)}


def compare_datasets(first: str, second: str | None, store: Store | None) -> Difference:
    """Compare two named datasets (folders, or names or digests in the store); with one, what it is with what it was before its cleaning.

    Raises:
        NotFound: neither a folder nor recorded, or nothing is known of an earlier version. MissingFile, BadFile: a folder cannot be read.
    """
    one = find_dataset(first, store)
    if second is not None:
        two = find_dataset(second, store)
        return difference_of(one.dataset, two.dataset, (_encodings(one), _encodings(two)))
    before, encodings = _before(first, one, store)
    return difference_of(before, one.dataset, (encodings, _encodings(one)))


def _encodings(found: Found) -> Mapping[str, object]:
    return found.reading.encodings if found.reading else {}


def _before(named: str, found: Found, store: Store | None) -> tuple[Dataset, Mapping[str, object]]:
    """The version before: from kept files, from the original of a copy, or from the store."""
    folder = Path(named)
    if found.reading is not None:
        kept = version_before(folder, found)
        if kept is not None:
            return kept
        lineage = read_lineage(folder)
        if lineage and lineage.original and (folder / lineage.original).is_dir():
            original = find_dataset(str(folder / lineage.original), store)
            return original.dataset, _encodings(original)
    if found.dataset.parent and store:
        return find_dataset(found.dataset.parent, store).dataset, {}
    raise NotFound(
        "no earlier version of it is known", where=named, next_step=f"name what to compare it with: lorascope datasets diff OTHER {named}"
    )


def difference_of(before: Dataset, after: Dataset, codecs: tuple[Mapping[str, object], Mapping[str, object]] = ({}, {})) -> Difference:
    """Compare two versions; ``codecs`` tell of both how the bytes of each caption file were read, where that is known."""
    old = {item.image_file: item for item in before.items}
    pairs = [(old[item.image_file], item) for item in after.items if item.image_file in old]
    differing = [(one, two) for one, two in pairs if one.caption != two.caption]
    new = {item.image_file for item in after.items}
    return Difference(
        before,
        after,
        changed=tuple(_texts(one, two) for one, two in differing if one.caption is not None and two.caption is not None),
        added=tuple(_texts(one, two) for one, two in differing if one.caption is None),
        removed=tuple(_texts(one, two) for one, two in differing if two.caption is None),
        rewritten=tuple(
            two.caption_file
            for one, two in pairs
            if two.caption_file and one.caption_file and one.caption == two.caption and _read_otherwise(one, two, codecs)
        ),
        images_changed=tuple(two.image_file for one, two in pairs if one.image_digest != two.image_digest),
        images_added=tuple(item.image_file for item in after.items if item.image_file not in old),
        images_removed=tuple(item.image_file for item in before.items if item.image_file not in new),
    )


def _read_otherwise(one: DatasetItem, two: DatasetItem, codecs: tuple[Mapping[str, object], Mapping[str, object]]) -> bool:
    first, second = codecs[0].get(one.caption_file or ""), codecs[1].get(two.caption_file or "")
    return first is not None and second is not None and first != second


def _texts(one: DatasetItem, two: DatasetItem) -> Repair:
    return Repair(two.caption_file or one.caption_file or two.image_file, one.caption or "", two.caption or "")


def difference_json(difference: Difference) -> dict[str, JsonValue]:
    """The answer of ``datasets diff --json``."""
    sides: dict[str, JsonValue] = {
        side: {"digest": each.digest, "name": each.name, "images": len(each.items), "captions": each.captions}
        for side, each in (("before", difference.before), ("after", difference.after))
    }
    return {
        "format": 1,
        **sides,
        "captions": {
            "changed": [{"file": each.file, "before": each.before, "after": each.after} for each in difference.changed],
            "added": [{"file": each.file, "after": each.after} for each in difference.added],
            "removed": [{"file": each.file, "before": each.before} for each in difference.removed],
            "rewritten": [*difference.rewritten],
        },
        "images": {
            "changed": [*difference.images_changed],
            "added": [*difference.images_added],
            "removed": [*difference.images_removed],
        },
        "words": {**difference.words()},
    }
