"""Put an explanation together: ranked causes with what speaks for and against them, the verdict, and the first test to make."""

from __future__ import annotations

from itertools import zip_longest

from lorascope.analysis.explanation.case import ASSUMED_REPLICATE_SD, Case
from lorascope.analysis.explanation.causes import NOISE
from lorascope.analysis.explanation.channels.channel import runs_of
from lorascope.analysis.explanation.channels.records import protocol_of
from lorascope.analysis.explanation.next_step import first_test, test_of
from lorascope.analysis.explanation.ranking import Ranked, rank
from lorascope.records.cause import Cause, Explanation

NONE_FOUND = "none found"
MOST_SENTENCES = 6  # on each side of a cause
CLEARLY = -2.0  # standard deviations below the good runs from which a metric is called worse


def explain_case(case: Case, metric: str | None) -> Explanation:
    """The explanation of a case. ``metric`` is what the user asked about; otherwise the one that fell most is named."""
    ranked = rank(case)
    causes = tuple(_cause(case, each) for each in ranked)
    tests = {cause.id: cause.test for cause in causes}
    return Explanation(
        run=case.run.name,
        metric=metric or case.worst,
        compared_with=case.reference.name if case.reference is not None else None,
        causes=causes,
        first_test=first_test(ranked, tests),
        notes=_notes(case, metric),
        verdict=_verdict(case, ranked),
        changed=case.changed,
        good_runs=len(case.good),
        not_recorded=_missing(case),
    )


def _cause(case: Case, each: Ranked) -> Cause:
    said = list(each.said.values())
    pros = _interleaved([one.pros for one in said if one.pros])
    cons = _interleaved([one.cons for one in said if one.cons])
    if each.cause.id == NOISE and case.metrics and not pros and all(abs(shift.z) < -CLEARLY for shift in case.metrics.values()):
        pros = ("no metric lies outside what good runs reach by chance",)
    test = test_of(case, each.cause)
    return Cause(each.cause.id, each.cause.title, each.probability, pros or (NONE_FOUND,), cons or (NONE_FOUND,), test)


def _interleaved(groups: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The first sentence of every channel, in the channels' order, then the second ones; none twice."""
    found = [sentence for row in zip_longest(*groups) for sentence in row if sentence is not None]
    return tuple(dict.fromkeys(found))[:MOST_SENTENCES]


def _verdict(case: Case, ranked: list[Ranked]) -> str:
    first, second = ranked[0], ranked[1]
    standing = _standing(case)
    if first.probability > 0.5:
        return f"{standing} Most likely: {first.cause.title} ({_percent(first.probability)})."
    leading = f"{first.cause.title} ({_percent(first.probability)}) and {second.cause.title} ({_percent(second.probability)}) lead"
    return f"{standing} No single cause reaches 50 %: {leading}."


def _standing(case: Case) -> str:
    """How the run stands beside the good ones, in a sentence."""
    directed = {name: each for name, each in case.metrics.items() if each.way and each.judges}
    if not directed:
        return "It is not known how well this run came out: causes are ranked by its settings and records alone."
    if case.worst is not None and case.worst in directed:
        each = directed[case.worst]
        place = f"{case.worst} is {each.value:.4g}, {runs_of(each.n)} had {each.mean:.4g} ± {each.sd:.2g}"
        if each.z <= CLEARLY:
            return f"Worse than the good runs: {place}."
        if each.z >= -CLEARLY:
            return f"Better than the good runs, so there may be nothing to explain: {place}."
        return f"Not clearly worse than the good runs: {place}."
    return "No metric tells whether this run is worse than the good ones."


def _percent(probability: float) -> str:
    return "< 1 %" if probability < 0.01 else "> 99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def _missing(case: Case) -> tuple[str, ...]:
    """The kinds of evidence that are not recorded of this run, in words."""
    run = case.run
    kinds = (
        (bool(run.settings), "settings"),
        (bool(run.outcomes), "outcome or scores"),
        (any(len(curve) >= 4 for curve in run.curves.values()), "scores of 4 or more checkpoints"),
        (bool(run.weights), "weight diagnostics"),
        (bool(run.loss), "loss"),
        (run.findings is not None, "audit of the dataset"),
        (bool(protocol_of(run)), "evaluation protocol"),
        (bool(run.tensor_hashes or run.hashes), "tensor hashes"),
    )
    return tuple(words for is_there, words in kinds if not is_there)


def _notes(case: Case, metric: str | None) -> tuple[str, ...]:
    notes = []
    if metric is not None and metric not in case.run.outcomes:
        notes.append(f"{case.run.name} has no number of {metric}: what other metrics it has are used")
    if not case.others:
        notes.append(
            "this is the only run: nothing can be compared, and causes are ranked by what is unusual in general; record a good run"
        )
    elif case.reference is None:
        notes.append("no run is known to be good: measure one, or name one (--against RUN)")
    elif case.given:
        notes.append(f"compared with {case.reference.name} alone, as asked; its spread between trainings is assumed")
    elif case.run.run.parent not in {None, case.reference.name}:
        parent = case.run.run.parent
        why = (
            "is nearer in its settings"
            if any(run.name == parent for run in case.good)
            else f"is good; its parent {parent} is not known to be"
        )
        notes.append(f"compared with {case.reference.name}, which {why}")
    if case.metrics and len(case.good) < 5:
        spread = f"{100 * ASSUMED_REPLICATE_SD:.0f} % of the value"
        notes.append(f"{runs_of(len(case.good))}: until there are more, trainings are assumed to spread by {spread}")
    notes += _notes_on_metrics(case, metric)
    differing = sorted(name for name in case.metrics if case.reference is not None and _class(case, name))
    if differing:
        notes.append(
            f"{', '.join(differing[:4])}: measured under another protocol, prompt set or version than in good runs; not strictly comparable"
        )
    if missing := _missing(case):
        notes.append(f"not recorded of {case.run.name}, so not weighed: {', '.join(missing)}")
    notes.append("probabilities are among the listed causes, something unlisted and chance; their weights were fitted on simulated runs")
    return tuple(notes)


def _notes_on_metrics(case: Case, metric: str | None) -> list[str]:
    """Which metric the verdict speaks of and why, and which metrics do not judge."""
    notes = []
    judging = sorted(name for name, each in case.metrics.items() if each.judges)
    if metric is None and case.worst in judging and len(judging) > 1:
        fell = case.metrics[case.worst].z
        place = f"{abs(fell):.1f} spreads {'below' if fell < 0 else 'above'} the good runs"
        notes.append(
            f"the verdict speaks of {case.worst}, which came out worst of the {len(judging)} metrics that judge ({place}); "
            "--metric chooses another"
        )
    others = sorted(name for name, each in case.metrics.items() if not each.judges)
    if others:
        named = ", ".join(others[:4]) + (f" and {len(others) - 4} more" if len(others) > 4 else "")
        notes.append(f"{named} only describe or nobody says which way is better: they count little and never decide the verdict")
    witnesses = sum(each.weight for each in case.metrics.values())
    if len(case.metrics) > 4 and witnesses < 0.75 * len(case.metrics):
        notes.append(f"{len(case.metrics)} metrics count as {witnesses:.1f} independent ones, since some say the same")
    return notes


def _class(case: Case, metric: str) -> bool:
    """Whether a metric's numbers of this run and the good run are of two comparability classes."""
    assert case.reference is not None
    return case.run.classes.get(metric, "") != case.reference.classes.get(metric, "")
