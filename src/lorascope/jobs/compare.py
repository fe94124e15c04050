"""Compare runs (or two checkpoints of one) with the first: what was set differently, and what came out differently, prompt by prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lorascope.analysis.paired import PairedDifference, compare_paired
from lorascope.analysis.replicates import assumed_noise, replicate_noise
from lorascope.analysis.retraining import SettingsDifference, as_settings
from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.evaluation.best_checkpoint import choose
from lorascope.evaluation.choice_words import rounded
from lorascope.evaluation.direction import direction_of
from lorascope.evaluation.epoch_effects import fit, tabulate
from lorascope.evaluation.metric import Direction
from lorascope.evaluation.metrics import metric_named
from lorascope.evaluation.scale import scale_of
from lorascope.jobs.compare_notes import about_metric, about_retraining, listed
from lorascope.jobs.pick_scores import refuse_mixed, twins_of
from lorascope.jobs.read_history import read_history
from lorascope.jobs.read_notes import read_notes
from lorascope.parameters.derived_values import DERIVED_NAMES, derived_values
from lorascope.parameters.labels import LABELS
from lorascope.records.run import JsonValue, ParameterValue, Run
from lorascope.records.sample import Score
from lorascope.store import Store

Different = Mapping[str, tuple[ParameterValue, ...]]


@dataclass(frozen=True, slots=True)
class ComparedMetric:
    """One metric of two runs: the epochs compared and the paired difference, second run minus first (None: no common prompt, or
    ``refused`` says why they are not comparable).

    ``settings``: the same difference as one of settings, with the noise of a retraining (None: two checkpoints of one run).
    ``same_weights``: both checkpoints are the same file's tensors, so the difference is noise alone.
    """

    runs: tuple[str, str]
    metric: str
    unit: str
    direction: Direction | None
    epochs: tuple[int, int]
    paired: PairedDifference | None
    settings: SettingsDifference | None = None
    refused: str = ""
    same_weights: bool = False
    replicates: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs side by side. ``different`` holds every setting, and what follows from settings, that is not equal in all of them, None
    where a run does not say; ``outcomes`` what somebody measured elsewhere, where a run has it.
    """

    runs: tuple[str, ...]
    different: Different
    outcomes: Different
    metrics: tuple[ComparedMetric, ...]
    notes: tuple[str, ...]


def compare(
    store: Store, first: str, *others: str, metrics: Sequence[str] = (), epochs: str = "last", seed: int = 0
) -> Comparison:  # fmt: skip
    """Compare every other run with the first on ``metrics`` (all that both have when empty).

    ``epochs``: "last", "best" (by each run's own choice, see pick) or, for two runs, "A:B". ``seed`` is of the draws behind "best".

    Raises:
        NotFound: no such run, metric or epoch. BadParameter: no second run, ``epochs`` is none of the above, or the pictures of a
            prompt were drawn for different texts or by different protocols.
    """
    if not others:
        raise BadParameter("one run cannot be compared", next_step=f"name another: lorascope compare {first} OTHER")
    if len(others) > 1 and epochs not in {"last", "best"}:
        raise BadParameter(f"epoch {epochs!r} names two checkpoints, of {len(others) + 1} runs", next_step="write last or best")
    with store.snapshot():
        runs = [store.run(name) for name in (first, *others)]
        for other in runs[1:]:
            _refuse_other_protocols(store, (runs[0], other))
        scores = {run.name: _measured(store, run.name) for run in runs}
        asked = [(other, metric) for other in runs[1:] for metric in _shared(runs[0], other, scores, metrics)]
        protocols = read_notes(store, runs).protocols
        compared = [
            _compare_metric(metric, (runs[0], other), (scores[first], scores[other.name]), epochs, seed, _unlike(runs[0], other, protocols))
            for other, metric in asked
        ]
        compared = _as_settings(store, [_with_twins(store, item) for item in compared])
    different = differences(*runs)
    outcomes = {name: tuple(run.outcome.get(name) for run in runs) for name in sorted({name for run in runs for name in run.outcome})}
    return Comparison((first, *others), different, outcomes, tuple(compared), _notes(runs, different, compared, epochs))


def _shared(first: Run, other: Run, scores: Mapping[str, Mapping[str, object]], metrics: Sequence[str]) -> list[str]:
    """The metrics to compare two runs on; NotFound when one that was asked for is not there."""
    for metric in metrics:
        for run in (first, other):
            if metric not in scores[run.name]:
                names = sorted(scores[run.name])
                there = did_you_mean(metric, names) or f"it has {', '.join(names) or 'none; lorascope evaluate ' + run.name}"
                raise NotFound(f"run {run.name} has no values of {metric}", next_step=there)
    return list(dict.fromkeys(metrics)) or sorted(set(scores[first.name]) & set(scores[other.name]))


def differences(*runs: Run) -> Different:
    """Settings that are not equal in all runs, by name (names and places are none); dataset, base model and trainer count as
    settings, and so does what follows from them, such as the adapter's scale.
    """
    settings = [_settings(run) for run in runs]
    rows = {name: tuple(of_run.get(name) for of_run in settings) for name in sorted({name for of_run in settings for name in of_run})}
    return {name: values for name, values in rows.items() if len({(isinstance(value, bool), value) for value in values}) > 1}


def _settings(run: Run) -> dict[str, ParameterValue]:
    known = {"trainer": run.trainer, "base_model": run.base_model, "dataset_digest": run.dataset_digest, **run.parameters}
    return {name: value for name, value in {**known, **derived_values(run.parameters)}.items() if name not in LABELS}


def _measured(store: Store, run: str) -> dict[str, dict[int, list[Score]]]:
    """Metric → epoch → scores with a value, of checkpoints only (epoch 0 is the base model, unless it was saved)."""
    saved = {checkpoint.epoch for checkpoint in store.checkpoints(run)}
    found: dict[str, dict[int, list[Score]]] = {}
    for score in store.scores(run):
        if score.value is not None and (score.epoch != 0 or 0 in saved):
            found.setdefault(score.metric, {}).setdefault(score.epoch, []).append(score)
    return found


def _refuse_other_protocols(store: Store, runs: tuple[Run, Run]) -> None:
    """Prompts are paired by name: their text and the way they were sampled must be the same on both sides, as far as recorded."""
    suites = {suite.name: suite for suite in store.suites()}
    ours, theirs = (
        {sample.prompt: suites[name] for sample in store.samples(run.name) if (name := str(sample.extra.get("suite"))) in suites}
        for run in runs
    )
    for prompt in sorted(set(ours) & set(theirs)):
        first, second = (
            replace(s, name="", seeds=(), prompts=tuple(p for p in s.prompts if p.name == prompt)) for s in (ours[prompt], theirs[prompt])
        )
        if first != second:
            raise BadParameter(
                f"prompt {prompt!r} was drawn for suite {ours[prompt].name!r} in run {runs[0].name} and for {theirs[prompt].name!r} in "
                f"{runs[1].name}, whose texts or protocols differ: the pictures cannot be compared",
                next_step=f"evaluate both on one suite, with new prompt names: lorascope evaluate {runs[1].name} --suite FILE",
            )


def _unlike(first: Run, second: Run, protocols: Mapping[str, Mapping[str, ParameterValue]]) -> str:
    """Why the numbers of two runs are of different kinds, as far as their protocols are recorded; empty when nothing says so."""
    ours, theirs = protocols.get(first.name, {}), protocols.get(second.name, {})
    differing = [f"{key} {ours[key]} and {theirs[key]}" for key in sorted(set(ours) & set(theirs)) if ours[key] != theirs[key]]
    return f"their pictures were made by different protocols ({', '.join(differing)})" if differing else ""


def _compare_metric(
    metric: str, runs: tuple[Run, Run], scores: Sequence[dict[str, dict[int, list[Score]]]], epochs: str, seed: int, unlike: str
) -> ComparedMetric:  # fmt: skip
    ours, theirs = (of_run[metric] for of_run in scores)
    if epochs == "last":
        chosen = max(ours), max(theirs)
    elif epochs == "best":
        chosen = _best(ours, metric, seed), _best(theirs, metric, seed)
    else:
        chosen = _two_epochs(epochs)
    for run, of_run, epoch in zip(runs, (ours, theirs), chosen, strict=True):
        if epoch not in of_run:
            known_epochs = ", ".join(map(str, sorted(of_run)))
            raise NotFound(f"run {run.name} has no values of {metric} at epoch {epoch}", next_step=f"it has epochs {known_epochs}")
    first, second = ours[chosen[0]], theirs[chosen[1]]
    refused = unlike or _mixed(metric, runs[0].name, [*first, *second])
    unit = scale_of(metric_named(metric), [*first, *second]).unit
    way = direction_of(metric, first)
    paired = None if refused else compare_paired(first, second)
    return ComparedMetric((runs[0].name, runs[1].name), metric, unit, way, chosen, paired, refused=refused)


def _mixed(metric: str, run: str, scores: Sequence[Score]) -> str:
    try:
        refuse_mixed(run, metric, scores)
    except BadParameter:
        return "the metric changed its unit or the version of its rule between them"
    return ""


def _with_twins(store: Store, item: ComparedMetric) -> ComparedMetric:
    """Whether both checkpoints are the same weights, by their hashes."""
    found = [c for run, epoch in zip(item.runs, item.epochs, strict=True) for c in store.checkpoints(run) if c.epoch == epoch]
    if len(found) != 2 or (item.runs[0] == item.runs[1] and item.epochs[0] == item.epochs[1]):
        return item
    numbered = [replace(checkpoint, epoch=place) for place, checkpoint in enumerate(found)]
    return replace(item, same_weights=bool(twins_of(numbered)))


def _as_settings(store: Store, compared: Sequence[ComparedMetric]) -> list[ComparedMetric]:
    """Two runs stand for their settings only with the noise of a retraining: from the project's replicates, else assumed."""
    metrics = sorted({item.metric for item in compared if item.runs[0] != item.runs[1] and item.paired is not None})
    if not metrics:
        return list(compared)
    history = read_history(store, metrics)
    result = []
    for item in compared:
        if item.paired is None or item.runs[0] == item.runs[1]:
            result.append(item)
            continue
        noise = replicate_noise(history, item.metric)
        run_sd = noise.shrunk_sd if noise else assumed_noise(history, item.metric)
        settings = as_settings(item.paired, run_sd, noise.shrunk_df if noise else 4, assumed=noise is None) if run_sd is not None else None
        result.append(replace(item, settings=settings, replicates=noise.groups if noise else ()))
    return result


def _two_epochs(text: str) -> tuple[int, int]:
    parts = text.split(":")
    if len(parts) == 2 and all(part.strip().isdecimal() for part in parts):
        return int(parts[0]), int(parts[1])
    raise BadParameter(f"epoch {text!r} is not understood", next_step="write last, best, or two epochs such as 5:8")


def _best(of_run: Mapping[int, list[Score]], metric: str, seed: int) -> int:
    """The most probable best epoch on a metric; the last one where nothing tells them apart."""
    scores = [score for group in of_run.values() for score in group]
    way = direction_of(metric, scores)
    if way is None:
        raise BadParameter(f"which way {metric} is better is not known", next_step="name the epochs: --epoch 5:8")
    effects = fit(tabulate(scores, metric))
    way = Direction.LOWER if way is Direction.NONE else way
    choice = choose(effects, way, seed=seed)
    return choice.leader.epoch if choice else max(of_run)


def _notes(runs: Sequence[Run], different: Different, compared: Sequence[ComparedMetric], epochs: str) -> tuple[str, ...]:
    first, second = runs[0].name, runs[1].name
    which = f"{second} minus {first}" if first != second else "second epoch minus first"
    notes = [f"Differences are {which if len(runs) == 2 else f'run minus {first}'}, per prompt; intervals are 95 %, over prompts."]
    if not compared:
        notes = [f"No metric was measured in both: lorascope evaluate {second}"]
    if first != second:
        notes.append(_about_settings(runs, different))
        notes += about_retraining([(item.metric, item.settings, item.replicates) for item in compared if item.settings is not None])
    if epochs == "best" and compared:
        notes.append("The epochs were chosen by looking at these same scores: both values flatter their run.")
    if len(compared) > 2:
        notes.append(f"{len(compared)} comparisons were made: one p-value below 0.05 among 20 is expected without any effect.")
    for item in compared:
        told = f"{item.runs[1]}: " if len(runs) > 2 else ""
        notes += [f"{told}{note}" for note in about_metric(item.metric, item.unit, item.paired, item.refused, item.same_weights)]
    return tuple(notes)


def _about_settings(runs: Sequence[Run], different: Different) -> str:
    if not different:
        return "No recorded setting differs: what differs in the result is chance, or was not recorded."
    everywhere = [set(_settings(run)) for run in runs]
    partly = [name for name in different if not all(name in of_run for of_run in everywhere)]
    settings = [name for name in different if name not in partly and name not in DERIVED_NAMES]
    settings = settings or [name for name in different if name not in partly]
    unsure = f"{listed(partly)} {'is' if len(partly) == 1 else 'are'} recorded in some of them only and may differ too" if partly else ""
    if not settings:
        return f"No setting that is recorded in all of them differs; {unsure}."
    if len(settings) == 1 and not partly:
        return f"Only {settings[0]} was set differently."
    differ = f"{len(settings)} {'setting differs' if len(settings) == 1 else 'settings differ'} ({', '.join(settings)})"
    return f"{differ}{f'; {unsure}' if unsure else ''}: the difference cannot be put down to any one of them."


def answer(comparison: Comparison) -> dict[str, JsonValue]:
    """The comparison as JSON: format 1. Fixed keys may be joined by others, but never change their meaning."""
    return {
        "format": 1,
        "runs": list(comparison.runs),
        "different": {name: list(values) for name, values in comparison.different.items()},
        "outcomes": {name: list(values) for name, values in comparison.outcomes.items()},
        "metrics": [_metric_answer(item) for item in comparison.metrics],
        "notes": list(comparison.notes),
    }


def _metric_answer(item: ComparedMetric) -> dict[str, JsonValue]:
    paired = item.paired
    return {
        "runs": list(item.runs),
        "metric": item.metric,
        "unit": item.unit,
        "direction": str(item.direction) if item.direction else None,
        "epochs": list(item.epochs),
        "means": [rounded(paired.first_mean), rounded(paired.second_mean)] if paired else None,
        "difference": rounded(paired.difference) if paired else None,
        "low": rounded(paired.low) if paired else None,
        "high": rounded(paired.high) if paired else None,
        "p_value": rounded(paired.p_value) if paired else None,
        "n": paired.n if paired else 0,
        "images": paired.images if paired else 0,
        "detectable": rounded(paired.detectable) if paired else None,
        "test": paired.test or None if paired else None,
        "same_weights": item.same_weights,
        "refused": item.refused or None,
        "settings": _settings_answer(item),
    }


def _settings_answer(item: ComparedMetric) -> dict[str, JsonValue] | None:
    """The difference as one of settings: with the noise of a retraining, measured or assumed."""
    found = item.settings
    if found is None:
        return None
    return {
        "low": rounded(found.low), "high": rounded(found.high), "run_sd": rounded(found.run_sd), "df": found.df, "assumed": found.assumed,
        "trainings_per_arm": found.arms, "replicates": [list(group) for group in item.replicates],
    }  # fmt: skip
