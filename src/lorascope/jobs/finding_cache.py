"""Remember the findings of an audit: asking the same of the same files again costs only the reading of the captions.

What is asked, of what, and by which code, all go into the name of the remembered file; so a changed caption, picture, option or
rule asks anew. A damaged file costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from functools import cache
from operator import index
from pathlib import Path

import lorascope
from lorascope.captions.check import Check, Reader
from lorascope.jobs.open_file import open_file
from lorascope.jobs.read_dataset import Reading
from lorascope.jobs.sight_cache import WRITING, forget_unfinished, seeing_version
from lorascope.records.finding import Edit, Finding, FixKind, Severity
from lorascope.records.run import JsonValue

MOST_AUDITS = 40
LARGEST_BYTES = 64_000_000
_MOST_LISTS = 2_000_000
_JUDGING = ("captions", "captions/checks", "records", "assets/colors", "jobs/read_dataset.py", "jobs/audit.py", "jobs/finding_cache.py")


def place_of(
    caches: Path, reading: Reading, reader: Reader, said: Sequence[str], checks: Sequence[Check], *, looks_at_pixels: bool
) -> Path:
    """Where the findings of this audit are remembered. ``said`` is what the user says of the trigger."""
    digest = hashlib.blake2b(digest_size=16)
    asked = [judging_version(), seeing_version(), reading.dataset.digest, repr(reader), repr(said), repr(looks_at_pixels)]
    asked += [check.name for check in checks]
    seen = [repr(sorted(part.items())) for part in (reading.encodings, reading.problems, reading.orphan_texts)]
    for part in (*asked, *seen, repr(sorted(reading.files))):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return caches / "findings" / f"{digest.hexdigest()}.json"


def recall(place: Path) -> tuple[Finding, ...] | None:
    """The findings remembered there, or None."""
    try:
        with open_file(place) as file:
            said = file.read(LARGEST_BYTES + 1)
        if len(said) > LARGEST_BYTES or said.count(b"[") + said.count(b"{") > _MOST_LISTS:  # many empty ones would fill the memory
            return None
        return tuple(_finding(*row) for row in json.loads(said))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):  # not there, or not what we wrote
        return None


def remember(place: Path, findings: Sequence[Finding]) -> None:
    """Keep findings; without room or right to write, nothing is kept."""
    rows = [
        [
            one.check, one.file, one.severity.value, one.message, one.spans, one.fix.value,
            [[edit.start, edit.end, edit.text] for edit in one.edits], dict(one.evidence),
        ]
        for one in findings
    ]  # fmt: skip
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=WRITING)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as out:
                json.dump(rows, out)
            Path(temporary).replace(place)
        finally:
            Path(temporary).unlink(missing_ok=True)
        forget_unfinished(place.parent)
        files = sorted(place.parent.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in files[MOST_AUDITS:]:
            file.unlink(missing_ok=True)


@cache
def judging_version() -> str:
    """Names the code and tables that judge captions: a digest of their files."""
    digest = hashlib.blake2b(digest_size=16)
    package = Path(lorascope.__file__).parent
    for part in _JUDGING:
        folder = package / part
        for file in sorted(folder.iterdir()) if folder.is_dir() else [folder]:
            if file.is_file():
                digest.update(file.read_bytes())
    return digest.hexdigest()


def _finding(
    check: str,
    file: str,
    severity: str,
    message: str,
    spans: list[list[int]],
    fix: str,
    edits: list[list[object]],
    evidence: dict[str, JsonValue],
) -> Finding:
    if not all(isinstance(text, str) for text in (check, file, message)) or not isinstance(evidence, dict):
        raise TypeError
    return Finding(
        check,
        file,
        Severity(severity),
        message,
        tuple((index(start), index(end)) for start, end in spans),
        FixKind(fix),
        tuple(Edit(int(str(start)), int(str(end)), str(text)) for start, end, text in edits),
        evidence,
    )
