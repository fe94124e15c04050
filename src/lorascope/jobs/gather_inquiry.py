"""Ask the analyses about a run for its report. What they cannot answer is said in the report, with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.evaluation.choice_words import number
from lorascope.evaluation.course_words import course_sentences
from lorascope.evaluation.direction import direction_of
from lorascope.evaluation.metrics import metric_named
from lorascope.evaluation.purposes import purposes_of
from lorascope.evaluation.summary import summarize
from lorascope.jobs.ask_analyses import ask_causes, ask_impact, ask_next
from lorascope.jobs.compare import answer as compare_answer
from lorascope.jobs.compare import compare, differences
from lorascope.jobs.gather_ledger import ledger_notes
from lorascope.jobs.pick import answer as pick_answer
from lorascope.jobs.pick import pick
from lorascope.jobs.promote import decisions
from lorascope.jobs.read_history import read_history
from lorascope.records.history import History
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import JsonValue, Run
from lorascope.records.sample import Score
from lorascope.reports.answers import HIGHER, LOWER, Choice, Comparison, choice_from_json, comparison_from_json
from lorascope.reports.inquiry import DecisionNote, Inquiry, Pair, Purpose, ShapeNote
from lorascope.reports.project import ProjectEvidence, by_outcome
from lorascope.store import Store

MOST_PURPOSES = 12


def inquire(store: Store, runs: Sequence[Run], metric: str, scores: Sequence[Sequence[Score]], suite: PromptSuite | None) -> Inquiry:
    """Everything that analyses say of the last of these runs, judged by ``metric``."""
    run, missing = runs[-1], dict[str, str]()
    history = read_history(store)
    past = history.find(run.name)
    parent = past.run.parent if past else run.parent
    known = parent is not None and history.find(parent) is not None
    if parent is not None and not known:
        missing["parent"] = f"{parent}, the parent, is not in this store: import its records, or name a run to compare with."
    comparison, changed = _beside(store, parent, run, missing) if known and parent is not None else (None, {})
    return Inquiry(
        run=run.name,
        runs=len(history.runs),
        shapes=tuple(note for one in runs for note in _shape(store, one.name, metric)),
        purposes=_purposes(store, run.name, metric, scores[-1], suite),
        decisions=decision_notes(store, [one.name for one in runs]),
        parent=parent,
        changed=changed,
        parent_comparison=comparison,
        explanation=ask_causes(store, run.name, metric, missing),
        impact=ask_impact(history, metric, missing),
        proposals=ask_next(history, metric, missing),
        ledger=ledger_notes(store, [one.name for one in runs], metric),
        missing=missing,
    )


def _beside(store: Store, parent: str, run: Run, missing: dict[str, str]) -> tuple[Comparison | None, Mapping[str, Pair]]:
    """The run beside its parent: the paired difference, and the settings that differ."""
    other = store.run(parent)
    changed = {name: (values[0], values[1]) for name, values in differences(other, run).items()}
    try:
        compared = compare(store, parent, run.name)
    except (NotFound, BadParameter) as error:
        missing["parent"] = f"It cannot be compared with {parent}: {error.message}."
        return None, changed
    if not compared.metrics:
        missing["parent"] = f"{parent} and {run.name} were not measured by the same metric: lorascope evaluate {parent}"
        return None, changed
    return comparison_from_json(compare_answer(compared), "at the last epoch"), changed


def _shape(store: Store, run: str, metric: str) -> list[ShapeNote]:
    """The course of the judging metric; nothing where it does not judge or was not measured."""
    try:
        picked = pick(store, run, metric)
    except (NotFound, BadParameter):
        return []
    if picked.shape is None:
        return []
    sentences = course_sentences(picked.shape, picked.detectable, picked.unit, picked.axis)
    return [ShapeNote(run, metric, len(picked.checkpoints), sentences)]


def _purposes(store: Store, run: str, metric: str, scores: Sequence[Score], suite: PromptSuite | None) -> tuple[Purpose, ...]:
    """The leading checkpoint by each metric that judges, the asked one first, and by that one for everything that prompts ask for."""
    asked = [(metric, "")] + [(name, "") for name in _judging(scores) if name != metric]
    asked += [(metric, purpose) for purpose in (purposes_of(suite.prompts) if suite else ())]
    choices = [(name, purpose, _choice(store, run, name, purpose or None)) for name, purpose in asked[:MOST_PURPOSES]]
    return tuple(Purpose(name, choice, purpose) for name, purpose, choice in choices if choice and choice.candidates)


def _judging(scores: Sequence[Score]) -> list[str]:
    """The measured metrics of which one way is better, by name."""
    found = []
    for name in sorted({score.metric for score in scores if score.value is not None}):
        known = metric_named(name)
        way = known.direction if known else direction_of(name, [score for score in scores if score.metric == name])
        if str(way) in {HIGHER, LOWER}:
            found.append(name)
    return found


def _choice(store: Store, run: str, metric: str, purpose: str | None) -> Choice | None:
    try:
        return choice_from_json(pick_answer(pick(store, run, metric, purpose=purpose)))
    except (NotFound, BadParameter):
        return None


def decision_notes(store: Store, runs: Sequence[str] | None = None) -> tuple[DecisionNote, ...]:
    """Checkpoints that were promoted, in the order of the decisions; of these runs if named."""
    records = [record for record in decisions(store) if runs is None or record.get("run") in runs]
    return tuple(note for record in records for note in _decision(record))


def _decision(record: Mapping[str, JsonValue]) -> list[DecisionNote]:
    run, epoch, at = record.get("run"), record.get("epoch"), record.get("at")
    if not isinstance(run, str) or not isinstance(epoch, int) or isinstance(epoch, bool):
        return []
    return [
        DecisionNote(run, epoch, str(record.get("purpose") or ""), float(at) if isinstance(at, int | float) else None, _grounds(record))
    ]


def _grounds(record: Mapping[str, JsonValue]) -> str:
    """What the decision rested on when it was made."""
    mean, low, high, p_best = (
        float(value) if isinstance(value := record.get(key), int | float) else None for key in ("mean", "low", "high", "p_best")
    )
    said = [f"the evidence was {record.get('evidence') or 'not recorded'}"]
    if mean is not None:
        bounds = f" ({number(low)} to {number(high)})" if low is not None and high is not None else ""
        said.append(f"{record.get('metric')} {number(mean)} {record.get('unit') or ''}".rstrip() + bounds)
    if p_best is not None:
        said.append(f"probability of being the best {p_best:.2f}")
    if record.get("prompts"):
        said.append(f"over {record.get('prompts')} prompts x {record.get('seeds')}")
    if record.get("insisted"):
        said.append("made against the evidence")
    later = f". Superseded by decision {record['superseded_by']}" if record.get("superseded_by") is not None else ""
    return f"{', '.join(said)}{later}."


def gather_project(store: Store, metric: str | None = None) -> ProjectEvidence:
    """All runs; ``metric`` None: of those that judge, the one that most runs have.

    Raises:
        NotFound: no run has a number of the metric.
    """
    with store.snapshot():
        history, missing = read_history(store), dict[str, str]()
        ledger, decided = ledger_notes(store), decision_notes(store)
    counts = {name: len(history.measured(name)) for name in history.metrics if history.measured(name)}
    if metric is not None and metric not in counts:
        there = did_you_mean(metric, counts) or f"measured are {', '.join(sorted(counts)) or 'none'}"
        raise NotFound(f"no run has a number of {metric}", next_step=there)
    judging = [name for name in counts if history.facts(name).direction in {HIGHER, LOWER}]
    chosen = metric or min(judging or counts, key=lambda name: (-counts[name], name), default=None)
    inquiry = Inquiry(
        run="",
        runs=len(history.runs),
        decisions=decided,
        impact=ask_impact(history, chosen, missing) if chosen else None,
        proposals=ask_next(history, chosen, missing) if chosen else None,
        ledger=ledger,
        missing=missing,
    )
    return ProjectEvidence(history, chosen, inquiry, _bounds(store, history, chosen) if chosen else {})


def _bounds(store: Store, history: History, metric: str) -> dict[str, tuple[float, float]]:
    """The interval of each listed run's outcome over prompts, as everywhere else: of the checkpoint that stands for it."""
    found = {}
    for past in by_outcome(history, metric):
        outcome = past.outcomes.get(metric)
        if outcome is None or outcome.epoch is None:
            continue
        scores = [score for score in store.scores(past.name, metric) if score.epoch == outcome.epoch]
        known = {one.run: one for one in store.measurements(past.name, metric) if one.epoch == outcome.epoch}
        for one in summarize(scores) or known.values():
            if one.low is not None and one.high is not None:
                found[past.name] = (one.low, one.high)
    return found
