"""A dataset version: images and captions, named by what they contain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lorascope.records.run import JsonValue


@dataclass(frozen=True, slots=True)
class DatasetItem:
    """One image with its caption. Paths are relative to the dataset's folder, with forward slashes.

    ``caption`` is None when there is no caption file; ``image_digest`` is BLAKE2b-128 of the image file's bytes (hex).
    """

    image_file: str
    image_digest: str
    caption_file: str | None
    caption: str | None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A version of a dataset. Two folders with equal images and captions are the same version: the digest is equal.

    ``orphans`` are caption files without an image; ``parent`` is the digest of the version this one was made from.
    """

    name: str
    folder: str
    items: tuple[DatasetItem, ...]
    digest: str
    orphans: tuple[str, ...] = ()
    parent: str | None = None
    note: str = ""
    extra: Mapping[str, JsonValue] = field(default_factory=dict, hash=False)

    @property
    def captions(self) -> int:
        """How many images have a caption."""
        return sum(item.caption is not None for item in self.items)


def dataset_digest(items: Iterable[DatasetItem]) -> str:
    """BLAKE2b-128 (hex) over file names, image digests and captions, in order of file name."""
    digest = hashlib.blake2b(digest_size=16)
    for item in sorted(items, key=lambda item: item.image_file):
        for part in (item.image_file, item.image_digest, item.caption_file or "", item.caption or ""):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()
