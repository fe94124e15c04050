"""Take ratings in from a CSV file: of single pictures (0 to 10) or between two. Only rows that say so count as given blind."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lorascope.errors import BadFile, MissingFile
from lorascope.jobs.open_file import open_file
from lorascope.jobs.rating_scores import keep_scores, refuse_other_kind
from lorascope.records.vote import HIGHEST, LOWEST, PAIR_ANSWERS, Shown, Vote
from lorascope.store import Store

MOST_BYTES = 32_000_000
MOST_ROWS = 500_000
_PAIR = ("run_a", "epoch_a", "run_b", "epoch_b", "answer")
_SINGLE = ("run", "epoch", "rating")
_YES = frozenset({"yes", "true", "1", "y"})


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What was read. ``new`` votes were not there before; ``unblinded`` are not known to be blind; ``scores`` are new or changed."""

    metric: str
    votes: int
    new: int
    unblinded: int
    scores: int
    unknown_runs: tuple[str, ...]


def take_in(store: Store, file: Path, metric: str, rater: str) -> TakenIn:
    """Read a table with the columns run, epoch, prompt, rating (or run_a, epoch_a, run_b, epoch_b, prompt, answer: a, b, tie); also seed,
    draw (seed_a …), rater, blind (yes or no), position, session. The same file twice changes nothing.

    Raises:
        MissingFile: it is not there or cannot be read. BadFile: a column is missing, or a row cannot be read. BadParameter: ``metric`` is
            the name of the other kind of votes.
    """
    votes = _votes(_read(file), file, metric, rater)
    refuse_other_kind(store, metric, pairs=votes[0].is_pair)
    new = store.keep_foreign([(vote.as_record(), 0) for vote in votes])
    known = {run.name for run in store.runs()}
    unknown = sorted({shown.run for vote in votes for shown in vote.shown} - known)
    return TakenIn(metric, len(votes), new, sum(not vote.blind for vote in votes), keep_scores(store, metric), tuple(unknown))


def _read(file: Path) -> str:
    try:
        with open_file(file) as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise MissingFile(f"the ratings cannot be read: {error.strerror}", where=str(file), next_step="name a CSV file") from error
    if len(data) > MOST_BYTES:
        raise BadFile(f"larger than {MOST_BYTES // 1_000_000} MB", where=str(file), next_step="split the file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"the ratings are not UTF-8 text (byte {error.start + 1})", where=str(file), next_step="save it as UTF-8") from error


def _votes(text: str, file: Path, metric: str, rater: str) -> list[Vote]:
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        heads = [str(head).strip() for head in rows.fieldnames or ()]
        pairs = all(name in heads for name in _PAIR)
        if not pairs and not all(name in heads for name in _SINGLE):
            needed = f"{', '.join(_SINGLE)} (and prompt), or {', '.join(_PAIR)}"
            raise BadFile(f"its columns are {', '.join(heads) or 'none'}", where=str(file), next_step=f"needed are {needed}")
        votes: list[Vote] = []
        for row in rows:
            if len(votes) >= MOST_ROWS:
                raise BadFile(f"more than {MOST_ROWS:,} rows", where=str(file), next_step="split the file")
            plain = {str(name).strip(): str(value or "").strip() for name, value in row.items() if isinstance(value, str | None)}
            votes.append(_vote(plain, f"{file}, line {rows.line_num}", metric, rater, len(votes), pairs=pairs))
    except csv.Error as error:
        raise BadFile(
            f"it cannot be read as CSV: {error}", where=str(file), next_step="save it as CSV with a line of column names"
        ) from error
    if not votes:
        raise BadFile("it has no rows", where=str(file), next_step="one row per rating, below the column names")
    return votes


def _vote(row: Mapping[str, str], where: str, metric: str, rater: str, place: int, *, pairs: bool) -> Vote:
    shown = (_shown(row, "_a", where), _shown(row, "_b", where)) if pairs else (_shown(row, "", where),)
    answer: str | float = row["answer"].lower() if pairs else _number(row, "rating", where)
    if pairs and answer not in PAIR_ANSWERS:
        raise BadFile(f"answer {answer!r} is not one of {', '.join(PAIR_ANSWERS)}", where=where, next_step="mend the row")
    if isinstance(answer, float) and not LOWEST <= answer <= HIGHEST:
        raise BadFile(f"rating {row['rating']} is not between 0 and 10", where=where, next_step="mend the row, or rescale the column")
    position = row.get("position", "")
    who = row.get("rater") or rater
    digest = hashlib.blake2b(repr((place, who, sorted(row.items()))).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return Vote(
        id=f"csv:{digest}",
        rater=who,
        metric=metric,
        shown=shown,
        answer=answer,
        session=row.get("session", ""),
        position=int(position) if position.isdecimal() and len(position) < 10 else 0,
        blind=row.get("blind", "").lower() in _YES,
    )


def _shown(row: Mapping[str, str], which: str, where: str) -> Shown:
    run = row[f"run{which}"]
    if not run:
        raise BadFile("it names no run", where=where, next_step="mend the row")
    epoch, seed, draw = (row.get(f"{name}{which}") or row.get(name, "") for name in ("epoch", "seed", "draw"))
    return Shown(run, _whole(epoch, "epoch", where), row.get("prompt", ""), _whole(seed, "seed", where) if seed else None,
                 _whole(draw, "draw", where) if draw else 0)  # fmt: skip


def _whole(text: str, name: str, where: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise BadFile(f"{name} {text!r} is no whole number", where=where, next_step="mend the row")
    return int(text)


def _number(row: Mapping[str, str], name: str, where: str) -> float:
    try:
        return float(row[name])
    except ValueError as error:
        raise BadFile(f"{name} {row[name]!r} is no number", where=where, next_step="mend the row") from error


def as_json(taken: TakenIn) -> dict[str, str | int | list[str]]:
    """What was taken in as JSON: format 1."""
    return {
        "format": 1, "metric": taken.metric, "votes": taken.votes, "new": taken.new, "unblinded": taken.unblinded, "scores": taken.scores,
        "unknown_runs": list(taken.unknown_runs),
    }  # fmt: skip
