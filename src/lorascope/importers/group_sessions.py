"""Puts checkpoints into sessions, and sessions that resume each other into one lineage."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from lorascope.importers.evidence import Evidence
from lorascope.importers.kohya_state import STATE_FORMAT
from lorascope.importers.training import Lineage, Session
from lorascope.records.run import CountedIn

_Name = TypeVar("_Name", str, Path)


def lineages_of(evidence: Sequence[Evidence]) -> list[Lineage]:
    """The trainings that left checkpoints. ``evidence`` is sorted; configurations and states tell which sessions were resumed."""
    sessions = _sessions([each for each in evidence if each.checkpoint is not None or each.session is not None])
    resumable = _resumable(evidence)
    by_place: defaultdict[tuple[Path, str | None], list[Session]] = defaultdict(list)
    for session in sessions:
        by_place[session.folder, session.training].append(session)
    return [lineage for place, found in by_place.items() for lineage in _stitched(found, resumed=place in resumable)]


def _sessions(anchors: Iterable[Evidence]) -> list[Session]:
    found: dict[tuple[str | Path | None, ...], Session] = {}
    for each in anchors:
        key = (each.session,) if each.session else (each.folder, each.training)
        session = found.setdefault(key, Session(each.session, each.folder, each.training))
        session.evidence.append(each)
    for session in found.values():
        session.folder = _most([each.folder for each in session.evidence])
        names = [each.training for each in session.evidence if each.training]
        session.training = _most(names) if names else None
    return _without_copies(list(found.values()))


def _most(values: Sequence[_Name]) -> _Name:
    """The most frequent value; of equals the first in order."""
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value))


def _without_copies(sessions: list[Session]) -> list[Session]:
    """Files without a session join the one whose place and name, or whose very weights, they share."""
    named = [session for session in sessions if session.id]
    left = list(named)
    for stray in sessions:
        if stray.id:
            continue
        same_place = [each for each in named if (each.folder, each.training) == (stray.folder, stray.training)]
        hashes = _hashes(stray)
        same_weights = [each for each in named if None not in hashes and hashes <= _hashes(each)]
        homes = same_weights or same_place
        if len(homes) == 1:
            homes[0].evidence += stray.evidence
        else:
            left.append(stray)
    return left


def _hashes(session: Session) -> set[str | None]:
    return {each.checkpoint.tensor_hash if each.checkpoint else None for each in session.evidence}


def _resumable(evidence: Iterable[Evidence]) -> set[tuple[Path, str | None]]:
    """Places where a training was resumed, or could be: a state was saved, or a configuration asks to resume."""
    return {(each.folder, each.training) for each in evidence if each.format == STATE_FORMAT or each.parameters.get("resume")}


def _stitched(sessions: list[Session], *, resumed: bool) -> list[Lineage]:
    """Sessions of one folder and name: those that continue the one before them form one lineage with it."""
    ordered = sorted(sessions, key=lambda each: (each.started_at is None, each.started_at or 0.0, each.id or ""))
    lineages: list[Lineage] = []
    for session in ordered:
        before = lineages[-1].sessions[-1] if lineages else None
        if before is not None and _follows(before, session) and (resumed or _counts_on(before, session)):
            lineages[-1].sessions.append(session)
        else:
            lineages.append(Lineage([session]))
    return lineages


def _follows(before: Session, after: Session) -> bool:
    """Whether the later one began after the earlier one's last file, with the same network."""
    started, ended = after.started_at, before.ended_at
    same = all(_network(before, name) == _network(after, name) for name in ("network_dim", "network_alpha", "network_module"))
    return same and started is not None and ended is not None and started >= ended


def _network(session: Session, name: str) -> object:
    return next((each.parameters[name] for each in session.evidence if name in each.parameters), None)


def _counts_on(before: Session, after: Session) -> bool:
    """Whether the later session's numbers go on where the earlier one's end."""
    for counted_in in CountedIn:
        earlier, later = (_numbers(session, counted_in) for session in (before, after))
        if earlier and later:
            return min(later) > max(earlier)
    return False


def _numbers(session: Session, counted_in: CountedIn) -> list[int]:
    seen = [each.checkpoint for each in session.evidence if each.checkpoint is not None]
    return [each.number for each in seen if each.number is not None and each.counted_in is counted_in]
