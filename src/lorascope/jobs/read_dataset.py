"""A folder of images and captions to a dataset. What is wrong with single files is told, not raised: the audit goes on."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lorascope.captions.encoding import Encoding, decode
from lorascope.errors import BadFile, BadParameter, MissingFile
from lorascope.jobs.open_file import open_caption, open_file
from lorascope.jobs.version_folder import is_half_changed
from lorascope.records.dataset import Dataset, DatasetItem, dataset_digest

IMAGE_EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})
CAPTION_EXTENSIONS = (".txt", ".caption")
LINEAGE_FILE = "lorascope-dataset.json"
LARGEST_CAPTION_BYTES = 100_000  # some 20,000 words: no text encoder reads a hundredth of it
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Reading:
    """A dataset as read from a folder, with what cannot be seen in the record.

    ``encodings`` tells of each caption file how its bytes were read, ``problems`` why a file could not be read (file → reason),
    ``orphan_texts`` what captions without an image say, ``others`` the files that are neither image nor caption.
    """

    dataset: Dataset
    encodings: Mapping[str, Encoding]
    problems: Mapping[str, str]
    orphan_texts: Mapping[str, str]
    others: tuple[str, ...]

    @property
    def files(self) -> frozenset[str]:
        """The names of all files in the folder: images, captions and whatever else is there."""
        captions = (item.caption_file for item in self.dataset.items if item.caption_file is not None)
        return frozenset((*(item.image_file for item in self.dataset.items), *captions, *self.dataset.orphans, *self.others))


def read_dataset(folder: Path, *, caption_extension: str = ".txt") -> Dataset:
    """The dataset in a folder (not in the folders inside it), in natural order of file names.

    Raises:
        MissingFile: no such folder, or it cannot be read.
        BadFile: there is no image in it, or a file of it cannot be read.
    """
    reading = read_folder(folder, caption_extension=caption_extension)
    for name, problem in reading.problems.items():
        raise BadFile(problem, where=str(folder / name), next_step=f"mend or remove it; all such files: lorascope audit {folder}")
    return reading.dataset


def read_folder(folder: Path, *, caption_extension: str = ".txt", known_digest: Callable[[str], str | None] | None = None) -> Reading:
    """The dataset in a folder, with what is wrong with its files. Raises MissingFile, or BadFile when there is no image.

    ``known_digest`` gives the digest of a picture (by name) that need not be read to know it, or None.
    """
    if not re.fullmatch(r"\.\w+", caption_extension) or caption_extension.lower() in IMAGE_EXTENSIONS:
        raise BadParameter(f"captions cannot be read from {caption_extension!r} files", next_step='caption_extension = ".txt" is usual')
    names = sorted(_names(folder), key=_natural)
    if is_half_changed(folder):  # neither the old version nor the new one: nobody is to train on it unawares
        raise BadFile(
            "a cleaning in place was interrupted here: some captions are changed, others not yet",
            where=str(folder),
            next_step=f"take it back: lorascope datasets undo {folder}, or finish it: lorascope clean {folder} --dry-run",
        )
    images = [name for name in names if _ending(name).lower() in IMAGE_EXTENSIONS]
    if not images:
        raise BadFile("no images here", where=str(folder), next_step=_where_images_are(folder))
    captions = {name for name in names if _ending(name) == caption_extension}
    problems: dict[str, str] = {}
    encodings: dict[str, Encoding] = {}
    items = []
    for name in images:
        beside = name.removesuffix(_ending(name)) + caption_extension
        caption_file = beside if beside in captions else None
        text = _caption(folder, caption_file, encodings, problems) if caption_file else None
        items.append(DatasetItem(name, _digest(folder, name, problems, known_digest), caption_file, text))
    used = {item.caption_file for item in items}
    orphans = tuple(name for name in names if name in captions and name not in used)
    texts = {name: _caption(folder, name, encodings, problems) for name in orphans}
    _no_captions_hint(images, names, captions, caption_extension, folder)
    others = tuple(
        name for name in names if name not in captions and _ending(name).lower() not in IMAGE_EXTENSIONS and name != LINEAGE_FILE
    )
    dataset = Dataset(folder.resolve().name, str(folder), tuple(items), dataset_digest(items), orphans, _parent(folder))
    return Reading(dataset, encodings, problems, texts, others)


def _where_images_are(folder: Path) -> str:
    """What to name instead of a folder without images: often they lie one deeper, in folders such as 10_cat."""
    deeper = sorted((inner.name for inner in folder.iterdir() if _is_folder(inner) and not inner.name.startswith(".")), key=_natural)
    if deeper:
        return f"name the folder that holds the images themselves, such as {folder / deeper[0]}"
    return f"give a folder with {' '.join(sorted(IMAGE_EXTENSIONS))} files"


def _names(folder: Path) -> list[str]:
    """The names of all files in a folder. A link that leads nowhere is a file too: it is told of when it is opened."""
    try:
        with os.scandir(folder) as entries:  # which tells folders from files without asking for each
            return [entry.name for entry in entries if not entry.name.startswith(".") and not _is_folder(entry)]
    except FileNotFoundError as error:
        raise MissingFile("no such folder", where=str(folder), next_step="check the path") from error
    except NotADirectoryError as error:
        raise MissingFile("not a folder", where=str(folder), next_step="give the folder that holds the images and captions") from error
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(folder), next_step="check its permissions") from error


def _is_folder(path: Path | os.DirEntry[str]) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a loop of links
        return False


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Sort key: 2.png before 10.png."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _DIGITS.split(name) if part]


def _ending(name: str) -> str:
    return os.path.splitext(name)[1]  # noqa: PTH122 - a tenth of a Path's time, for every file of a large folder


def _digest(folder: Path, name: str, problems: dict[str, str], known_digest: Callable[[str], str | None] | None) -> str:
    digest = hashlib.blake2b(digest_size=16)
    try:
        known = known_digest(name) if known_digest else None
        if known is not None:
            return known
        with open_file(f"{folder}{os.sep}{name}") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        problems[name] = f"cannot be read: {error.strerror}"
    return digest.hexdigest()


def _caption(folder: Path, name: str, encodings: dict[str, Encoding], problems: dict[str, str]) -> str:
    try:
        with open_caption(f"{folder}{os.sep}{name}") as file:
            data = file.read(LARGEST_CAPTION_BYTES + 1) or b""  # None: nothing there yet, see open_file
    except OSError as error:
        problems[name] = f"cannot be read: {error.strerror}"
        data = b""
    if len(data) > LARGEST_CAPTION_BYTES:
        problems[name] = f"is larger than {LARGEST_CAPTION_BYTES // 1000} kB: not a caption"
        data = b""
    text, encodings[name] = decode(data)
    return text


def _no_captions_hint(images: list[str], names: list[str], captions: set[str], extension: str, folder: Path) -> None:
    """A folder captioned under another extension would look wholly uncaptioned: say so instead."""
    stems = {Path(image).stem for image in images}
    if captions:
        return
    for other in CAPTION_EXTENSIONS:
        if other != extension and any(_ending(name) == other and Path(name).stem in stems for name in names):
            next_step = f"read those: --caption-extension {other}"
            raise BadFile(f"no {extension} captions here, but {other} captions", where=str(folder), next_step=next_step)


def _parent(folder: Path) -> str | None:
    """The digest of the version that this one was made from, if it was made here."""
    try:
        lineage = json.loads((folder / LINEAGE_FILE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    parent = lineage.get("parent") if isinstance(lineage, dict) else None
    return parent if isinstance(parent, str) else None
