"""A vote: what one person said of one picture, or of two, without knowing which run and epoch they were. It is added, never changed.

A vote that was taken back stays, followed by another whose answer is "undo". Ratings of which nobody says that they were given blind
are records of another type ("rating"), so that they are never taken for votes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lorascope.records.plain import number
from lorascope.records.run import JsonValue

VOTE, RATING = "vote", "rating"  # types of records: given blind, and not (or nobody says so)
PAIR_ANSWERS = ("a", "b", "tie", "skip")
LOWEST, HIGHEST = 0.0, 10.0


@dataclass(frozen=True, slots=True)
class Shown:
    """The picture that was shown: checkpoint × prompt × seed and draw."""

    run: str
    epoch: int
    prompt: str
    seed: int | None = None
    draw: int = 0

    @property
    def checkpoint(self) -> tuple[str, int]:
        """Run and epoch."""
        return self.run, self.epoch


@dataclass(frozen=True, slots=True)
class Vote:
    """One answer. ``shown`` is one picture (``answer`` 0 to 10, or "skip") or two, in the order shown ("a": the first is better, "b",
    "tie", "skip"). ``position`` counts within the ``session``, from 1; ``latency_s`` is the time to answer, ``at`` seconds since the epoch.
    ``repeat_of`` names the vote whose pictures are shown again, ``undoes`` the one that is taken back.
    """

    id: str
    rater: str
    metric: str
    shown: tuple[Shown, ...]
    answer: str | float
    session: str = ""
    position: int = 0
    at: float | None = None
    latency_s: float | None = None
    repeat_of: str | None = None
    undoes: str | None = None
    blind: bool = True

    @property
    def is_pair(self) -> bool:
        """Whether two pictures were compared."""
        return len(self.shown) == 2

    def as_record(self) -> dict[str, JsonValue]:
        """The record that is kept."""
        runs = sorted({shown.run for shown in self.shown})
        record: dict[str, JsonValue] = {"type": VOTE if self.blind else RATING, "id": self.id, "rater": self.rater, "metric": self.metric}
        if len(runs) == 1:
            record["run"] = runs[0]
        record["shown"] = [
            {"run": one.run, "epoch": one.epoch, "prompt": one.prompt, "seed": one.seed, "draw": one.draw} for one in self.shown
        ]
        record |= {"answer": self.answer, "blind": self.blind}
        beside = {
            "session": self.session or None, "position": self.position or None, "at": self.at, "latency_s": self.latency_s,
            "repeat_of": self.repeat_of, "undoes": self.undoes,
        }  # fmt: skip
        return record | {name: value for name, value in beside.items() if value is not None}


def vote_of(record: Mapping[str, JsonValue]) -> Vote | None:
    """The vote in a kept record; None where somebody wrote something else under that type."""
    shown, answer = _all_shown(record.get("shown")), record.get("answer")
    name, rater, metric = record.get("id"), record.get("rater"), record.get("metric")
    if not shown or not isinstance(name, str) or not isinstance(rater, str) or not isinstance(metric, str):
        return None
    undoes = record.get("undoes")
    if not _is_answer(answer, len(shown)) and not (answer == "undo" and isinstance(undoes, str)):
        return None
    position, repeat_of, session = record.get("position"), record.get("repeat_of"), record.get("session")
    return Vote(
        id=name,
        rater=rater,
        metric=metric,
        shown=shown,
        answer=answer if isinstance(answer, str) else float(answer) if isinstance(answer, int | float) else "",
        session=session if isinstance(session, str) else "",
        position=position if isinstance(position, int) else 0,
        at=number(record.get("at")),
        latency_s=number(record.get("latency_s")),
        repeat_of=repeat_of if isinstance(repeat_of, str) else None,
        undoes=undoes if isinstance(undoes, str) else None,
        blind=record.get("type") == VOTE and record.get("blind") is not False,
    )


def standing(votes: Iterable[Vote]) -> tuple[Vote, ...]:
    """The votes that were not taken back, each once, in order; one whose pictures were shown again and skipped stays."""
    every = tuple({vote.id: vote for vote in votes}.values())
    undone = {vote.undoes for vote in every if vote.undoes is not None}
    return tuple(vote for vote in every if vote.undoes is None and vote.id not in undone)


def _is_answer(answer: JsonValue, pictures: int) -> bool:
    if pictures == 2:
        return answer in PAIR_ANSWERS
    points = number(answer)
    return answer == "skip" if points is None else LOWEST <= points <= HIGHEST


def _all_shown(value: JsonValue) -> tuple[Shown, ...]:
    if not isinstance(value, list) or len(value) not in {1, 2}:
        return ()
    found = [_shown(item) for item in value if isinstance(item, dict)]
    return tuple(one for one in found if one is not None) if len(found) == len(value) and None not in found else ()


def _shown(item: Mapping[str, JsonValue]) -> Shown | None:
    run, epoch, prompt, seed, draw = (item.get(key) for key in ("run", "epoch", "prompt", "seed", "draw"))
    if not isinstance(run, str) or not isinstance(prompt, str) or not _is_whole(epoch):
        return None
    assert isinstance(epoch, int)
    return Shown(
        run, epoch, prompt, seed if _is_whole(seed) and isinstance(seed, int) else None,
        draw if _is_whole(draw) and isinstance(draw, int) else 0,
    )  # fmt: skip


def _is_whole(value: JsonValue) -> bool:
    """Whether it is an integer that every store can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
