"""Reads files of any known format: records that are complete in themselves, or evidence of trainings that other files speak of too."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lorascope.errors import BadFile, MissingFile, UnfinishedFile, UserError
from lorascope.importers import IMPORTERS
from lorascope.importers.evidence import Evidence
from lorascope.importers.importer import HEAD_BYTES, Imported, Importer
from lorascope.importers.safetensors_header import read_header
from lorascope.jobs.progress import Progress

_PICKLED_SUFFIXES = {".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle"}
_ZIP, _PICKLE = b"PK\x03\x04", tuple(bytes((0x80, version)) for version in range(2, 6))
_CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class FilesRead:
    """What the files said. ``with_records`` hold records complete in themselves and are read again when these are written.

    ``failed`` are files that cannot be read as what they are, ``unfinished`` those of them that end too early, ``unknown`` and
    ``pickled`` those in folders that are of no known format or must not be opened.
    """

    evidence: list[Evidence] = field(default_factory=list)
    with_records: list[tuple[Path, Importer]] = field(default_factory=list)
    failed: dict[Path, UserError] = field(default_factory=dict)
    unfinished: list[Path] = field(default_factory=list)
    unknown: list[Path] = field(default_factory=list)
    pickled: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class UnknownFormat(BadFile):
    """No importer knows the file; ``is_pickle`` says that it is one that must not be opened."""

    def __init__(self, message: str, *, where: str, next_step: str, is_pickle: bool = False) -> None:
        super().__init__(message, where=where, next_step=next_step)
        self.is_pickle = is_pickle


def importer_of(path: Path) -> Importer:
    """The importer that knows this file by its first bytes.

    Raises:
        MissingFile: it is not there or cannot be read.
        UnknownFormat: no importer knows it, or it is a pickle, which can run code and is never opened.
    """
    if path.is_dir():
        raise BadFile("this is a folder", where=str(path), next_step="name the files in it")
    if path.exists() and not path.is_file():
        raise BadFile("this is a pipe or a device", where=str(path), next_step="write it to a file first: an import reads it twice")
    try:
        with path.open("rb", buffering=0) as file:
            head = file.read(HEAD_BYTES)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise MissingFile(f"cannot be read: {reason}", where=str(path), next_step="check the path") from error
    if _is_pickle(head, path):
        next_step = "convert it to .safetensors where you trust it, and import that"
        raise UnknownFormat("a pickle can run code when it is opened: refused", where=str(path), next_step=next_step, is_pickle=True)
    for importer in IMPORTERS:
        if importer.recognizes(head, path):
            return importer
    formats = ", ".join(importer.name for importer in IMPORTERS)
    message = f"the file is of no known format ({formats})" if head else "the file is empty"
    raise UnknownFormat(message, where=str(path), next_step="name a file or folder that a trainer wrote, or lorascope's JSON Lines")


def _is_pickle(head: bytes, path: Path) -> bool:
    """Whether it is a pickle by its first bytes (a zip of pickles, as torch writes) under a name that weights go by."""
    suffix = path.suffix.lower()
    is_zip = head.startswith(_ZIP) and suffix in {*_PICKLED_SUFFIXES, ".safetensors"}
    return is_zip or head.startswith(_PICKLE) or suffix in {".ckpt", ".pkl", ".pickle"}


def read_files(named: Sequence[Path], inside: Sequence[Path], progress: Progress, *, with_hash: bool = False) -> FilesRead:
    """Read files, of which those in ``inside`` were found in folders and may be anything. Nothing a file holds stops the others.

    ``with_hash`` computes the hash of the weights where a LoRA's metadata have none: then all of each file is read.
    """
    result = FilesRead()
    progress.start("reading", len(named) + len(inside))
    for path, is_named in [*((path, True) for path in named), *((path, False) for path in inside)]:
        try:
            _check_name(path)
            _read(path, importer_of(path), result, with_hash=with_hash)
        except UnknownFormat as error:
            if is_named:
                result.failed[path] = error
            else:
                (result.pickled if error.is_pickle else result.unknown).append(path)
        except UserError as error:
            result.failed[path] = error
            if isinstance(error, UnfinishedFile):
                result.unfinished.append(path)
        progress.advance(note=path.name)
    progress.finish(f"{len(result.evidence) + len(result.with_records)} of {len(named) + len(inside)} files known")
    return result


def _check_name(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        where = str(path).encode("utf-8", "backslashreplace").decode()
        raise BadFile("the file's name is not valid UTF-8", where=where, next_step="rename the file") from error


def _read(path: Path, importer: Importer, result: FilesRead, *, with_hash: bool) -> None:
    """Collect a file's evidence; a file with records is only noted, since it may be larger than the memory."""
    evidence: list[Evidence] = []
    notes: list[str] = []
    for part in importer.read(path):
        if has_records(part):
            result.with_records.append((path, importer))
            break
        evidence += part.evidence
        notes += part.notes
    else:
        result.evidence += [_hashed(each) for each in evidence] if with_hash else evidence
        result.notes += notes


def has_records(part: Imported) -> bool:
    """Whether a part holds records that are complete in themselves."""
    return any((part.runs, part.checkpoints, part.samples, part.scores, part.measurements, part.datasets, part.suites)) or any(
        (part.series, part.hypotheses, part.foreign, part.needs)
    )


def _hashed(each: Evidence) -> Evidence:
    """The same evidence with the hash of the weights: SHA-256 of all bytes after the header, as kohya's sshs_model_hash."""
    if each.checkpoint is None or each.checkpoint.tensor_hash is not None:
        return each
    path = each.checkpoint.file
    start, hashed = read_header(path).data_start, hashlib.sha256()
    try:
        with path.open("rb") as file:
            file.seek(start)
            while chunk := file.read(_CHUNK_BYTES):
                hashed.update(chunk)
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path)) from error
    return replace(each, checkpoint=replace(each.checkpoint, tensor_hash=hashed.hexdigest()))
