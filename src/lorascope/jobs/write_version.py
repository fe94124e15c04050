"""Write a new version of a dataset: as a copy that is there whole or not at all, or into the folder itself with a way back."""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from lorascope import __version__
from lorascope.captions.clean import Repair, total_words
from lorascope.captions.encoding import decode
from lorascope.errors import AlreadyExists, BadParameter, MissingFile
from lorascope.jobs.audit import AuditResult
from lorascope.jobs.change_in_place import change_files
from lorascope.jobs.file_digest import file_digest
from lorascope.jobs.lineage import Lineage, Step, lineage_text, step_json, steps_of
from lorascope.jobs.open_file import open_file
from lorascope.jobs.process_alive import see_process
from lorascope.jobs.progress import Progress
from lorascope.jobs.read_dataset import LARGEST_CAPTION_BYTES, LINEAGE_FILE
from lorascope.jobs.settle import settle
from lorascope.records.dataset import Dataset, dataset_digest
from lorascope.records.run import JsonValue

Stamps = Mapping[str, tuple[int, int, int]]
MADE_BY = "lorascope clean"
_REPEATS = re.compile(r"\d+_")  # 10_cat: shown ten times in an epoch
_CLEANED = re.compile(r"_clean(?:_\d+)?$")


@dataclass(frozen=True, slots=True)
class Written:
    """The version as written; ``refused`` were left as they are (file → reason), ``step`` is what its record says."""

    dataset: Dataset
    refused: Mapping[str, str] = field(default_factory=dict)
    backup: Path | None = None
    step: Mapping[str, JsonValue] = field(default_factory=dict)


def stamps_of(folder: Path) -> Stamps:
    """Size, time of change and number of every file: what must be the same later for its digest to hold still."""
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                stamp = _stamp(Path(entry.path))
                if stamp:
                    found[entry.name] = stamp
    except OSError:  # whoever reads the folder says what is wrong with it
        return {}
    return found


def check_target(folder: Path, out: Path) -> None:
    """Refuse a place where no new version can be.

    Raises:
        AlreadyExists: something is there. MissingFile: no folder can be made there. BadParameter: it lies inside the original.
    """
    try:
        is_there = out.exists() or out.is_symlink()
    except OSError as error:
        raise MissingFile(f"no folder can be made there: {error.strerror}", where=str(out), next_step="give another name") from error
    if is_there:
        raise AlreadyExists(
            "this folder is there already", where=str(out), next_step="give a new name: an existing folder is never changed"
        )
    if not out.resolve().parent.is_dir():
        raise MissingFile("the folder to write in is not there", where=str(out.resolve().parent), next_step="make it first")
    if folder.resolve() in out.resolve().parents:
        raise BadParameter("the new version cannot lie inside the original", where=str(out), next_step="give a folder beside it")


def free_target(folder: Path) -> Path:
    """The place for a copy when none was named: ``<name>_clean`` beside the original, with the next free number.

    Raises:
        BadParameter: a trainer that reads every folder beside the original would train on both.
    """
    home = folder.resolve()
    if _REPEATS.match(home.name):
        raise BadParameter(
            "a copy beside this folder would be trained on as well: sd-scripts reads every NUMBER_NAME folder there",
            where=str(folder),
            next_step="name a place elsewhere with --out DIR, or change it in place with --in-place",
        )
    name, number = _CLEANED.sub("", home.name) or home.name, 1
    while (place := home.with_name(f"{name}_clean" if number == 1 else f"{name}_clean_{number}")).exists() or place.is_symlink():
        number += 1
    return Path(os.path.relpath(place)) if place.is_relative_to(Path.cwd()) else place


def planned(audited: AuditResult, repairs: Iterable[Repair]) -> Dataset:
    """The new version as a record: without the files that cannot be read."""
    unread = audited.reading.problems
    texts = {each.file: each.after for each in repairs}
    items = tuple(
        replace(item, caption_file=None, caption=None)
        if item.caption_file in unread
        else replace(item, caption=texts.get(item.caption_file or "", item.caption))
        for item in audited.dataset.items
        if item.image_file not in unread
    )
    return replace(audited.dataset, folder="", items=items, digest=dataset_digest(items), parent=audited.dataset.digest)


def write_copy(
    folder: Path,
    out: Path,
    audited: AuditResult,
    repairs: Sequence[Repair],
    stamps: Stamps,
    options: Mapping[str, JsonValue],
    progress: Progress,
) -> Written:
    """Fill a folder beside the target, then rename it: the new version is there whole, or not at all.

    A caption that was changed since it was read is copied as it is now. Raises as :func:`check_target`.
    """
    check_target(folder, out)
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    _remove_leftovers(out)
    try:
        partial.mkdir()
    except OSError as error:
        next_step = "choose a place you may write in"
        raise MissingFile(f"no folder can be made there: {error.strerror}", where=str(out), next_step=next_step) from error
    try:
        plan = planned(audited, repairs)
        progress.start("writing the new version", len(plan.items) + len(audited.reading.encodings))
        digests = _copy_images(folder, partial, plan, stamps, progress)
        texts, refused = _write_captions(folder, partial, audited, repairs, progress)
        items = tuple(
            replace(item, image_digest=digests[item.image_file], caption=texts[item.caption_file])
            if item.caption_file in texts
            else replace(item, image_digest=digests[item.image_file], caption_file=None, caption=None)
            for item in plan.items
        )
        made = [each for each in repairs if each.file not in refused]
        dataset = replace(plan, name=out.resolve().name, folder=str(out), items=items, digest=dataset_digest(items))
        step = _step(dataset, audited, made, options, in_place=False)
        original = _seen_from(out.resolve(), folder.resolve())
        text = _lineage(folder, audited, step, made, refused, original)
        (partial / LINEAGE_FILE).write_text(text, "ascii")
        settle([*(partial / name for name in texts), partial / LINEAGE_FILE, partial])
        partial.rename(out)
        settle([out.resolve().parent])
        progress.finish()
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Written(dataset, refused, None, step_json(step))


def _remove_leftovers(out: Path) -> None:
    """Remove what processes left that ended while they copied to this place."""
    for place in out.resolve().parent.glob(f".{glob.escape(out.name)}.partial-*"):
        number = place.name.rpartition("-")[2]
        if number.isdecimal() and (int(number) == os.getpid() or see_process(int(number)) is None):
            shutil.rmtree(place, ignore_errors=True)


def change_folder(
    folder: Path, audited: AuditResult, repairs: Sequence[Repair], stamps: Stamps, options: Mapping[str, JsonValue], progress: Progress
) -> Written:
    """Replace the captions in their folder. As they were they are kept; ``lorascope datasets undo`` brings them back.

    Raises:
        Busy: another process changes the folder. MissingFile: it cannot be written to.
    """
    texts, going = _texts(audited), {each.file: each for each in repairs if each.changed}
    encodings = audited.reading.encodings
    files = {name: (encodings[name].encode(texts[name]), each.encoding.encode(each.after)) for name, each in going.items()}
    digests = {}
    for name in _changed_images(folder, audited, stamps):
        with suppress(OSError):  # it went away: the next audit tells
            digests[name] = file_digest(folder / name)
    made: list[Repair] = []
    steps: list[tuple[Dataset, Step]] = []

    def record(names: frozenset[str]) -> tuple[str, str, bytes]:
        made.extend(each for name, each in going.items() if name in names)
        after = {each.file: each.after for each in made}
        items = tuple(
            replace(
                item, caption=after.get(item.caption_file or "", item.caption), image_digest=digests.get(item.image_file, item.image_digest)
            )
            for item in audited.dataset.items
        )
        dataset = replace(audited.dataset, items=items, digest=dataset_digest(items), parent=audited.dataset.digest)
        step = _step(dataset, audited, made, options, in_place=True)
        steps.append((dataset, step))
        refused = {name: "left as it is" for name in going if name not in names}
        return dataset.digest, LINEAGE_FILE, _lineage(folder, audited, step, made, refused, None).encode("ascii")

    progress.start("changing captions", len(files))
    changed = change_files(folder, audited.dataset.digest, files, record)
    progress.finish(f"{len(changed.files)} changed")
    if not steps:
        return Written(audited.dataset, changed.refused)
    dataset, step = steps[0]
    return Written(dataset, changed.refused, changed.backup, step_json(step))


def _texts(audited: AuditResult) -> dict[str, str]:
    """The text of every caption file that could be read."""
    texts = {entry.caption_file: entry.caption.text for entry in audited.entries if entry.caption and entry.caption_file}
    return {name: text for name, text in texts.items() if name not in audited.reading.problems}


def _write_captions(
    folder: Path, partial: Path, audited: AuditResult, repairs: Sequence[Repair], progress: Progress
) -> tuple[dict[str, str], dict[str, str]]:
    """Repaired captions in the encoding they had (or UTF-8 when that was repaired), all others byte by byte.

    Returns what was written, and which repairs were not made and why.
    """
    repaired = {each.file: each for each in repairs if each.changed}
    written: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name, text in _texts(audited).items():
        try:
            with open_file(folder / name) as file:
                now = file.read(LARGEST_CAPTION_BYTES + 1) or b""
        except OSError as error:
            refused[name] = f"cannot be read any more: {error.strerror}"
            continue
        if now != audited.reading.encodings[name].encode(text):
            refused[name] = "changed since it was read; copied as it is now"
            written[name] = decode(now)[0]
        elif name in repaired:
            now = repaired[name].encoding.encode(repaired[name].after)
            written[name] = repaired[name].after
        else:
            written[name] = text
        (partial / name).write_bytes(now)
        progress.advance()
    return written, refused


def _copy_images(folder: Path, partial: Path, plan: Dataset, stamps: Stamps, progress: Progress) -> dict[str, str]:
    """Copy the images and return their digests."""
    digests = {}
    for item in plan.items:
        source, target = folder / item.image_file, partial / item.image_file
        _copy(source, target)
        unchanged = item.image_file in stamps and _stamp(source) == stamps[item.image_file]
        digests[item.image_file] = item.image_digest if unchanged else file_digest(target)
        progress.advance()
    return digests


def _copy(source: Path, target: Path) -> None:
    """A file of its own, not a hard link: whoever crops a picture of the copy later must not crop the original.

    File systems that can (Btrfs, XFS) let both share their blocks until one is changed, when the system copies by itself.

    Raises:
        MissingFile: it is not there any more.
    """
    try:
        opened = open_file(source)
    except OSError as error:
        next_step = "run the same command again when nothing else changes the folder"
        raise MissingFile(f"cannot be read any more: {error.strerror}", where=str(source), next_step=next_step) from error
    with opened as reading, target.open("xb") as writing:
        try:
            while os.copy_file_range(reading.fileno(), writing.fileno(), 1 << 30):
                pass
        except (AttributeError, OSError):  # not on this system, or not between these two places
            reading.seek(0)
            writing.seek(0)
            writing.truncate()
            shutil.copyfileobj(reading, writing)


def _changed_images(folder: Path, audited: AuditResult, stamps: Stamps) -> list[str]:
    """Images that are no longer what was audited."""
    readable = [item.image_file for item in audited.dataset.items if item.image_file not in audited.reading.problems]
    return [name for name in readable if _stamp(folder / name) not in {stamps.get(name), None}]


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _step(dataset: Dataset, audited: AuditResult, repairs: Sequence[Repair], options: Mapping[str, JsonValue], *, in_place: bool) -> Step:
    total = total_words(repairs)
    return Step(
        digest=dataset.digest,
        parent=audited.dataset.digest,
        name=dataset.name,
        made_by=MADE_BY,
        made_with=__version__,
        in_place=in_place,
        captions=sum(each.changed for each in repairs),
        counts=dict(sorted(Counter(check for each in repairs for check in each.checks).items())),
        words_removed=total["removed"],
        words_added=total["added"],
        options=options,
    )


def _lineage(
    folder: Path, audited: AuditResult, step: Step, repairs: Sequence[Repair], refused: Mapping[str, str], original: str | None
) -> str:
    history = steps_of(folder, audited.dataset.digest, audited.dataset.name)
    return lineage_text(
        Lineage(step, history, original),
        edits=[{"file": each.file, **asdict(edit)} for each in repairs for edit in each.edits],
        rewritten_as_utf8=[each.file for each in repairs if each.rewritten],
        not_changed=dict(refused),
    )


def _seen_from(out: Path, folder: Path) -> str | None:
    """The original's place as seen from the copy; None where no way leads there (another drive)."""
    try:
        return Path(os.path.relpath(folder, out)).as_posix()
    except ValueError:
        return None
