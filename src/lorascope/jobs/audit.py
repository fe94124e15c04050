"""Audit a folder: its captions against their pixels, the text encoder's window, and each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lorascope.captions.audit import audit as find_all
from lorascope.captions.audit import surroundings
from lorascope.captions.check import Check, Entry, Knowledge, Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import read_caption
from lorascope.captions.encoding import Encoding
from lorascope.captions.sight import Sight, see
from lorascope.captions.window import WINDOW_TOKENS
from lorascope.errors import BadFile
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.read_assets import knowledge as packaged_knowledge
from lorascope.jobs.read_dataset import Reading, read_folder
from lorascope.jobs.read_pixels import load_pixels, native
from lorascope.records.dataset import Dataset
from lorascope.records.finding import Finding


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The findings on a dataset, with what they were found in: enough to repair it without looking again."""

    dataset: Dataset
    findings: tuple[Finding, ...]
    entries: tuple[Entry, ...]
    around: Surroundings
    reading: Reading

    def counts(self) -> dict[str, int]:
        """How many findings each check has, every check named."""
        return {check.name: sum(finding.check == check.name for finding in self.findings) for check in CHECKS}

    def texts(self) -> dict[str, str]:
        """Each caption file's text, for showing spans."""
        return {entry.file: entry.caption.text for entry in self.entries if entry.caption}


def audit(
    folder: Path,
    *,
    window_tokens: int = WINDOW_TOKENS,
    trigger: str = "",
    caption_extension: str = ".txt",
    look_at_pixels: bool = True,
    checks: Sequence[Check] = CHECKS,
    knowledge: Knowledge | None = None,
    progress: Progress | None = None,
) -> AuditResult:
    """Read a folder and hold every check against every caption.

    Raises:
        MissingFile: no such folder, or it cannot be read.
        BadFile: no image in it.
    """
    reading = read_folder(folder, caption_extension=caption_extension)
    entries = read_entries(folder, reading, look_at_pixels=look_at_pixels, progress=progress or Silent())
    around = surroundings(entries, knowledge or packaged_knowledge(), window_tokens=window_tokens, trigger=trigger)
    return AuditResult(reading.dataset, find_all(entries, around, checks), entries, around, reading)


def read_entries(folder: Path, reading: Reading, *, look_at_pixels: bool, progress: Progress) -> tuple[Entry, ...]:
    """Every image with its caption, then the captions without an image. A broken image is told of in its entry."""
    items = reading.dataset.items
    progress.start("reading images", len(items))
    entries = []
    for item in items:
        problem = reading.problems.get(item.image_file, "")
        sight = None
        if look_at_pixels and not problem:
            sight, problem = _look(folder / item.image_file)
        if item.caption_file and item.caption_file in reading.problems:
            problem = f"its caption {item.caption_file} {reading.problems[item.caption_file]}"
        caption = None if item.caption is None else read_caption(item.caption)
        encoding = reading.encodings.get(item.caption_file or "", Encoding())
        entries.append(Entry(item.caption_file or item.image_file, item.image_file, item.caption_file, caption, encoding, sight, problem))
        progress.advance()
    progress.finish()
    for name, text in reading.orphan_texts.items():
        entries.append(Entry(name, None, name, read_caption(text), reading.encodings.get(name, Encoding())))
    return tuple(entries)


def _look(path: Path) -> tuple[Sight | None, str]:
    try:
        pixels = load_pixels(path)
    except BadFile as error:
        return None, error.message
    return see(pixels, native(pixels)), ""
