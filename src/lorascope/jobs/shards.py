"""Where a large collection lies, and how it is cut into shards that are measured one by one.

A folder of images and captions is cut every few thousand files, in the order of their names; each tar archive and each Parquet file is a
shard of its own. Addresses such as ``s3://bucket/prefix`` go through fsspec. Shards come as a stream: a folder of a million files is
never held in memory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from lorascope.errors import BadFile, MissingExtra, MissingFile
from lorascope.jobs.list_files import FoundFile, Pair, count_images, list_pairs
from lorascope.jobs.read_dataset import IMAGE_EXTENSIONS

FILES_PER_SHARD = 4096
_ARCHIVES = (".tar", ".parquet")


class ShardKind(StrEnum):
    """What a shard is read from."""

    FILES = "files"
    TAR = "tar"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Source:
    """What to measure. ``storage`` holds fsspec's options (endpoint, credentials); it is never printed or recorded.

    The columns are those of Parquet files; without a key column rows are numbered.
    """

    address: str
    storage: Mapping[str, str | bool] = field(default_factory=dict, repr=False)
    caption_extension: str = ".txt"
    image_column: str = "image"
    caption_column: str = "caption"
    key_column: str = "key"
    files_per_shard: int = FILES_PER_SHARD

    @property
    def is_remote(self) -> bool:
        """Whether it is an address and not a path of this machine."""
        return "://" in self.address


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a source. ``name`` is unique in it and safe as a file's name; ``path`` is where it is read from.

    ``fingerprint`` changes when a file of it is replaced (name, size and time of change, or an object's etag).
    """

    name: str
    kind: ShardKind
    path: str
    fingerprint: str
    pairs: tuple[Pair, ...] = ()


def open_remote(source: Source) -> tuple[Any, str]:
    """The file system of a remote source (fsspec's) and the path in it.

    Raises:
        MissingExtra: fsspec, or what it needs for this kind of address, is not installed.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtra("addresses need fsspec", next_step="pip install 'lorascope[scale,s3]'") from error
    try:
        files, path = url_to_fs(source.address, **source.storage)
    except (ImportError, ValueError) as error:
        protocol = source.address.partition("://")[0]
        raise MissingExtra(f"nothing installed reads {protocol}:// addresses", next_step="for s3: pip install 'lorascope[s3]'") from error
    return files, str(path)


def remote_errors() -> tuple[type[Exception], ...]:
    """What reading or writing an address may raise: the system's errors, and those of Amazon's library where it is installed."""
    try:
        from botocore.exceptions import BotoCoreError
    except ImportError:
        return (OSError,)
    return (OSError, BotoCoreError)


def cut(source: Source) -> Iterator[Shard]:
    """The shards of a source, in their order.

    Raises:
        MissingFile: nothing there, or it cannot be listed. BadFile: a single file that is no archive. MissingExtra: see
        :func:`open_remote`.
    """
    yield from _cut_remote(source) if source.is_remote else _cut_local(source)


def expected(source: Source) -> int:
    """About how many shards there will be, for showing progress; 0 where counting would cost as much as measuring."""
    if source.is_remote or not Path(source.address).is_dir():
        return 0 if source.is_remote else 1
    archives = len(_archives(Path(source.address)))
    return archives or -(-count_images(source.address) // source.files_per_shard)


def _cut_local(source: Source) -> Iterator[Shard]:
    place = Path(source.address)
    if place.is_file():
        yield _archive(place.name, str(place.resolve()), place.stat().st_size, str(place.stat().st_mtime_ns))
        return
    if not place.is_dir():
        raise MissingFile("nothing there to measure", where=source.address, next_step="give a folder, a .tar or .parquet file, or s3://…")
    archives = _archives(place)
    for path in archives:
        seen = path.stat()
        yield _archive(path.name, str(path.resolve()), seen.st_size, str(seen.st_mtime_ns))
    if not archives:
        pairs = list_pairs(source.address, source.caption_extension)
        yield from _runs(pairs, str(place.resolve()), source.files_per_shard, {})


def _archives(place: Path) -> list[Path]:
    try:
        with os.scandir(place) as listing:
            names = sorted(entry.name for entry in listing if entry.name.lower().endswith(_ARCHIVES) and entry.is_file())
    except OSError as error:
        raise MissingFile(f"cannot be listed: {error.strerror}", where=str(place), next_step="check its permissions") from error
    return [place / name for name in names if not name.startswith(".")]


def _archive(name: str, path: str, size_bytes: int, changed: str) -> Shard:
    if not name.lower().endswith(_ARCHIVES):
        raise BadFile("neither a folder nor a .tar or .parquet file", where=path, next_step="give the folder that holds the images")
    kind = ShardKind.TAR if name.lower().endswith(".tar") else ShardKind.PARQUET
    return Shard(_safe(name), kind, path, _digest([name, size_bytes, changed]))


def _safe(name: str) -> str:
    """A file's name that can be undone (percent signs), cut where it would be too long."""
    safe = quote(name.encode("utf-8", "surrogateescape"), safe=" ")
    return safe if len(safe) <= 180 else f"{safe[:140]}-{_digest([safe])}"


def _digest(facts: Sequence[object]) -> str:
    return blake2b(json.dumps(facts, default=lambda value: value.hex()).encode(), digest_size=16).hexdigest()


def _runs(pairs: Iterator[Pair], path: str, files: int, etags: Mapping[bytes, str]) -> Iterator[Shard]:
    number = 0
    while run := tuple(islice(pairs, files)):
        number += 1
        facts = [
            [file.name, file.size_bytes, etags.get(file.name, file.modified_ns)] if file else None
            for pair in run
            for file in (pair.image, pair.caption)
        ]
        yield Shard(f"files-{number:06}", ShardKind.FILES, path, _digest(facts), run)


def _cut_remote(source: Source) -> Iterator[Shard]:
    files, root = open_remote(source)
    try:
        if files.isfile(root):
            seen = files.info(root)
            yield _archive(root.rpartition("/")[2], root, int(seen["size"]), _changed(seen))
            return
        archives = [seen for seen in files.ls(root, detail=True) if str(seen["name"]).lower().endswith(_ARCHIVES)]
        for seen in sorted(archives, key=lambda seen: str(seen["name"])):
            yield _archive(str(seen["name"]).rpartition("/")[2], str(seen["name"]), int(seen["size"]), _changed(seen))
        if archives:
            return
        etags: dict[bytes, str] = {}
        run = _runs(_remote_pairs(files, root, source.caption_extension, etags), root, source.files_per_shard, etags)
        for shard in run:
            etags.clear()
            yield shard
    except OSError as error:
        where = source.address
        raise MissingFile(f"cannot be listed: {error.strerror or type(error).__name__}", where=where, next_step=REMOTE_STEP) from error


REMOTE_STEP = "check the address, the endpoint (--storage-option endpoint_url=…) and your credentials"


def _changed(seen: Mapping[str, Any]) -> str:
    """What changes when an object is replaced."""
    return str(seen.get("ETag") or seen.get("etag") or seen.get("LastModified") or seen.get("mtime") or "")


def _remote_pairs(files: Any, root: str, caption: str, etags: dict[bytes, str]) -> Iterator[Pair]:
    """As :func:`list_pairs`, one remote folder at a time: its listing is held whole. Many objects are better kept in archives."""
    for folder, _, listing in files.walk(root, detail=True):
        stems: dict[str, list[tuple[str, FoundFile]]] = {}
        for name in sorted(listing):
            stem, extension = PurePosixPath(name).stem, PurePosixPath(name).suffix
            if name.startswith(".") or (extension.lower() not in IMAGE_EXTENSIONS and extension != caption):
                continue
            key = f"{folder}/{name}".removeprefix(root).lstrip("/").encode()
            etags[key] = _changed(listing[name])
            stems.setdefault(stem, []).append((extension, FoundFile(key, int(listing[name]["size"] or 0), 0)))
        for _, found in sorted(stems.items()):
            text = next((file for extension, file in found if extension == caption), None)
            images = [file for extension, file in found if extension != caption]
            yield from [Pair(image, text) for image in images] or ([Pair(None, text)] if text else [])
