"""Gather from the store what a report is made from: records, choices, comparisons, and the captions of both dataset versions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lorascope.captions.check import Reader
from lorascope.captions.window import WINDOW_TOKENS
from lorascope.errors import BadFile, BadParameter, MissingFile, NotFound, did_you_mean
from lorascope.evaluation.metrics import METRICS
from lorascope.evaluation.scale import scale_of
from lorascope.evaluation.summary import summarize
from lorascope.jobs.audit import audit
from lorascope.jobs.compare import answer as compare_answer
from lorascope.jobs.compare import compare
from lorascope.jobs.gather_inquiry import inquire
from lorascope.jobs.pick import answer as pick_answer
from lorascope.jobs.pick import pick
from lorascope.jobs.training_set import kept_bands
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import Run
from lorascope.records.sample import Sample, Score
from lorascope.reports.answers import Choice, Comparison, choice_from_json, comparison_from_json
from lorascope.reports.evidence import BandNote, DatasetNote, Evidence, MetricNote, Repair, RunEvidence
from lorascope.store import Store

EXAMPLES = 6  # repaired captions shown
PREFERRED = "background_color_accuracy"  # what is judged by when nothing is said: it checks what the prompt asked for


def gather(store: Store, names: Sequence[str], metric: str | None = None) -> Evidence:
    """Everything recorded of one or two runs. ``metric`` None: the accuracy of the background, else the first that judges.

    Raises:
        NotFound: no such run, or no run has values of the metric. BadParameter: the same run twice.
    """
    if len(set(names)) < len(names):
        raise BadParameter(f"run {names[0]} is named twice", next_step=f"name another run, or use lorascope compare {names[0]} {names[0]}")
    with store.snapshot():
        runs = [store.run(name) for name in names]
        checkpoints = [store.checkpoints(run.name) for run in runs]
        samples = [store.samples(run.name) for run in runs]
        scores = [store.scores(run.name) for run in runs]
        judge = _judge([score for of_run in scores for score in of_run], names, metric)
        choices = [_choice(store, run.name, judge) for run in runs]
        comparisons = _comparisons(store, names, judge)
        datasets = [_dataset(store, run) for run in runs]
        suite = _suite(store, [sample for of_run in samples for sample in of_run], [score for of_run in scores for score in of_run])
        parent = _parent(store, datasets)
        inquiry = inquire(store, runs, judge, scores, suite)
    evidence = tuple(
        RunEvidence(run, tuple(saved), tuple(drawn), tuple(scored), summarize(scored, METRICS), choice, _note(run, dataset), _bands(run))
        for run, saved, drawn, scored, choice, dataset in zip(runs, checkpoints, samples, scores, choices, datasets, strict=True)
    )
    changed = _repairs(datasets[-1], parent)
    return Evidence(
        runs=evidence,
        metric=judge,
        metrics=metric_notes([score for of_run in scores for score in of_run]),
        suite=suite,
        recorded_at=_recorded_at(runs, [checkpoint for of_run in checkpoints for checkpoint in of_run]),
        comparisons=comparisons,
        repairs=_spread(changed or ()),
        repaired=None if changed is None else len(changed),
        versions=_versions(runs),
        inquiry=inquiry,
    )


def _judge(scores: Sequence[Score], names: Sequence[str], asked: str | None) -> str:
    measured = sorted({score.metric for score in scores if score.value is not None})
    if asked is not None:
        if asked not in measured:
            there = did_you_mean(asked, measured) or f"measured: {', '.join(measured) or 'nothing; lorascope evaluate ' + names[0]}"
            raise NotFound(f"no values of {asked} in {' and '.join(names)}", next_step=there)
        return asked
    if PREFERRED in measured or not measured:
        return PREFERRED
    judging = [metric.name for metric in METRICS if metric.name in measured and metric.direction != "none"]
    return (judging or measured)[0]


def metric_notes(scores: Sequence[Score]) -> tuple[MetricNote, ...]:
    """Our metrics, then what imported scores say of theirs (``extra`` keys unit and direction)."""
    notes = []
    for m in METRICS:
        scale = scale_of(m, [score for score in scores if score.metric == m.name])
        notes.append(MetricNote(m.name, m.title, scale.unit, scale.low, scale.high, str(m.direction), m.meaning))
    known = {note.name for note in notes}
    for name in dict.fromkeys(score.metric for score in scores if score.metric not in known):
        scored = [score for score in scores if score.metric == name]
        said, scale = [score.extra for score in scored], scale_of(None, scored)
        direction = next((str(extra["direction"]) for extra in said if extra.get("direction") in {"higher", "lower"}), "none")
        notes.append(MetricNote(name, name.replace("_", " "), scale.unit, scale.low, scale.high, direction, "Imported; not measured here."))
    return tuple(notes)


def _choice(store: Store, run: str, metric: str) -> Choice | None:
    """The choice, or None where there is nothing to choose from; the report then says so."""
    try:
        return choice_from_json(pick_answer(pick(store, run, metric)))
    except (NotFound, BadParameter):
        return None


def _comparisons(store: Store, names: Sequence[str], metric: str) -> tuple[Comparison, ...]:
    """At the last epochs in every shared metric, and at each run's best epoch in the judging one."""
    if len(names) < 2:
        return ()
    found = []
    for metrics, epochs, at in ((), "last", "at the last epoch"), ((metric,), "best", "at each run's best epoch"):
        try:
            compared = compare(store, names[0], names[1], metrics=metrics, epochs=epochs)
        except (NotFound, BadParameter):  # no shared metric, or no way to say which epoch is best: nothing to compare
            continue
        if compared.metrics:
            found.append(comparison_from_json(compare_answer(compared), at))
    return tuple(found)


def _dataset(store: Store, run: Run) -> Dataset | None:
    try:
        return store.dataset(run.dataset_digest) if run.dataset_digest else None
    except NotFound:
        return None


def _note(run: Run, dataset: Dataset | None) -> DatasetNote | None:
    if dataset is None:
        return None
    findings = _findings(dataset, run)
    return DatasetNote(dataset.digest, dataset.name, len(dataset.items), dataset.captions, dataset.parent, dataset.note, findings)


def _bands(run: Run) -> dict[str, BandNote]:
    return {name: BandNote(band.low, band.median, band.high, band.n) for name, band in kept_bands(run).items()}


def _findings(dataset: Dataset, run: Run) -> dict[str, int] | None:
    """The audit of a dataset's folder, None when the folder is gone or no longer what was trained on."""
    window = run.parameters.get("max_token_length")
    try:
        result = audit(Path(dataset.folder), reader=Reader(window_tokens=window if isinstance(window, int) else WINDOW_TOKENS))
    except (MissingFile, BadFile):
        return None
    return result.counts() if result.dataset.digest == dataset.digest else None


def _suite(store: Store, samples: Sequence[Sample], scores: Sequence[Score]) -> PromptSuite | None:
    """The suite that all these pictures are of: it has every prompt and seed. Of several, the one recorded last."""
    prompts = {sample.prompt for sample in samples} | {score.prompt for score in scores}
    seeds = {sample.seed for sample in samples} | {score.seed for score in scores}
    seeds.discard(None)
    fits = [suite for suite in store.suites() if prompts <= {prompt.name for prompt in suite.prompts} and seeds <= set(suite.seeds)]
    return fits[-1] if fits and prompts else None


def _parent(store: Store, datasets: Sequence[Dataset | None]) -> Dataset | None:
    """What the last run's dataset is to be read against: the first run's, or for a single run the version it was made from."""
    last = datasets[-1]
    if last is None:
        return None
    if len(datasets) > 1:
        return datasets[0] if datasets[0] is not None and datasets[0].digest != last.digest else None
    try:
        return store.dataset(last.parent) if last.parent else None
    except NotFound:
        return None


def _repairs(dataset: Dataset | None, parent: Dataset | None) -> tuple[Repair, ...] | None:
    """The captions that differ between two versions, before and after cleaning where one was made from the other."""
    if dataset is None or parent is None:
        return None
    if parent.parent == dataset.digest:
        dataset, parent = parent, dataset
    before = {item.image_file: item.caption or "" for item in parent.items}
    pairs = ((item, before.get(item.image_file)) for item in dataset.items)
    return tuple(
        Repair(item.caption_file or item.image_file, old, item.caption or "")
        for item, old in pairs
        if old is not None and old != (item.caption or "")
    )


def _spread(changed: Sequence[Repair]) -> tuple[Repair, ...]:
    """A few examples from all over the dataset, not only its first files."""
    step = max(1, len(changed) // EXAMPLES)
    return tuple(changed[::step][:EXAMPLES])


def _recorded_at(runs: Sequence[Run], checkpoints: Sequence[Checkpoint]) -> float | None:
    moments = [run.finished_at or run.started_at for run in runs] + [checkpoint.saved_at for checkpoint in checkpoints]
    return max((moment for moment in moments if moment is not None), default=None)


def _versions(runs: Sequence[Run]) -> dict[str, str]:
    """Versions of the software that trained, where the runs agree; else each run's."""
    found: dict[str, dict[str, None]] = {}
    for run in runs:
        versions = run.environment.get("versions")
        known = {**versions} if isinstance(versions, dict) else {}
        if "python" in run.environment:
            known["python"] = run.environment["python"]
        for name, version in known.items():
            found.setdefault(name, {})[str(version) if version is not None else "not installed"] = None
    return {name: ", ".join(versions) for name, versions in found.items()}
