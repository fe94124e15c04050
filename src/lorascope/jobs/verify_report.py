"""Check a report of ours against the store: every number that it refers to is computed anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lorascope.errors import BadFile, MissingFile
from lorascope.jobs.open_file import open_file
from lorascope.jobs.report import ReportRequest, written_anew
from lorascope.records.run import JsonValue
from lorascope.reports.cited_text import is_html
from lorascope.reports.reference_block import Block, Doubt, Verification, check, open_block
from lorascope.store import Store

MOST_BYTES = 64_000_000  # of a report; a page with its pictures has a few


@dataclass(frozen=True, slots=True)
class Verified:
    """The answer for one file. ``runs`` are those that it reports (empty: all of them)."""

    file: Path
    runs: tuple[str, ...]
    found: Verification

    @property
    def holds(self) -> bool:
        """Whether every number is what the store says, and none was added."""
        return not self.found.doubts


def verify_report(store: Store, file: Path) -> Verified:
    """Recompute what a report refers to. Pictures are not drawn again; that they are the ones written is checked.

    Raises:
        MissingFile: the file is not there or cannot be read. BadFile: it is too large, no text, or has no references of ours.
        NotFound: a run that it reports is not in this store.
    """
    text, block = open_block(_read(file), str(file))
    request = _request(block, file)
    _, fresh = open_block(written_anew(store, request, as_html=is_html(text)), "the report written anew")
    return Verified(file, request.runs, check(text, block, fresh))


def answer(verified: Verified) -> dict[str, JsonValue]:
    """The answer as JSON: format 1."""
    found = verified.found
    return {
        "format": 1,
        "file": str(verified.file),
        "runs": list(verified.runs),
        "holds": verified.holds,
        "numbers": found.numbers,
        "hold": found.hold,
        "edited": [_doubt(doubt) for doubt in found.doubts if doubt.kind == "edited"],
        "changed": [_doubt(doubt) for doubt in found.doubts if doubt.kind == "changed"],
        "unreferenced": [_doubt(doubt) for doubt in found.doubts if doubt.kind == "unreferenced"],
        "removed": list(found.removed),
        "reworded_lines": list(found.reworded),
    }


def _doubt(doubt: Doubt) -> dict[str, JsonValue]:
    return {
        "reference": doubt.reference or None,
        "line": doubt.line,
        "where": doubt.where,
        "written": list(doubt.written),
        "expected": list(doubt.expected),
        "text": doubt.text,
    }


def _read(file: Path) -> str:
    try:
        with open_file(file) as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise MissingFile(
            f"the report cannot be read: {error.strerror}", where=str(file), next_step="name a report.md or report.html"
        ) from error
    if len(data) > MOST_BYTES:
        raise BadFile(
            f"larger than {MOST_BYTES // 1_000_000} MB: no report of ours", where=str(file), next_step="name a report.md or report.html"
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise BadFile(
            f"it is not UTF-8 text (byte {error.start + 1})", where=str(file), next_step="name a report.md or report.html"
        ) from error


def _request(block: Block, file: Path) -> ReportRequest:
    asked: Mapping[str, JsonValue] = block.request
    runs, metric = asked.get("runs"), asked.get("metric")
    if not isinstance(runs, list) or len(runs) > 2 or not all(isinstance(run, str) for run in runs) or not isinstance(metric, str | None):
        raise BadFile("what it reports cannot be read: its references were edited", where=str(file), next_step="write the report again")
    return ReportRequest(tuple(map(str, runs)), Path(), metric, with_pictures=asked.get("pictures") is True)
