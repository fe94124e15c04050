"""Notices that a folder was moved: files that runs remember are gone, and the same ones are among those being imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lorascope.importers.evidence import Evidence
from lorascope.records.run import JsonValue, Run

_Facts = tuple[JsonValue, ...]


def after_moves(runs: Sequence[Run], evidence: Sequence[Evidence]) -> list[Run]:
    """The runs, with the places of their files as they are now where a folder was moved as a whole.

    A file is taken for a moved one when the place that is remembered is empty, and a file of the same name, session, weights or first
    moment is among the evidence. What lay around it in the same way as around the other was moved with it.
    """
    sources = {str(each.source) for each in evidence}
    moves = sorted(_moves(runs, evidence, sources), key=lambda move: (-len(move[0].parts), move))
    return [_moved(run, moves, sources) for run in runs] if moves else [*runs]


def _moves(runs: Iterable[Run], evidence: Iterable[Evidence], sources: set[str]) -> set[tuple[Path, Path]]:
    """From which folder to which."""
    here = {facts: each.source for each in evidence if (facts := _facts_seen(each)) is not None}
    names = {path.name for path in here.values()}
    found = set()
    for source in (source for run in runs for source in remembered(run)):
        old = Path(str(source.get("file")))
        new = here.get(_facts_remembered(source, old)) if old.name in names and str(old) not in sources else None
        if new is not None and not old.exists():
            found.add(_roots(old, new))
    return found


def _facts_seen(each: Evidence) -> _Facts | None:
    """What makes a file the same one in another place; None where nothing does."""
    if each.checkpoint is not None:
        own: _Facts = (each.session, each.checkpoint.tensor_hash, each.checkpoint.file_bytes)
    else:
        own = (each.session, None, each.started_at if each.series else None)
    return None if own[:2] == (None, None) and (each.checkpoint is not None or own[2] is None) else (each.source.name, *own)


def _facts_remembered(source: Mapping[str, JsonValue], old: Path) -> _Facts:
    checkpoint = source.get("checkpoint")
    if isinstance(checkpoint, dict):
        return old.name, source.get("session"), checkpoint.get("tensor_hash"), checkpoint.get("bytes")
    return old.name, source.get("session"), None, source.get("started_at")


def _roots(old: Path, new: Path) -> tuple[Path, Path]:
    """The two folders below which the paths are the same."""
    while old.name == new.name and old.name:
        old, new = old.parent, new.parent
    return old, new


def _moved(run: Run, moves: Sequence[tuple[Path, Path]], sources: set[str]) -> Run:
    """One run with those of its files that are at their new places."""
    told = []
    folder = str(run.extra.get("folder"))
    for source in remembered(run):
        file = str(source.get("file"))
        new = next((to for to in (_there(file, move) for move in moves) if to in sources), None)
        if new is None or file in sources or Path(file).exists():
            told.append(source)
            continue
        move = next(move for move in moves if _there(file, move) == new)
        told.append({**source, "file": new, "folder": _there(str(source.get("folder")), move) or source.get("folder")})
        folder = (_there(str(run.extra.get("folder")), move) or folder) if folder == run.extra.get("folder") else folder
    if told == [*remembered(run)]:
        return run
    return replace(run, extra={**run.extra, "folder": folder, "sources": [dict(source) for source in told]})


def _there(path: str, move: tuple[Path, Path]) -> str | None:
    """The path after a move; None where it lies elsewhere."""
    old, new = move
    return str(new / Path(path).relative_to(old)) if Path(path).is_relative_to(old) else None


def remembered(run: Run) -> Iterable[Mapping[str, JsonValue]]:
    """What a run remembers of each of its files."""
    sources = run.extra.get("sources")
    return [source for source in sources if isinstance(source, dict)] if isinstance(sources, list) else []
