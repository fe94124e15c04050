"""From votes to scores and results: what raters said, as numbers that pick, compare and impact use like any other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean

from lorascope.analysis.ratings.bradley_terry import FIRST, SECOND, TIE, Comparison, Strengths, bradley_terry
from lorascope.analysis.ratings.scores import AdjustedRatings, Estimate, RaterFacts, Rating, adjust
from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.evaluation.choice_words import rounded
from lorascope.evaluation.metrics import metric_named
from lorascope.evaluation.summary import summarize
from lorascope.records.measurement import Measurement
from lorascope.records.run import JsonValue
from lorascope.records.sample import Score
from lorascope.records.vote import RATING, VOTE, Shown, Vote, standing, vote_of
from lorascope.store import Store

WON = "share of comparisons won"
UNBLINDED = "_unblinded"  # behind a metric's name: ratings of which nobody says that they were given blind are never pooled with votes
_OUTCOMES = {"a": FIRST, "b": SECOND, "tie": TIE}


@dataclass(frozen=True, slots=True)
class RatingResults:
    """What is known of a metric of ratings. ``strengths`` is of pairs, ``adjusted`` of 0 to 10; ``consistent`` of ``repeated`` pairs were
    answered alike. ``skipped`` questions count nowhere else.
    """

    metric: str
    blind: bool
    runs: tuple[str, ...]
    votes: int
    skipped: int
    raters: tuple[str, ...]
    measurements: tuple[Measurement, ...]
    adjusted: AdjustedRatings | None
    strengths: Strengths | None
    repeated: int
    consistent: int
    notes: tuple[str, ...]


def read_votes(store: Store, metric: str | None = None, *, blind: bool = True) -> list[Vote]:
    """All votes (with ``blind`` False: the ratings not known to be blind) of a metric, those taken back included."""
    found = [vote_of(record) for record in store.foreign_records(VOTE if blind else RATING)]
    return [vote for vote in found if vote is not None and vote.blind == blind and metric in {None, vote.metric}]


def rated_metrics(store: Store, runs: Sequence[str]) -> list[str]:
    """The metrics that these runs (all, when none is named) have votes of, by name; those not known to be blind with their ending."""
    votes = [vote for blind in (True, False) for vote in read_votes(store, blind=blind) if _is_of(vote, runs)]
    return sorted({vote.metric if vote.blind else f"{vote.metric}{UNBLINDED}" for vote in votes})


def refuse_other_kind(store: Store, metric: str, *, pairs: bool) -> None:
    """Raise BadParameter where a metric's votes are of the other kind: a share of wins and points of 10 are not one number."""
    refuse_measured(store, metric)
    kinds = {vote.is_pair for blind in (True, False) for vote in read_votes(store, metric, blind=blind)}
    if kinds and kinds != {pairs}:
        there = "votes between two pictures" if not pairs else "ratings from 0 to 10"
        raise BadParameter(f"{metric} is the name of {there} already", next_step="name this one otherwise: --metric NAME")


def refuse_measured(store: Store, metric: str) -> None:
    """Raise BadParameter where a metric is measured: what people say would take the place of what was measured."""
    measured = metric_named(metric) is not None
    for run in store.runs() if not measured else ():
        measured = measured or any(
            "ratings" not in score.extra for name in (metric, f"{metric}{UNBLINDED}") for score in store.scores(run.name, name)
        )
    if measured:
        raise BadParameter(f"{metric} is measured: votes cannot have its name", next_step="name them otherwise: --metric NAME")


def keep_scores(store: Store, metric: str) -> int:
    """Write the votes of a metric as scores, one per picture: the mean of its ratings, or the share of its comparisons won, a tie half.

    Returns how many are new or changed. Ratings not known to be blind go to a metric of their own.
    """
    changed = 0
    for blind in (True, False):
        votes = [vote for vote in standing(read_votes(store, metric, blind=blind)) if vote.answer != "skip"]
        name = metric if blind else f"{metric}{UNBLINDED}"
        known = {run.name for run in store.runs()} if votes else set()
        if votes:
            refuse_measured(store, metric)
        scores = [score for score in (*_of_ratings(votes, name, blind=blind), *_of_pairs(votes, name, blind=blind)) if score.run in known]
        changed += store.add_scores(scores) if scores else 0
    return changed


def _of_ratings(votes: Sequence[Vote], metric: str, *, blind: bool) -> Iterable[Score]:
    ratings = [vote for vote in votes if not vote.is_pair]
    if not ratings:
        return []
    adjusted = adjust([_rating(vote) for vote in ratings])
    by_picture: dict[Shown, list[tuple[float, str]]] = {}
    for vote, value in zip(ratings, adjusted.values, strict=True):
        by_picture.setdefault(vote.shown[0], []).append((value, vote.rater))
    return [_score(shown, metric, fmean(value for value, _ in given), [rater for _, rater in given], "points of 10", blind=blind)
            for shown, given in by_picture.items()]  # fmt: skip


def _of_pairs(votes: Sequence[Vote], metric: str, *, blind: bool) -> Iterable[Score]:
    by_picture: dict[Shown, list[tuple[float, str]]] = {}
    for vote in votes:
        if vote.is_pair:
            first = {"a": 1.0, "b": 0.0, "tie": 0.5}[str(vote.answer)]
            by_picture.setdefault(vote.shown[0], []).append((first, vote.rater))
            by_picture.setdefault(vote.shown[1], []).append((1.0 - first, vote.rater))
    return [_score(shown, metric, fmean(value for value, _ in given), [rater for _, rater in given], WON, blind=blind)
            for shown, given in by_picture.items()]  # fmt: skip


def _score(shown: Shown, metric: str, value: float, raters: Sequence[str], unit: str, *, blind: bool) -> Score:
    extra: dict[str, JsonValue] = {
        "unit": unit, "direction": "higher", "rater": ", ".join(sorted(set(raters))), "ratings": len(raters), "blind": blind,
    }  # fmt: skip
    return Score(shown.run, shown.epoch, shown.prompt, shown.seed, metric, value, extra=extra, draw=shown.draw)


def _rating(vote: Vote) -> Rating:
    shown = vote.shown[0]
    assert isinstance(vote.answer, float)
    return Rating(vote.rater, shown.checkpoint, shown.prompt, shown, vote.answer, vote.position)


def results(store: Store, runs: Sequence[str], metric: str) -> RatingResults:
    """What votes say of these runs (all that were rated, when none is named).

    Raises:
        NotFound: no such run, or no vote of the metric on any of them.
    """
    for run in runs:
        store.run(run)
    blind = not metric.endswith(UNBLINDED)
    every = read_votes(store, None, blind=blind)
    mine = [vote for vote in every if vote.metric == metric.removesuffix(UNBLINDED) and _is_of(vote, runs)]
    votes = standing(mine)
    if not votes:
        there = sorted({vote.metric for vote in every})
        said = did_you_mean(metric, there) or (f"there are votes of {', '.join(there)}" if there else "lorascope rate RUN")
        raise NotFound(f"no vote of {metric}{' on ' + ' or '.join(runs) if runs else ''}", next_step=said)
    answered = [vote for vote in votes if vote.answer != "skip"]
    ratings, pairs = [vote for vote in answered if not vote.is_pair], [vote for vote in answered if vote.is_pair]
    scores = (*_of_ratings(answered, metric, blind=blind), *_of_pairs(answered, metric, blind=blind))
    repeated, consistent = _consistency(pairs)
    adjusted = adjust([_rating(vote) for vote in ratings]) if ratings else None
    strengths = bradley_terry([_comparison(vote) for vote in pairs])
    found = RatingResults(
        metric, blind, tuple(sorted({shown.run for vote in votes for shown in vote.shown})), len(answered), len(votes) - len(answered),
        tuple(sorted({vote.rater for vote in votes})), _within(summarize(scores), 1.0 if pairs else 10.0), adjusted, strengths,
        repeated, consistent, (),
    )  # fmt: skip
    return replace(found, notes=tuple(_notes(found)))


def _within(measurements: Sequence[Measurement], top: float) -> tuple[Measurement, ...]:
    """With their intervals cut at the range of the answers."""
    return tuple(
        replace(one, low=None if one.low is None else max(0.0, one.low), high=None if one.high is None else min(top, one.high))
        for one in measurements
    )


def _is_of(vote: Vote, runs: Sequence[str]) -> bool:
    return not runs or all(shown.run in runs for shown in vote.shown)


def _comparison(vote: Vote) -> Comparison:
    first, second = vote.shown
    return Comparison(first.checkpoint, second.checkpoint, _OUTCOMES[str(vote.answer)], first.prompt)


def _consistency(pairs: Sequence[Vote]) -> tuple[int, int]:
    """How many pairs were shown again, and how many of those were answered alike (a pair comes back the other way round)."""
    by_id = {vote.id: vote for vote in pairs}
    again = [(vote, by_id[vote.repeat_of]) for vote in pairs if vote.repeat_of in by_id]
    return len(again), sum(_winner(vote) == _winner(first) for vote, first in again)


def _winner(vote: Vote) -> Shown | None:
    return {"a": vote.shown[0], "b": vote.shown[1]}.get(str(vote.answer))


def _notes(found: RatingResults) -> Iterable[str]:
    """What one should know of the numbers."""
    if not found.blind:
        yield "Nobody says that these ratings were given blind: who knows the run or the epoch rates what they expect."
    yield (
        "Intervals are 95 %, over prompts; votes of one rater say what that rater likes."
        if len(found.raters) == 1
        else (f"Intervals are 95 %, over prompts, of {len(found.raters)} raters.")
    )
    yield from _pair_notes(found)
    for facts in found.adjusted.raters if found.adjusted else ():
        name = facts.rater
        if facts.drift and facts.drift.low * facts.drift.high > 0:
            drift = f"{facts.drift.value:+.2g} points per 100 pictures (95 % {_range(facts.drift)})"
            yield f"{name}'s ratings drift by {drift}; that was taken out."
        if facts.offset and facts.offset.low * facts.offset.high > 0:
            offset = f"{facts.offset.value:+.2g} points beside the others (95 % {_range(facts.offset)})"
            yield f"{name} rates {offset}; that was taken out."
        if facts.repeat_sd is None:
            yield f"{name} saw no picture twice: how consistent they are is not known."
        else:
            sure = f", intraclass correlation {facts.icc.value:.2f} (95 % {_range(facts.icc)})" if facts.icc else ""
            yield f"{name} repeated {facts.repeats} ratings, with a standard deviation of {facts.repeat_sd:.2g} points{sure}."


def _pair_notes(found: RatingResults) -> Iterable[str]:
    strengths = found.strengths
    if strengths is None:
        return
    if strengths.groups > 1:
        yield f"The checkpoints fall into {strengths.groups} groups never compared with each other: strengths hold within a group."
    bias, low, high = strengths.bias
    if low * high > 0:
        side = "first (left)" if bias > 0 else "second (right)"
        yield f"The {side} picture is preferred for its place: log odds {bias:+.2g} (95 % {low:.2g} to {high:.2g}); that was taken out."
    if found.repeated:
        yield f"{found.consistent} of {found.repeated} pairs that were shown again the other way round were answered alike."
    else:
        yield "No pair was shown twice: how consistent the answers are is not known."


def _range(estimate: Estimate) -> str:
    return f"{estimate.low:.2g} to {estimate.high:.2g}"


def answer(found: RatingResults) -> dict[str, JsonValue]:
    """The results as JSON: format 1."""
    return {
        "format": 1,
        "metric": found.metric,
        "blind": found.blind,
        "runs": list(found.runs),
        "votes": found.votes,
        "skipped": found.skipped,
        "raters": [_rater(facts) for facts in found.adjusted.raters] if found.adjusted else [{"rater": name} for name in found.raters],
        "checkpoints": [
            {"run": one.run, "epoch": one.epoch, "mean": rounded(one.mean), "low": rounded(one.low), "high": rounded(one.high),
             "prompts": one.prompts, "n": one.images}
            for one in found.measurements
        ],
        "pairs": _pairs(found),
        "notes": list(found.notes),
    }  # fmt: skip


def _pairs(found: RatingResults) -> dict[str, JsonValue] | None:
    strengths = found.strengths
    if strengths is None:
        return None
    rows: list[JsonValue] = []
    for one in strengths.items:
        assert isinstance(one.item, tuple)
        run, epoch = one.item
        rows.append({
            "run": run, "epoch": epoch, "group": one.group, "strength": rounded(one.strength), "low": rounded(one.low),
            "high": rounded(one.high), "p_best": rounded(one.p_best), "votes": one.votes, "wins": one.wins, "ties": one.ties,
        })  # fmt: skip
    bias, low, high = strengths.bias
    return {
        "strengths": rows,
        "groups": strengths.groups,
        "position_bias": {"log_odds": rounded(bias), "low": rounded(low), "high": rounded(high)},
        "tie_share": rounded(strengths.tie_share),
        "prompts": strengths.clusters,
        "repeated": found.repeated,
        "consistent": found.consistent,
    }


def _rater(facts: RaterFacts) -> dict[str, JsonValue]:
    return {key: _rounded(value) for key, value in asdict(facts).items()}


def _rounded(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return rounded(value) if isinstance(value, float) else value
