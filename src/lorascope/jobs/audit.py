"""Audit a folder: its captions against their pixels, the text encoder's window, and each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from lorascope.captions.audit import audit as find_all
from lorascope.captions.audit import surroundings
from lorascope.captions.check import Check, Entry, Knowledge, Reader, Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import read_caption
from lorascope.captions.encoding import Encoding
from lorascope.jobs.collector import without_collector
from lorascope.jobs.finding_cache import place_of, recall, remember
from lorascope.jobs.look_at_pictures import look_at
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.read_assets import knowledge as packaged_knowledge
from lorascope.jobs.read_dataset import Reading, read_folder
from lorascope.jobs.sight_cache import Seen, SightCache
from lorascope.records.dataset import Dataset
from lorascope.records.finding import Finding


@dataclass(frozen=True)
class AuditResult:
    """The findings on a dataset, with what they were found in: enough to repair it without looking again.

    ``entries`` and ``around`` are there when they are asked for: remembered findings need neither.
    """

    dataset: Dataset
    findings: tuple[Finding, ...]
    reading: Reading
    see: Callable[[], tuple[Entry, ...]] = field(repr=False)
    gather: Callable[[tuple[Entry, ...]], Surroundings] = field(repr=False)

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """Every image with its caption, then the captions without an image."""
        return self.see()

    @cached_property
    def around(self) -> Surroundings:
        """What the captions have in common."""
        return self.gather(self.entries)

    def counts(self) -> dict[str, int]:
        """How many findings each check has, every check named."""
        return {check.name: 0 for check in CHECKS} | Counter(finding.check for finding in self.findings)

    def byte_spans(self) -> Callable[[Finding], tuple[tuple[int, int], ...]]:
        """A function that tells where a finding stands in its caption file: offsets in bytes of the file's own encoding, mark included."""
        texts = self.texts()
        places: dict[str, list[int]] = {}
        for finding in self.findings:
            places.setdefault(finding.file, []).extend(place for span in finding.spans for place in span)

        @cache
        def offsets(file: str) -> dict[int, int]:
            return self.reading.encodings.get(file, Encoding()).offsets(texts.get(file, ""), places[file])

        def of(finding: Finding) -> tuple[tuple[int, int], ...]:
            return tuple((offsets(finding.file)[start], offsets(finding.file)[end]) for start, end in finding.spans)

        return of

    def texts(self) -> dict[str, str]:
        """Each caption file's text, for showing spans."""
        texts = {item.caption_file: item.caption for item in self.dataset.items if item.caption_file and item.caption is not None}
        return {**texts, **self.reading.orphan_texts}


@without_collector()
def audit(
    folder: Path,
    *,
    reader: Reader | None = None,
    trigger: str = "",
    intended: Sequence[str] = (),
    caption_extension: str = ".txt",
    look_at_pixels: bool = True,
    checks: Sequence[Check] = CHECKS,
    knowledge: Knowledge | None = None,
    progress: Progress | None = None,
    caches: Path | None = None,
) -> AuditResult:
    """Read a folder and hold every check against every caption.

    ``caches`` is a folder in which findings, and what was seen in pictures, are remembered; None: nowhere.

    Raises:
        MissingFile: no such folder, or it cannot be read.
        BadFile: no image in it.
    """
    cache = SightCache.of(folder, caches)
    reading = read_folder(folder, caption_extension=caption_extension, known_digest=cache.digest_of)
    reader = reader or Reader()

    def see() -> tuple[Entry, ...]:
        return read_entries(folder, reading, look_at_pixels=look_at_pixels, progress=progress or Silent(), cache=cache)

    def gather(entries: tuple[Entry, ...]) -> Surroundings:
        return surroundings(
            entries, knowledge or packaged_knowledge(), reader=reader, trigger=trigger, files=reading.files, intended=intended
        )

    place = (
        place_of(caches, reading, reader, (trigger, *intended), checks, looks_at_pixels=look_at_pixels)
        if caches and not knowledge
        else None
    )
    known = recall(place) if place else None
    if known is not None:
        return AuditResult(reading.dataset, known, reading, see, gather)
    entries = see()
    around = gather(entries)
    findings = find_all(entries, around, checks)
    if place:
        remember(place, findings)
    return AuditResult(reading.dataset, findings, reading, lambda: entries, lambda _: around)


def read_entries(
    folder: Path, reading: Reading, *, look_at_pixels: bool, progress: Progress, cache: SightCache | None = None
) -> tuple[Entry, ...]:
    """Every image with its caption, then the captions without an image. A broken image is told of in its entry."""
    items = reading.dataset.items
    cache = cache or SightCache(None)
    seen: dict[str, Seen] = {}
    if look_at_pixels:
        progress.start("looking at pictures", len(items))
        readable = [(item.image_file, item.image_digest) for item in items if item.image_file not in reading.problems]
        seen = look_at(folder, readable, cache, progress)
        cache.save(name for name, _ in readable)
        progress.finish()
    entries = []
    for item in items:
        picture = seen.get(item.image_file)
        problem = reading.problems.get(item.image_file, picture.problem if picture else "")
        if item.caption_file and item.caption_file in reading.problems:
            problem = f"its caption {item.caption_file} {reading.problems[item.caption_file]}"
        caption = None if item.caption is None else read_caption(item.caption)
        encoding = reading.encodings.get(item.caption_file or "", Encoding())
        sight = picture.sight if picture else None
        entries.append(Entry(item.caption_file or item.image_file, item.image_file, item.caption_file, caption, encoding, sight, problem))
    for name, text in reading.orphan_texts.items():
        entries.append(Entry(name, None, name, read_caption(text), reading.encodings.get(name, Encoding())))
    return tuple(entries)
