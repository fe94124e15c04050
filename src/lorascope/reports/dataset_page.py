"""A dataset on one page: what was found, by class and picture by picture; what the text encoder reads; colors, copies, bands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lorascope.pixels.background import BackgroundKind
from lorascope.pixels.cells import Scale
from lorascope.records.color import hex_code
from lorascope.records.dataset import Dataset
from lorascope.records.finding import Finding, FixKind, Severity
from lorascope.reports.captions import GRAVITY, check_lines
from lorascope.reports.sheet import Card
from lorascope.reports.table import Column, Row, Table, text_columns
from lorascope.reports.window import WindowView
from lorascope.reports.wording import counted, number, unit_shown, visible

MOST_CARDS = 40
MOST_COLORS = 48
_FIXES = {FixKind.NONE: "report only", FixKind.SAFE: "clean", FixKind.ASK: "clean --ask"}
_SCALES = {
    Scale.NATIVE: "one pixel a cell",
    Scale.EXACT: "enlarged pixel pictures",
    Scale.DETECTED: "pixel pictures with noise",
    Scale.ASSUMED: "grid assumed",
    Scale.NONE: "without a pixel grid",
}


@dataclass(frozen=True, slots=True)
class CheckWords:
    """What a check is called, and why it matters."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pictured:
    """What was seen in one picture: ``palette`` (n, 3) uint8 with ``shares`` (n,) of the picture, None where they were not counted."""

    scale: Scale
    kind: BackgroundKind | None
    palette: NDArray[np.uint8]
    shares: NDArray[np.float64] | None
    cells: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Color:
    """One color of the dataset. ``images`` is the share of pictures that hold it, ``pixels`` the share of all their pixels (0 to 1)."""

    code: str
    images: float
    pixels: float


@dataclass(frozen=True, slots=True)
class DatasetPage:
    """Everything the page shows. ``on_dataset`` are findings on no single file; ``more_cards`` the cards that were left out;
    ``windows`` what the text encoder reads of the captions, and of the test prompts if they were given.
    """

    title: str
    facts: str
    lead: tuple[str, ...]
    counts: Table | None
    on_dataset: tuple[str, ...]
    cards: tuple[Card, ...]
    more_cards: int
    windows: tuple[WindowView, ...]
    window_tokens: int
    colors: tuple[Color, ...] = ()
    more_colors: int = 0
    pictures: Table | None = None
    copies: tuple[tuple[str, ...], ...] = ()
    bands: Table | None = field(default=None)


def facts_line(dataset: Dataset, dialects: Mapping[str, int]) -> str:
    """Size, version and way of writing, in one line."""
    written = ", ".join(f"{count:,} {name}" for name, count in sorted(dialects.items(), key=lambda item: -item[1]))
    size = f"{counted(len(dataset.items), 'image')}, {counted(dataset.captions, 'caption')}"
    return f"{size}{f' ({written})' if written else ''}, version {dataset.digest[:12]}"


def lead(findings: Sequence[Finding], dataset: Dataset) -> tuple[str, ...]:
    """The two or three sentences that matter most: how many captions are damaged, what can be mended at once."""
    if not findings:
        return ("Nothing was found.",)
    gravest: dict[str, Severity] = {}
    for finding in findings:
        if finding.file and GRAVITY[finding.severity] < GRAVITY.get(gravest.get(finding.file, Severity.NOTE), 9):
            gravest[finding.file] = finding.severity
        elif finding.file:
            gravest.setdefault(finding.file, finding.severity)
    errors = sum(severity is Severity.ERROR for severity in gravest.values())
    untouched = max(0, len(dataset.items) - len(gravest))
    found = f"{counted(len(findings), 'finding')} in {counted(len(gravest), 'file')}"
    said = [f"{found}; {errors:,} of them with an error, {untouched:,} of {counted(len(dataset.items), 'image')} without any finding."]
    safe = {finding.file for finding in findings if finding.fix is FixKind.SAFE}
    ask = {finding.file for finding in findings if finding.fix is FixKind.ASK}
    if safe or ask:
        mends = f"lorascope clean mends something in {counted(len(safe), 'file')} without asking"
        said.append(f"{mends} and, when you agree, in {counted(len(ask), 'file')}.")
    return tuple(said)


def counts_table(findings: Sequence[Finding], about: Mapping[str, CheckWords]) -> Table | None:
    """Findings by check, the gravest and most frequent first, with the reason why it matters."""
    lines = check_lines(findings)
    if not lines:
        return None
    most = max(line.files for line in lines)
    rows = [
        Row(
            (
                about[line.check].title if line.check in about else line.check,
                line.severity.value,
                about[line.check].reason if line.check in about else "",
                " or ".join(_FIXES[fix] for fix in line.fixes),
                f"{line.findings:,}",
                f"{line.files:,}",
            ),
            share=line.files / most,
        )
        for line in lines
    ]
    columns = (*text_columns("what", "gravest", "why it matters", "mended by"), Column("findings"), Column("files"))
    return Table("Findings by check", columns, tuple(rows))


def colors_of(pictures: Sequence[Pictured]) -> tuple[tuple[Color, ...], int]:
    """The colors that stand in most pictures, exact values merged by eye (steps of 16 levels), and how many were left out."""
    images: Counter[int] = Counter()
    pixels: Counter[int] = Counter()
    best: dict[int, tuple[float, str]] = {}
    shown = [picture for picture in pictures if picture.shares is not None]
    for picture in shown:
        shares = np.asarray(picture.shares)
        steps = (picture.palette.astype(np.int64) >> 4) @ np.array([256, 16, 1])
        for step in np.unique(steps):
            share = float(shares[steps == step].sum())
            if share < 0.002:
                continue
            images[int(step)] += 1
            pixels[int(step)] += round(share * 1_000_000)
            at = int(np.argmax(np.where(steps == step, shares, -1)))
            if share > best.get(int(step), (0.0, ""))[0]:
                best[int(step)] = (share, hex_code(picture.palette[at]))
    if not shown:
        return (), 0
    ranked = sorted(images, key=lambda step: (-images[step], -pixels[step], step))
    found = [Color(best[step][1], images[step] / len(shown), pixels[step] / 1_000_000 / len(shown)) for step in ranked[:MOST_COLORS]]
    return tuple(found), max(0, len(ranked) - MOST_COLORS)


def pictures_table(pictures: Sequence[Pictured]) -> Table | None:
    """What kind of pictures there are: their grid and their backgrounds."""
    if not pictures:
        return None
    rows = [(_SCALES[scale], count) for scale, count in Counter(picture.scale for picture in pictures).most_common()]
    sizes = Counter(picture.cells for picture in pictures if picture.cells and picture.scale is not Scale.NONE)
    rows += [(f"{height} x {width} cells", count) for (height, width), count in sizes.most_common(6)]
    kinds = Counter(picture.kind.value if picture.kind else "unknown" for picture in pictures)
    rows += [(f"{kind} background", count) for kind, count in kinds.most_common()]
    cells = [Row((what, f"{count:,}"), share=count / len(pictures)) for what, count in rows]
    return Table("The pictures", (*text_columns("what"), Column("pictures")), tuple(cells))


def dataset_sentences(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Findings on the dataset as a whole."""
    return tuple(visible(finding.message) for finding in findings if not finding.file)


@dataclass(frozen=True, slots=True)
class MetricBand:
    """Where 90 % of a dataset's pictures lie for one metric, and its title and unit."""

    title: str
    unit: str
    low: float
    median: float
    high: float
    n: int


def bands_table(bands: Sequence[MetricBand]) -> Table | None:
    """The bands, one line for each metric."""
    columns = (*text_columns("metric", "unit"), Column("5 %"), Column("median"), Column("95 %"), Column("n", "pictures"))
    rows = tuple(
        Row((band.title, unit_shown(band.unit), *(number(value, band.unit) for value in (band.low, band.median, band.high)), f"{band.n:,}"))
        for band in bands
    )
    return Table("Metrics of these pictures", columns, rows) if rows else None
