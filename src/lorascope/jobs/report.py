"""Write a report of one or two runs: Markdown, one self-contained HTML file, and the picture grid as PNG."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lorascope.errors import BadFile, MissingFile, NotFound
from lorascope.jobs.draw_grid import draw_grids
from lorascope.jobs.draw_report import Pixels, draw_html, draw_project_html
from lorascope.jobs.evaluate import png_bytes
from lorascope.jobs.gather_evidence import gather
from lorascope.jobs.gather_inquiry import gather_project
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.read_pixels import load_pixels
from lorascope.records.run import JsonValue
from lorascope.reports.grid import Grid, Picture
from lorascope.reports.markdown import markdown, project_markdown
from lorascope.reports.page import page
from lorascope.reports.page_view import Page
from lorascope.reports.project import ProjectPage, project_page
from lorascope.reports.reference_block import seal
from lorascope.store import Store

PICTURES_FOLDER = "pictures"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What to report. ``runs`` are one or two names, the first is the reference; none: the whole project. ``metric`` None: see ``gather``.

    ``with_pictures``: write the pictures as PNG files and link them from the Markdown.
    """

    runs: tuple[str, ...]
    folder: Path
    metric: str | None = None
    with_pictures: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What was written. ``runs`` is empty for a report of all runs, ``metric`` None where nothing is measured; ``grid`` is None when no
    pictures are recorded; ``summary`` is the lead of the report.
    """

    runs: tuple[str, ...]
    metric: str | None
    markdown: Path
    html: Path
    grid: Path | None
    pictures: int
    missing_pictures: int
    summary: tuple[str, ...]


def write_report(store: Store, request: ReportRequest, progress: Progress | None = None) -> Report:
    """Write ``report.md``, ``report.html`` and ``grid.png``; files of an earlier report are replaced, each at once.

    The same records give the same files, to the byte.

    Raises:
        NotFound: no such run, or no values of the metric. BadParameter: the same run twice.
        MissingFile: the folder cannot be made.
    """
    progress = progress or Silent()
    if not request.runs:
        return _write_project(store, request, progress)
    progress.start("report", 3)
    evidence = gather(store, request.runs, request.metric)
    shown = page(evidence)
    wanted = sorted({picture.digest for picture in pictures_of(shown)})
    images = _read(store, wanted)
    progress.advance(1, "numbers")
    _make(request.folder)
    paths = _write_pictures(request.folder, images) if request.with_pictures else {}
    _replace(request.folder / "report.md", _sealed(markdown(shown, paths), request, shown, evidence.metric))
    _replace(request.folder / "report.html", _sealed(draw_html(shown, images), request, shown, evidence.metric))
    progress.advance(1, "pages")
    grid = request.folder / "grid.png" if images else None
    if grid:
        _replace(grid, draw_grids([run.grid for run in shown.runs], images))
    progress.advance(1, "grid")
    progress.finish(str(request.folder / "report.html"))
    return Report(
        runs=tuple(run.run.name for run in evidence.runs),
        metric=evidence.metric,
        markdown=request.folder / "report.md",
        html=request.folder / "report.html",
        grid=grid,
        pictures=len(images),
        missing_pictures=len(wanted) - len(images),
        summary=tuple(said.sentence for said in shown.lead),
    )


def _write_project(store: Store, request: ReportRequest, progress: Progress) -> Report:
    progress.start("report", 1)
    evidence = gather_project(store, request.metric)
    shown = project_page(evidence)
    _make(request.folder)
    _replace(request.folder / "report.md", _sealed(project_markdown(shown), request, shown, evidence.metric))
    _replace(request.folder / "report.html", _sealed(draw_project_html(shown), request, shown, evidence.metric))
    progress.advance(1, "pages")
    progress.finish(str(request.folder / "report.html"))
    return Report((), evidence.metric, request.folder / "report.md", request.folder / "report.html", None, 0, 0, shown.lead)


def written_anew(store: Store, request: ReportRequest, *, as_html: bool) -> str:
    """The text of a report as it would be written now, without drawing its charts and pictures. Raises as ``write_report``."""
    if not request.runs:
        project = gather_project(store, request.metric)
        told = project_page(project)
        return _sealed(draw_project_html(told) if as_html else project_markdown(told), request, told, project.metric).decode()
    evidence = gather(store, request.runs, request.metric)
    shown = page(evidence)
    paths = {picture.digest: picture.digest for picture in pictures_of(shown)} if request.with_pictures else {}
    text = draw_html(shown, {}, with_charts=False) if as_html else markdown(shown, paths)
    return _sealed(text, request, shown, evidence.metric).decode()


def _sealed(text: str, request: ReportRequest, shown: Page | ProjectPage, metric: str | None) -> bytes:
    """The text with its references, and with the question that it answers, so that it can be asked again."""
    asked: dict[str, JsonValue] = {"runs": list(request.runs), "metric": metric, "pictures": request.with_pictures}
    return seal(text, asked, shown.numbering.references).encode()


def pictures_of(shown: Page) -> Iterator[Picture]:
    """Every picture that a page draws."""
    grids: Sequence[Grid | None] = (shown.overview, *(run.grid for run in shown.runs))
    for grid in grids:
        for row in grid.rows if grid else ():
            for cell in row.cells:
                yield from (*((cell.picture,) if cell.picture else ()), *cell.others)


def default_folder(runs: Sequence[str]) -> Path:
    """Where a report goes when nothing is said: a folder named after its runs, whatever they are called."""
    return Path("-".join(["report", *(_UNSAFE.sub("_", name)[:60].strip("._") or "run" for name in runs)]))


def answer(report: Report) -> dict[str, JsonValue]:
    """What was written as JSON: format 1."""
    return {
        "format": 1,
        "runs": list(report.runs),
        "metric": report.metric,
        "markdown": str(report.markdown),
        "html": str(report.html),
        "grid": str(report.grid) if report.grid else None,
        "pictures": report.pictures,
        "missing_pictures": report.missing_pictures,
        "summary": list(report.summary),
    }


def _read(store: Store, digests: Sequence[str]) -> dict[str, Pixels]:
    """The pixels of the pictures that are still there and whole; any other keeps its place on the page and is counted."""
    found = {}
    for digest in digests:
        try:
            found[digest] = load_pixels(store.blob_path(digest))
        except (NotFound, BadFile):
            continue
    return found


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MissingFile(
            f"the folder for the report cannot be made: {error.strerror}", where=str(folder), next_step="choose another: --out FOLDER"
        ) from error


def _write_pictures(folder: Path, images: Mapping[str, Pixels]) -> dict[str, str]:
    """The pictures as files beside the Markdown: digest → relative path."""
    _make(folder / PICTURES_FOLDER)
    paths = {}
    for digest, pixels in images.items():
        paths[digest] = f"{PICTURES_FOLDER}/{digest}.png"
        _replace(folder / paths[digest], png_bytes(pixels))
    return paths


def _replace(path: Path, data: bytes) -> None:
    """Write beside the target, then rename: the old file or the new one, never half of one."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except IsADirectoryError as error:
        raise MissingFile("a folder is in the place of this file", where=str(path), next_step="choose another: --out FOLDER") from error
    finally:
        partial.unlink(missing_ok=True)
