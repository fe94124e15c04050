"""Check somebody's report: read its files, bring what the store knows, and say of every claim what holds."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lorascope.claims.check import check_reports
from lorascope.claims.claim import Claim, Found, Verdict
from lorascope.claims.flags import FLAGS
from lorascope.claims.ledger import NamedRun
from lorascope.claims.markdown import Document, read_markdown
from lorascope.claims.report import Records, StoredSeries
from lorascope.errors import BadFile, MissingFile
from lorascope.jobs.read_history import read_history
from lorascope.records.history import PastRun
from lorascope.records.run import JsonValue, RunStatus
from lorascope.store import Store
from lorascope.store.cells import Cell

LARGEST_BYTES = 50_000_000
_NAMES_CAN_BE_MATCHED = 2_000  # runs; of a larger store only those that the documents name


@dataclass(frozen=True, slots=True)
class CheckedReport:
    """What was claimed in ``files`` and what holds of it, by file and line. ``records``: how many runs of a store it was held against."""

    files: tuple[str, ...]
    claims: tuple[Claim, ...]
    records: int | None
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many claims of each verdict, worst first."""
        counted = Counter(claim.verdict for claim in self.claims)
        return {verdict: counted[verdict] for verdict in Verdict}


def check_claims(files: Sequence[Path], store: Store | None) -> CheckedReport:
    """Check one or several reports of one project, together: against themselves, each other, and the store's records if there is one.

    Raises:
        MissingFile: a file is not there or cannot be read. BadFile: it is no text in UTF-8, or larger than 50 MB.
    """
    names = _distinct(files)
    documents = [read_markdown(_read(path), name) for path, name in zip(files, names, strict=True)]
    records = _records(store, documents) if store else None
    claims = check_reports(documents, records)
    return CheckedReport(tuple(names), claims, len(records.runs) if records else None, tuple(_notes(documents, claims, records)))


def answer(checked: CheckedReport) -> dict[str, JsonValue]:
    """The claims as JSON: format 1. ``file`` is the first file; each claim names its own."""
    return {
        "format": 1,
        "file": checked.files[0],
        "files": list(checked.files),
        "claims": [_claim(claim) for claim in checked.claims],
        "counts": {str(verdict): count for verdict, count in checked.counts.items()},
        "flags": _flag_counts(checked.claims),
        "runs_in_store": checked.records,
        "notes": list(checked.notes),
    }


def _claim(claim: Claim) -> dict[str, JsonValue]:
    return {
        "file": claim.place.document,
        "line": claim.place.line,
        "text": claim.place.text,
        "verdict": str(claim.verdict),
        "flags": list(claim.flags),
        "recomputed": claim.recomputed or None,
        "shrunk": None if claim.shrunk is None else float(f"{claim.shrunk:.6g}"),
        "found": [_found(one) for one in claim.found],
    }


def _found(one: Found) -> dict[str, JsonValue]:
    return {"verdict": str(one.verdict), "flag": one.flag or None, "recomputed": one.recomputed, "source": one.source}


def _flag_counts(claims: Iterable[Claim]) -> dict[str, JsonValue]:
    counted = Counter(flag for claim in claims for flag in claim.flags)
    titles = {flag.id: flag.title for flag in FLAGS}
    return {flag: {"count": count, "title": titles[flag]} for flag, count in sorted(counted.items())}


def _distinct(files: Sequence[Path]) -> list[str]:
    """The files' names; their whole paths where two have one name."""
    names = [path.name for path in files]
    if len(set(files)) != len(files):
        raise BadFile("the same file is named twice", where=str(files[0]), next_step="name each report once")
    return names if len(set(names)) == len(names) else [str(path) for path in files]


def _read(path: Path) -> str:
    try:
        if path.is_dir():
            raise BadFile("this is a folder", where=str(path), next_step="name the report in it, a Markdown or text file")
        if path.exists() and not path.is_file():
            raise BadFile("this is a pipe or a device", where=str(path), next_step="write it to a file first")
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise MissingFile(f"the report cannot be read: {error.strerror}", where=str(path), next_step="name a Markdown file") from error
    if len(data) > LARGEST_BYTES:
        raise BadFile(f"larger than {LARGEST_BYTES // 1_000_000} MB: no report", where=str(path), next_step="name the report itself")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadFile("this is UTF-16 text", where=str(path), next_step="save it as UTF-8")
    if b"\x00" in data:
        raise BadFile(f"this is no text (byte {data.index(0) + 1} is 0)", where=str(path), next_step="name a Markdown or text file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"this is not UTF-8 text (byte {error.start + 1})", where=str(path), next_step="save it as UTF-8") from error


def _records(store: Store, documents: Sequence[Document]) -> Records:
    with store.snapshot():
        history = read_history(store)
        hypotheses = tuple(store.hypotheses())
        named = _named(history.runs, documents)
        cells = [cell for cell in store.cells() if cell.run in named]
    return Records(
        runs=tuple(_run(past) for past in history.runs),
        series=tuple(_series(cells)),
        hypotheses=hypotheses,
        same_weights=tuple(pair for past in history.runs if past.name in named for pair in _same_weights(past)),
        crashed=tuple(past.name for past in history.runs if past.run.status in {RunStatus.FAILED, RunStatus.INTERRUPTED}),
    )


def _named(runs: Sequence[PastRun], documents: Sequence[Document]) -> set[str]:
    """The runs whose numbers the documents may quote: all of a small store, else those they name."""
    if len(runs) <= _NAMES_CAN_BE_MATCHED:
        return {past.name for past in runs}
    text = " ".join(one.text.lower() for document in documents for one in document.statements[:20_000])
    return {past.name for past in runs if past.name.lower() in text}


def _run(past: PastRun) -> NamedRun:
    settings = {
        name: float(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value).lower()
        for name, value in past.settings.items()
        if value is not None
    }
    scores = [outcome.value for metric, outcome in sorted(past.outcomes.items()) if "score" in metric]
    finished = past.run.status in {RunStatus.FINISHED, RunStatus.IMPORTED}
    return NamedRun(past.name, "store", 0, settings, scores[0] if scores else None, finished, stored=True)


def _series(cells: Iterable[Cell]) -> Iterator[StoredSeries]:
    """The curves of every metric: over all prompts, and of each prompt."""
    found: dict[tuple[str, str], dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for cell in cells:
        if math.isfinite(cell.mean):
            found[cell.run, cell.metric][cell.prompt][cell.epoch] = cell.mean
    for (run, metric), by_prompt in sorted(found.items()):
        epochs = sorted({epoch for values in by_prompt.values() for epoch in values})
        means = {epoch: _mean(by_prompt, epoch) for epoch in epochs}
        yield StoredSeries(run, metric, None, means, len(by_prompt), {prompt: dict(values) for prompt, values in sorted(by_prompt.items())})
        if len(by_prompt) > 1:
            for prompt, values in sorted(by_prompt.items()):
                yield StoredSeries(run, metric, prompt, dict(values))


def _mean(by_prompt: Mapping[str, Mapping[int, float]], epoch: int) -> float:
    values = [of_prompt[epoch] for of_prompt in by_prompt.values() if epoch in of_prompt]
    return sum(values) / len(values)


def _same_weights(past: PastRun) -> Iterator[tuple[str, str, str]]:
    """Pairs of checkpoints with equal tensors; the last is also called "final"."""
    by_hash: dict[str, list[int]] = defaultdict(list)
    for epoch, digest in sorted(past.tensor_hashes.items()):
        by_hash[digest].append(epoch)
    last = max(past.tensor_hashes, default=0)
    for epochs in by_hash.values():
        for at, first in enumerate(epochs):
            for second in epochs[at + 1 :]:
                yield past.name, str(first), str(second)
                if second == last:
                    yield past.name, str(first), "final"


def _notes(documents: Sequence[Document], claims: Sequence[Claim], records: Records | None) -> Iterator[str]:
    for document in documents:
        if not document.statements and not document.tables:
            yield f"{document.name} is empty: there is nothing to check."
        elif not any(sign.isdigit() for one in document.statements for sign in one.text):
            yield f"{document.name} has no numbers: only its words were looked at. Give the values, by checkpoint and prompt."
        elif not any(claim.place.document == document.name for claim in claims):
            yield (
                f"{document.name} has numbers, but none that can be recomputed: no two of them belong together. A table by epoch or "
                "run would."
            )
    if records is None:
        yield "There is no lab here: the report was checked against itself only. lorascope init, then import the runs."
    elif not records.runs:
        yield "The store has no runs: the report was checked against itself only. lorascope import brings them in."
